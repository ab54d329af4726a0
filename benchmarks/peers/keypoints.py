"""COCO's keypoint evaluation by pycocotools, from two files to the ten numbers.

    python3 keypoints.py DIR --write      (writes DIR/truth.json and DIR/results.json)
    python3 keypoints.py DIR              (scores them)

The files have the size of val2017 with a person detector: 5,000 images, 11,004 people, of whom 6,352 have joints, and 104,125
detections of 17 joints. pycocotools is no Debian package: install it where this python3 finds it (`pip install pycocotools`, or build
the repository and name its PythonAPI folder in PYTHONPATH).
"""
import contextlib
import json
import pathlib
import random
import sys

import measure

IMAGES, WITH_PEOPLE, PEOPLE, LABELLED, DETECTIONS, JOINTS = 5000, 2346, 11004, 6352, 104125, 17
NAMES = ("nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_hip "
         "right_hip left_knee right_knee left_ankle right_ankle").split()


def box(draw):
    return draw.uniform(0, 500), draw.uniform(0, 350), draw.uniform(20, 140), draw.uniform(30, 130)


def person(draw, labelled):
    """A box, and joints of which three in four are visible or hidden; none where they are not labelled."""
    x, y, w, h = box(draw)
    joints = []
    for _ in range(JOINTS):
        v = draw.choice([0, 1, 2, 2]) if labelled else 0
        joints += [int(x + draw.random() * w), int(y + draw.random() * h), v] if v else [0, 0, 0]
    if labelled and not any(joints[2::3]):
        joints[:3] = [int(x), int(y), 2]
    return (x, y, w, h), joints


def detection(draw, people):
    """Joints near those of someone in the image in six of ten cases, at random in the others and where a joint is not labelled."""
    (x, y, w, h), known = draw.choice(people) if people and draw.random() < 0.6 else (box(draw), [0] * (3 * JOINTS))
    spread, joints = draw.uniform(0, 12), []
    for j in range(JOINTS):
        a, b, v = known[3 * j:3 * j + 3]
        place = [a + draw.gauss(0, spread), b + draw.gauss(0, spread)] if v else [x + draw.random() * w, y + draw.random() * h]
        joints += [*place, draw.random()]
    return joints, (x, y)


def write(folder):
    """Writes both files, always the same."""
    draw = random.Random(5)
    inhabited = draw.sample(range(1, IMAGES + 1), WITH_PEOPLE)
    by_image, annotations = {}, []
    for k in range(PEOPLE):
        image, (bounds, joints) = draw.choice(inhabited), person(draw, k < LABELLED)
        by_image.setdefault(image, []).append((bounds, joints))
        annotations.append({"id": k + 1, "image_id": image, "category_id": 1, "iscrowd": 0, "area": bounds[2] * bounds[3] * 0.7,
                            "bbox": bounds, "num_keypoints": sum(v > 0 for v in joints[2::3]), "keypoints": joints,
                            "segmentation": [[round(draw.uniform(0, 640), 2) for _ in range(60)]]})
    results = []
    for _ in range(DETECTIONS):
        image = draw.randint(1, IMAGES)
        joints, corner = detection(draw, by_image.get(image))
        results.append({"image_id": image, "category_id": 1, "keypoints": joints, "score": draw.random(), "center": corner,
                        "scale": [1, 1]})
    folder.mkdir(parents=True, exist_ok=True)
    images = [{"id": k, "file_name": f"{k:012d}.jpg", "width": 640, "height": 480} for k in range(1, IMAGES + 1)]
    categories = [{"id": 1, "name": "person", "keypoints": NAMES, "skeleton": [[1, 2]]}]
    (folder / "truth.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    part = folder / "results.json.part"
    part.write_text(json.dumps(results))
    part.replace(folder / "results.json")


class Keypoints:
    """`value`: AP."""

    def __init__(self, request):
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
        self.read, self.evaluation = COCO, COCOeval
        folder = pathlib.Path(request["root"])
        self.truth, self.results, self.kind, self.value = str(folder / "truth.json"), str(folder / "results.json"), "keypoints", None

    def run(self):
        # It prints; a worker's standard output is for answers.
        with contextlib.redirect_stdout(sys.stderr):
            truth = self.read(self.truth)
            evaluation = self.evaluation(truth, truth.loadRes(self.results), self.kind)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        self.value = float(evaluation.stats[0])

    def warm_up(self):
        pass

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


CASES = {"keypoints": Keypoints}


if __name__ == "__main__":
    parser = measure.arguments(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("root", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="write the files and end")
    args = parser.parse_args()
    if args.write:
        write(args.root)
    else:
        measure.report(args, Keypoints, [{"case": "keypoints", "root": str(args.root)}])
