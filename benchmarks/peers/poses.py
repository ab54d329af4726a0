"""Poses in plain PyTorch, NumPy and OpenCV: crops, heat maps, losses and the loader of the authors' HRNet pose code.

Sun et al., "Deep High-Resolution Representation Learning for Human Pose Estimation", CVPR 2019; Zhang et al., CVPR 2020 (DARK).

    python3 poses.py DIR      (times the loader on DIR, of layout coco-keypoints, on one thread)
"""
import json
import pathlib
import random

import cv2
import numpy as np
import torch

import formula
import measure

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
PAIRS = [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)]
JOINT_WEIGHTS = np.array([1, 1, 1, 1, 1, 1, 1, 1.2, 1.2, 1.5, 1.5, 1, 1, 1.2, 1.2, 1.5, 1.5], np.float32)


def crop_of(box, aspect):
    """Centre and size (in units of 200 pixels) of a box grown to a shape, and by a quarter."""
    x, y, w, h = box
    center = np.array([x + w * 0.5, y + h * 0.5], np.float32)
    if w > aspect * h:
        h = w / aspect
    elif w < aspect * h:
        w = h * aspect
    return center, np.array([w / 200, h / 200], np.float32) * 1.25


def matrix(center, scale, degrees, width, height):
    """The affine map of an image's pixels to a crop's, through three corners."""
    angle, up = np.pi * degrees / 180, scale[0] * 200 * -0.5
    def third(a, b):
        d = a - b
        return b + np.array([-d[1], d[0]], np.float32)
    a = np.array(center, np.float32)
    b = np.array([center[0] - up * np.sin(angle), center[1] + up * np.cos(angle)], np.float32)
    c = np.array([width * 0.5, height * 0.5], np.float32)
    d = np.array([width * 0.5, height * 0.5 - width * 0.5], np.float32)
    return cv2.getAffineTransform(np.stack([a, b, third(a, b)]), np.stack([c, d, third(c, d)]))


def targets(joints, visible, width, height, stride, sigma, form="published"):
    """Heat maps [J, h, w] and weights [J, 1]."""
    maps, weights = np.zeros((len(joints), height, width), np.float32), np.minimum(visible, 1).astype(np.float32)[:, None]
    reach = sigma * 3
    for j, (x, y) in enumerate(joints[:, :2] / stride):
        if form == "dark":
            if x - reach >= width or y - reach >= height or x + reach + 1 < 0 or y + reach + 1 < 0:
                weights[j] = 0
            elif weights[j] > 0.5:
                ys, xs = np.mgrid[:height, :width]
                maps[j] = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * sigma**2))
            continue
        mx, my = int(x + 0.5), int(y + 0.5)
        left, top, right, bottom = int(mx - reach), int(my - reach), int(mx + reach + 1), int(my + reach + 1)
        if left >= width or top >= height or right < 0 or bottom < 0:
            weights[j] = 0
            continue
        if weights[j] <= 0.5:
            continue
        side = np.arange(0, 2 * reach + 1, 1, np.float32)
        middle = (2 * reach + 1) // 2
        kernel = np.exp(-((side - middle) ** 2 + (side[:, None] - middle) ** 2) / (2 * sigma**2))
        x0, x1, y0, y1 = max(0, left), min(right, width), max(0, top), min(bottom, height)
        maps[j, y0:y1, x0:x1] = kernel[y0 - top:y1 - top, x0 - left:x1 - left]
    return maps, weights


def normalised(crop):
    """A uint8 RGB crop as float32 [3, H, W]."""
    return ((crop.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)


def loss(maps, wanted, weights, hardest=None):
    """JointsMSELoss, or JointsOHKMMSELoss of the hardest joints."""
    errors = ((maps - wanted) * weights[..., None]).square().mean((2, 3)) / 2
    return errors.mean() if hardest is None else errors.topk(hardest, 1)[0].mean()


def clean(annotation, image):
    x, y, w, h = annotation["bbox"]
    x1, y1 = max(0, x), max(0, y)
    x2, y2 = min(image["width"] - 1, x1 + max(0, w - 1)), min(image["height"] - 1, y1 + max(0, h - 1))
    return (x1, y1, x2 - x1, y2 - y1)


def people(root, split):
    file = json.loads((root / "annotations" / f"person_keypoints_{split}2017.json").read_text())
    images = {i["id"]: i for i in file["images"]}
    return [(str(root / "images" / f"{split}2017" / images[a["image_id"]]["file_name"]), clean(a, images[a["image_id"]]), np.array(a["keypoints"], np.float64).reshape(-1, 3))
            for a in file["annotations"] if max(a["keypoints"]) > 0]


def sample(person, width, height, sigma, factor, degrees, mirrored):
    """One training sample with these changes."""
    path, box, keypoints = person
    image = cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION), cv2.COLOR_BGR2RGB)
    joints, visible = keypoints.copy(), np.minimum(keypoints[:, 2], 1)
    center, scale = crop_of(box, width / height)
    scale = scale * np.float32(factor)
    if mirrored:
        image = image[:, ::-1, :]
        joints[:, 0] = image.shape[1] - joints[:, 0] - 1
        for a, b in PAIRS:
            joints[[a, b]], visible[[a, b]] = joints[[b, a]], visible[[b, a]]
        joints *= visible[:, None]
        center[0] = image.shape[1] - center[0] - 1
    m = matrix(center, scale, degrees, width, height)
    crop = cv2.warpAffine(image, m, (width, height), flags=cv2.INTER_LINEAR)
    for j in np.flatnonzero(visible):
        joints[j, :2] = m @ np.array([joints[j, 0], joints[j, 1], 1])
    return torch.from_numpy(normalised(crop)), *map(torch.from_numpy, targets(joints, visible, width // 4, height // 4, 4, sigma))


def drawn():
    """Factor, angle and mirroring as the authors draw them."""
    return (np.clip(np.random.randn() * 0.35 + 1, 0.65, 1.35), np.clip(np.random.randn() * 45, -90, 90) if random.random() <= 0.6 else 0,
            random.random() <= 0.5)


class PoseLoader:
    """The authors' training samples but for half bodies; times are milliseconds per crop, each over a pass of `images` samples. `value`:
    mean of a pass with changes chosen by formula.choice, of crops plus a hundred times that of heat maps."""

    def __init__(self, request):
        self.people = people(pathlib.Path(request["root"]), "train")
        (self.height, self.width), self.images = request["crop"], request.get("images", 24)
        self.next, self.value = 0, None

    def one(self, index, *changes):
        return sample(self.people[index % len(self.people)], self.width, self.height, 2, *changes)

    def warm_up(self):
        values = []
        for k in range(self.images):
            crop, maps, _ = self.one(k, 0.65 + 0.05 * formula.choice("pose.scale", k, 15), 15 * (formula.choice("pose.angle", k, 13) - 6),
                                     formula.choice("flip", k, 2) == 1)
            values.append(float(crop.double().mean() + 100 * maps.double().mean()))
        self.value = float(np.mean(values))

    def times(self, repeats, seconds=None):
        def one_pass():
            for _ in range(self.images):
                self.one(self.next, *drawn())
                self.next += 1
        return [t / self.images for t in measure.time_calls(one_pass, repeats, seconds)]


CASES = {"pose_loader": PoseLoader}


if __name__ == "__main__":
    parser = measure.arguments(__doc__.splitlines()[0], repeats=3)
    parser.add_argument("root", metavar="DIR", help="data set folder of layout coco-keypoints")
    parser.add_argument("--crop", default="256x192", help="HEIGHTxWIDTH (default 256x192)")
    parser.add_argument("--images", type=int, default=24, help="samples per pass (default 24)")
    args = parser.parse_args()
    measure.report(args, PoseLoader, [{
        "case": "pose_loader", "root": args.root, "crop": [int(s) for s in args.crop.split("x")], "images": args.images}])
