"""The official HRNet training transforms with OpenCV and NumPy, on one thread, from files to float32 CHW.

    python3 loader.py DIR --layout cityscapes --crop 512x1024 --base 2048
    python3 loader.py DIR --layout voc --crop 480x480 --base 520

Per sample: read image and label, scale both so that the long side is base x (0.5 … 2.1), pad right and bottom (black,
255), crop, normalise, flip. The choices are those of formula.choice with the keys below, so that the other side of a
comparison can take the same ones and do the same work.
"""
import pathlib

import cv2
import numpy as np

import formula
import measure

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
IGNORE = 255

# Cityscapes label id -> training id; every other id is ignored.
TRAIN_IDS = {7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13,
             27: 14, 28: 15, 31: 16, 32: 17, 33: 18}
TRAIN_ID_TABLE = np.full(256, IGNORE, np.uint8)
TRAIN_ID_TABLE[list(TRAIN_IDS)] = list(TRAIN_IDS.values())


def cityscapes(root):
    pairs = []
    for image in sorted((root / "leftImg8bit/train").glob("*/*_leftImg8bit.png")):
        stem = image.name.removesuffix("_leftImg8bit.png")
        pairs.append((image, root / "gtFine/train" / image.parent.name / f"{stem}_gtFine_labelIds.png"))
    return pairs


def voc(root):
    if (root / "VOCdevkit/VOC2012").is_dir():
        root = root / "VOCdevkit/VOC2012"
    names = (root / "ImageSets/Segmentation/train.txt").read_text().split()
    return [(root / "JPEGImages" / f"{n}.jpg", root / "SegmentationClass" / f"{n}.png") for n in names]


def read_cityscapes_label(path):
    return TRAIN_ID_TABLE[cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)]


def read_palette_label(path):
    # OpenCV expands a palette to colours, so the official pipeline reads indexed PNGs with Pillow.
    from PIL import Image
    return np.asarray(Image.open(path))


LAYOUTS = {"cityscapes": (cityscapes, read_cityscapes_label), "voc": (voc, read_palette_label)}


def augment(image, label, crop, base, index):
    """image [H, W, 3] BGR and label [H, W] uint8 -> float32 [3, h, w] normalised RGB, int64 [h, w]."""
    h, w = label.shape
    long = int(base * (0.5 + formula.choice("scale", index, 17) / 10) + 0.5)
    size = (long, int(h * long / w + 0.5)) if w > h else (int(w * long / h + 0.5), long)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    label = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)
    pad = [max(c - s, 0) for c, s in zip(crop, label.shape)]
    if any(pad):
        image = cv2.copyMakeBorder(image, 0, pad[0], 0, pad[1], cv2.BORDER_CONSTANT, value=(0, 0, 0))
        label = cv2.copyMakeBorder(label, 0, pad[0], 0, pad[1], cv2.BORDER_CONSTANT, value=IGNORE)
    y = formula.choice("crop_y", index, label.shape[0] - crop[0] + 1)
    x = formula.choice("crop_x", index, label.shape[1] - crop[1] + 1)
    image, label = image[y:y + crop[0], x:x + crop[1]], label[y:y + crop[0], x:x + crop[1]]
    image = image.astype(np.float32)[:, :, ::-1] / 255.0
    image -= MEAN
    image /= STD
    image = image.transpose(2, 0, 1)
    if formula.choice("flip", index, 2):
        image, label = image[:, :, ::-1], label[:, ::-1]
    return np.ascontiguousarray(image), np.ascontiguousarray(label, np.int64)


class Loader:
    """Times are milliseconds per image, each over a pass of `images` samples; `value`: mean of the first pass."""

    def __init__(self, request):
        list_pairs, self.read_label = LAYOUTS[request["layout"]]
        self.pairs = list_pairs(pathlib.Path(request["root"]))
        if not self.pairs:
            raise FileNotFoundError(f"{request['root']}: no training images in {request['layout']} layout")
        self.crop, self.base, self.images = request["crop"], request["base"], request.get("images", 24)
        self.value = None

    def sample(self, index):
        image_path, label_path = self.pairs[index % len(self.pairs)]
        image, label = cv2.imread(str(image_path), cv2.IMREAD_COLOR), self.read_label(label_path)
        return augment(image, label, self.crop, self.base, index)

    def warm_up(self):
        self.value = float(np.mean([self.sample(i)[0].mean(dtype=np.float64) for i in range(self.images)]))

    def times(self, repeats, seconds=None):
        def one_pass():
            for i in range(self.images):
                self.sample(i)
        return [t / self.images for t in measure.time_calls(one_pass, repeats, seconds)]


if __name__ == "__main__":
    parser = measure.arguments(__doc__.splitlines()[0], repeats=3)
    parser.add_argument("root", metavar="DIR", help="data set folder (for VOC the folder that holds JPEGImages)")
    parser.add_argument("--layout", choices=LAYOUTS, default="cityscapes")
    parser.add_argument("--crop", default="512x1024", help="HEIGHTxWIDTH (default 512x1024)")
    parser.add_argument("--base", type=int, default=2048, help="long side at scale 1 (default 2048)")
    parser.add_argument("--images", type=int, default=24, help="samples per pass (default 24)")
    args = parser.parse_args()
    measure.report(args, Loader, [{
        "case": "loader", "layout": args.layout, "root": args.root, "crop": [int(s) for s in args.crop.split("x")],
        "base": args.base, "images": args.images}])
