"""torchvision's deformable convolution: 3x3, C to C, one square image, forward alone or with the gradients of everything.

    python3 deform.py
"""
import numpy as np
import torch
from torchvision.ops import deform_conv2d

import formula
import measure

SIZES = ((24, 128), (64, 128), (192, 32))


def make(name, scale, *shape):
    """Numbers between minus and plus half the scale."""
    values = (formula.uniform(f"deform.{name}", int(np.prod(shape))) - 0.5) * scale
    return torch.from_numpy(values).float().reshape(shape)


class Deform:
    """`value`: mean of the absolute output, or the sum of those of all gradients for a loss of half the squared output."""

    def __init__(self, request):
        channels, side = request["channels"], request["side"]
        self.backward = request["case"] == "deform_training"
        # Offsets of up to two pixels.
        self.inputs = [make("input", 2, 1, channels, side, side), make("offset", 4, 1, 18, side, side), make("weight", 0.1, channels, channels, 3, 3)]
        for tensor in self.inputs:
            tensor.requires_grad_(self.backward)
        self.value = None

    def run(self):
        output = deform_conv2d(*self.inputs, padding=1)
        return torch.autograd.grad(output, self.inputs, output.detach()) if self.backward else [output]

    def warm_up(self):
        self.value = sum(t.abs().mean().item() for t in self.run())

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


CASES = {"deform_forward": Deform, "deform_training": Deform}


if __name__ == "__main__":
    args = measure.arguments(__doc__.splitlines()[0], repeats=5).parse_args()
    measure.report(args, Deform, [{"case": case, "channels": channels, "side": side} for case in CASES for channels, side in SIZES])
