"""Operators of detectors by torchvision, and a training step of Faster R-CNN on HRNetV2p in plain PyTorch (detection.py).

    python3 boxes.py
"""
import torch
from torchvision.ops import nms, roi_align

import detection
import formula
import hrnet
import measure

SIDE = 800


def boxes_of(count, least=16, most=256):
    """`count` boxes on a square of 800, and a score of each; both sides make the same."""
    u = torch.from_numpy(formula.uniform("boxes", 5 * count)).float().reshape(count, 5)
    size = least + u[:, 2:4] * (most - least)
    corner = u[:, :2] * (SIDE - size)
    return torch.cat([corner, corner + size], 1), u[:, 4].contiguous()


class Suppression:
    """NMS at 0.7. `value`: how many boxes it keeps."""

    def __init__(self, request):
        self.boxes, self.scores = boxes_of(request["count"])
        self.value = None

    def run(self):
        return nms(self.boxes, self.scores, 0.7)

    def warm_up(self):
        self.value = len(self.run())

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


class RoiAlign(Suppression):
    """7x7 bins of boxes on a map of a quarter, two points an axis, aligned; with the gradient for a loss of half the squared output.

    `value`: the mean of the absolute output, or of the absolute gradient."""

    def __init__(self, request):
        super().__init__(request)
        self.backward = request["case"] == "roi_training"
        channels, side = request["channels"], SIDE // 4
        values = formula.uniform("boxes.map", channels * side * side) - 0.5
        self.map = torch.from_numpy(values).float().reshape(1, channels, side, side).requires_grad_(self.backward)
        self.rois = torch.nn.functional.pad(self.boxes, (1, 0))

    def run(self):
        output = roi_align(self.map, self.rois, 7, 0.25, 2, aligned=True)
        return torch.autograd.grad(output, self.map, output.detach())[0] if self.backward else output

    def warm_up(self):
        self.value = self.run().abs().mean().item()


class DetectorStep:
    """A step of W18 by the authors' conventions on one image with eight objects: forward, losses of 256 drawn anchors and 512 drawn proposals, backward,
    gradients clipped, SGD. Each side draws its own. `value`: the loss without drawing of the first step, to hold both networks to each other."""

    def __init__(self, request):
        height, width = request["size"]
        self.net = detection.by_formula(detection.Detector(hrnet.CONFIGS["w18"], 80), SCALES)
        self.image = formula.tensor("input", (1, 3, height, width))
        boxes = boxes_of(8, 32, 200)[0] * torch.tensor([width, height, width, height]) / SIDE
        self.given = [self.image.contiguous(memory_format=torch.channels_last)], [(height, width)], [boxes], [torch.arange(8)]
        self.net = self.net.to(memory_format=torch.channels_last).train()
        for m in self.net.modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                m.eval()
        self.sgd = torch.optim.SGD(self.net.parameters(), lr=1e-6, momentum=0.9, weight_decay=0.0001)
        self.value = None

    def losses(self):
        (image,), sizes, boxes, labels = self.given
        return sum(self.net.losses(image, sizes, boxes, labels))

    def run(self):
        self.sgd.zero_grad(set_to_none=True)
        loss = self.losses()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 35)
        self.sgd.step()
        return loss.item()

    def warm_up(self):
        with torch.no_grad():
            self.value = self.losses().item()
        self.net.counts = (256, 512)
        self.run()
        self.run()

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


# What brings the levels of a network with the formula's weights near one.
SCALES = {"neck.reduction_conv.0.weight": 2.0 ** -12, "rpn_head.rpn_reg.weight": 0.125, "bbox_head.fc_reg.weight": 0.125}

CASES = {"nms": Suppression, "roi_forward": RoiAlign, "roi_training": RoiAlign, "detector_step": DetectorStep}


if __name__ == "__main__":
    args = measure.arguments(__doc__.splitlines()[0], repeats=3).parse_args()
    roi = {"count": 1000, "channels": 256}
    measure.report(args, lambda request: CASES[request["case"]](request), [
        {"case": "nms", "count": 12000}, {"case": "roi_forward", **roi}, {"case": "roi_training", **roi}, {"case": "detector_step", "size": [320, 512]}])
