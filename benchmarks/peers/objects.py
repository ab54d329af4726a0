"""COCO's evaluation of boxes or masks by pycocotools, from two files to the twelve numbers.

    python3 objects.py DIR --write      (writes DIR/truth.json, DIR/results.json and DIR/masks.json)
    python3 objects.py DIR              (scores results.json)

2,000 images of 640x480 with 14,700 objects of 80 categories, of which one in a hundred is a crowd, and 72,000 detections, three fifths of them beside an object:
two fifths of val2017 with as many detections an image as a detector has above a score of 0.05. Truths are polygons of 24 points, masks run lengths of ellipses.
"""
import json
import math
import pathlib
import random

import keypoints
import measure

IMAGES, OBJECTS, DETECTIONS, CATEGORIES, WIDTH, HEIGHT = 2000, 14700, 72000, 80, 640, 480


def text(counts):
    """COCO's compressed run lengths."""
    out = []
    for k, count in enumerate(counts):
        value = count - counts[k - 2] if k > 2 else count
        while True:
            group, value = value & 0x1f, value >> 5
            more = value != (-1 if group & 0x10 else 0)
            out.append(chr((group | 0x20 if more else group) + 48))
            if not more:
                break
    return "".join(out)


def ellipse(x, y, w, h):
    """Run lengths of the pixels in a box's ellipse, column by column."""
    counts, at = [], 0
    for column in range(max(0, math.floor(x)), min(WIDTH, math.ceil(x + w))):
        reach = 1 - ((column + 0.5 - x - w / 2) / (w / 2)) ** 2
        half = h / 2 * math.sqrt(max(reach, 0))
        first, end = max(0, round(y + h / 2 - half)), min(HEIGHT, round(y + h / 2 + half))
        if end > first:
            counts += [column * HEIGHT + first - at, end - first]
            at = column * HEIGHT + end
    return counts + [WIDTH * HEIGHT - at]


def write(folder):
    draw, annotations, by_image = random.Random(17), [], {}
    def box():
        w, h = 8 * 2 ** draw.uniform(0, 5.3), 8 * 2 ** draw.uniform(0, 5)
        return [draw.uniform(0, WIDTH - w), draw.uniform(0, HEIGHT - h), w, h]
    for k in range(OBJECTS):
        image, own = draw.randint(1, IMAGES), box()
        x, y, w, h = own
        crowd = draw.random() < 0.01
        round_ = [c for n in range(24) for c in (x + w / 2 + w / 2 * math.cos(n * math.pi / 12), y + h / 2 + h / 2 * math.sin(n * math.pi / 12))]
        entry = {"id": k + 1, "image_id": image, "category_id": draw.randint(1, CATEGORIES), "bbox": [round(v, 2) for v in own], "area": w * h * math.pi / 4,
                 "iscrowd": int(crowd), "segmentation": {"size": [HEIGHT, WIDTH], "counts": ellipse(*own)} if crowd else [[round(v, 2) for v in round_]]}
        annotations.append(entry)
        by_image.setdefault(image, []).append(entry)
    boxes, masks = [], []
    for _ in range(DETECTIONS):
        image = draw.randint(1, IMAGES)
        own, category = box(), draw.randint(1, CATEGORIES)
        if image in by_image and draw.random() < 0.6:
            near = draw.choice(by_image[image])
            x, y, w, h = near["bbox"]
            own = [x + draw.gauss(0, w / 12), y + draw.gauss(0, h / 12), w * draw.uniform(0.85, 1.2), h * draw.uniform(0.85, 1.2)]
            category = near["category_id"] if draw.random() < 0.9 else category
        plain = {"image_id": image, "category_id": category, "score": round(draw.random(), 4)}
        boxes.append({**plain, "bbox": [round(v, 2) for v in own]})
        masks.append({**plain, "segmentation": {"size": [HEIGHT, WIDTH], "counts": text(ellipse(*own))}})
    folder.mkdir(parents=True, exist_ok=True)
    images = [{"id": k, "file_name": f"{k:012d}.jpg", "width": WIDTH, "height": HEIGHT} for k in range(1, IMAGES + 1)]
    categories = [{"id": k, "name": f"category {k}"} for k in range(1, CATEGORIES + 1)]
    for name, value in (("truth", {"images": images, "annotations": annotations, "categories": categories}), ("masks", masks), ("results", boxes)):
        part = folder / f"{name}.json.part"
        part.write_text(json.dumps(value))
        part.replace(folder / f"{name}.json")


class Objects(keypoints.Keypoints):
    """`value`: AP, of masks if the request says so."""

    def __init__(self, request):
        super().__init__(request)
        self.kind = "segm" if request.get("masks") else "bbox"
        if request.get("masks"):
            self.results = self.results.replace("results.json", "masks.json")


CASES = {"objects": Objects}


if __name__ == "__main__":
    parser = measure.arguments(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("root", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="write the files and end")
    args = parser.parse_args()
    if args.write:
        write(args.root)
    else:
        measure.report(args, Objects, [{"case": "objects", "root": str(args.root)}])
