"""Polarized self-attention in plain PyTorch, in the two forms that its authors released: side by side, and one after the other.

Liu et al., "Polarized self-attention", 2021; parts named as in the release. x is weighed channel by channel by one branch, pixel by pixel by the other.
"""
from torch import nn


class Branches(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.conv_q_right, self.conv_v_right = nn.Conv2d(channels, 1, 1, bias=False), nn.Conv2d(channels, half, 1, bias=False)
        self.conv_up = nn.Conv2d(half, channels, 1, bias=False)
        self.conv_q_left, self.conv_v_left = nn.Conv2d(channels, half, 1, bias=False), nn.Conv2d(channels, half, 1, bias=False)

    def over_channels(self, x):
        weights = self.conv_q_right(x).flatten(2).softmax(2)                            # [N, 1, HW]
        context = (self.conv_v_right(x).flatten(2) * weights).sum(2)                    # [N, C/2]
        return x * self.conv_up(context[:, :, None, None]).sigmoid()

    def query_and_values(self, x):
        return self.conv_q_left(x).mean((2, 3))[:, :, None], self.conv_v_left(x).flatten(2)     # [N, C/2, 1], [N, C/2, HW]


class Parallel(Branches):
    """Both weigh x, and the results are added; the pixels' weights pass a softmax over the image."""

    def forward(self, x):
        query, values = self.query_and_values(x)
        mask = (query * values).sum(1).softmax(1).sigmoid()
        return self.over_channels(x) + x * mask.view(len(x), 1, *x.shape[2:])


class Sequential(Branches):
    """Channels first, then pixels of what that gave; the softmax over the image is the values'."""

    def __init__(self, channels):
        super().__init__(channels)
        half = channels // 2
        self.conv_up = nn.Sequential(nn.Conv2d(half, half // 4, 1), nn.LayerNorm([half // 4, 1, 1]), nn.ReLU(), nn.Conv2d(half // 4, channels, 1))

    def forward(self, x):
        x = self.over_channels(x)
        query, values = self.query_and_values(x)
        mask = (query * values.softmax(2)).sum(1).sigmoid()
        return x * mask.view(len(x), 1, *x.shape[2:])
