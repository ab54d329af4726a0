"""Attention modules that have no released code, in plain PyTorch and torchvision: deformable convolution attention, squeeze-and-excitation.

Structure after the papers (see src/Hwaso.Models/Attention); state-dict names as Hwaso has them.
"""
from torch import nn
from torchvision.ops import deform_conv2d


class Deformable(nn.Module):
    """A deformable convolution whose offsets, and modulation if there is one, a convolution of the same kernel predicts."""

    def __init__(self, cin, cout, kernel, modulation):
        super().__init__()
        self.modulation, self.padding, self.offsets = modulation, kernel // 2, 2 * kernel ** 2
        self.weight = nn.Conv2d(cin, cout, kernel, bias=False).weight
        self.conv_offset = nn.Conv2d(cin, (3 if modulation else 2) * kernel ** 2, kernel, padding=kernel // 2)

    def forward(self, x):
        predicted = self.conv_offset(x)
        mask = predicted[:, self.offsets:].sigmoid() if self.modulation else None
        return deform_conv2d(x, predicted[:, :self.offsets].contiguous(), self.weight, padding=self.padding, mask=mask)


class DeformableAttention(nn.Module):
    """x * sigmoid(softmax over channels(mean(Q x)) . V x), Q and V deformable, C to C/2."""

    def __init__(self, channels, kernel=3, modulation=False):
        super().__init__()
        self.q = Deformable(channels, channels // 2, kernel, modulation)
        self.v = Deformable(channels, channels // 2, kernel, modulation)

    def forward(self, x):
        query = self.q(x).mean((2, 3)).softmax(1)
        return x * (query[:, :, None, None] * self.v(x)).sum(1, keepdim=True).sigmoid()


class SqueezeExcitation(nn.Module):
    """x * sigmoid(fc2(relu(fc1(mean x)))), four squeezed channels at least."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        squeezed = max(channels // reduction, 4)
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()
