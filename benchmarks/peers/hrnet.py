"""HRNetV2 for semantic segmentation in plain PyTorch: the peer that Hwaso is timed and checked against.

Wang, Sun, Cheng, et al., "Deep High-Resolution Representation Learning for Visual Recognition", TPAMI 2020.
State-dict names are those of the official implementation. `psa=True` puts the spatial branch of polarized
self-attention into every BasicBlock, between conv1-bn-relu and conv2 (keys `deattn.q.weight`, `deattn.v.weight`).
"""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    width: int
    stem_planes: int = 64           # planes of stage 1's Bottlenecks; they give 4 times as many channels
    stem_blocks: int = 4
    modules: tuple = (1, 4, 3)      # of stages 2, 3, 4
    blocks: int = 4                 # per branch and module


CONFIGS = {
    "w18-small-v1": Config(16, stem_planes=32, stem_blocks=1, modules=(1, 1, 1), blocks=2),
    "w18-small-v2": Config(18, stem_blocks=2, modules=(1, 3, 2), blocks=2),
    **{f"w{c}": Config(c) for c in (18, 30, 32, 40, 44, 48, 64)},
}


def conv_bn(cin, cout, kernel=3, stride=1, relu=True):
    layers = [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


def resize(x, size, align_corners):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=align_corners)


class SpatialAttention(nn.Module):
    """x * sigmoid(softmax over channels of GAP(q x), times v x): one weight per pixel."""

    def __init__(self, channels):
        super().__init__()
        self.q = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.v = nn.Conv2d(channels, channels // 2, 1, bias=False)

    def forward(self, x):
        n, _, h, w = x.shape
        q = self.q(x).mean((2, 3)).softmax(1)                       # [N, C/2]
        v = self.v(x).flatten(2)                                    # [N, C/2, HW]
        return x * torch.bmm(q.unsqueeze(1), v).sigmoid().view(n, 1, h, w)


class BasicBlock(nn.Module):
    def __init__(self, channels, psa):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.deattn = SpatialAttention(channels) if psa else None
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        if self.deattn is not None:
            y = self.deattn(y)
        y = self.bn2(self.conv2(y))
        y += x
        return self.relu(y)


class Bottleneck(nn.Module):
    def __init__(self, cin, planes):
        super().__init__()
        cout = 4 * planes
        self.conv1, self.bn1 = nn.Conv2d(cin, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, cout, 1, bias=False), nn.BatchNorm2d(cout)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = conv_bn(cin, cout, 1, relu=False) if cin != cout else None

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class Module(nn.Module):
    """Branches side by side, then every branch receives the sum of all."""

    nearest = False     # how coarser branches come to size: pixels repeated, or bilinear

    def __init__(self, widths, blocks, psa, align_corners):
        super().__init__()
        self.align_corners = align_corners
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(c, psa) for _ in range(blocks))) for c in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self.path(widths, i, j) for j in range(len(widths))) for i in range(len(widths)))
        self.relu = nn.ReLU(inplace=True)

    @staticmethod
    def path(widths, to, frm):
        if frm == to:
            return None
        if frm > to:
            return conv_bn(widths[frm], widths[to], 1, relu=False)
        steps = to - frm
        return nn.Sequential(*(
            conv_bn(widths[frm], widths[to] if s == steps - 1 else widths[frm], stride=2, relu=s < steps - 1)
            for s in range(steps)))

    def forward(self, xs):
        xs = [branch(x) for branch, x in zip(self.branches, xs)]
        fused = []
        for i, row in enumerate(self.fuse_layers):
            total = None
            for j, layer in enumerate(row):
                y = xs[j] if layer is None else layer(xs[j])
                if j > i:
                    y = F.interpolate(y, scale_factor=2 ** (j - i)) if self.nearest else resize(y, xs[i].shape[2:], self.align_corners)
                total = y if total is None else total + y
            fused.append(self.relu(total))
        return fused


class HRNetV2(nn.Module):
    """Image [N, 3, H, W] to logits [N, K, H/4, W/4]."""

    def __init__(self, config, classes, psa=False, align_corners=False):
        super().__init__()
        self.align_corners = align_corners
        widths = [config.width << i for i in range(4)]
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        stem = 4 * config.stem_planes
        self.layer1 = nn.Sequential(*(
            Bottleneck(64 if b == 0 else stem, config.stem_planes) for b in range(config.stem_blocks)))
        # A new branch is a list of one strided convolution; an existing one is widened only where it must be.
        self.transition1 = nn.ModuleList([conv_bn(stem, widths[0]) if stem != widths[0] else None,
                                          nn.Sequential(conv_bn(stem, widths[1], stride=2))])
        self.stage2 = self.stage(config, widths[:2], config.modules[0], psa)
        self.transition2 = nn.ModuleList([None] * 2 + [nn.Sequential(conv_bn(widths[1], widths[2], stride=2))])
        self.stage3 = self.stage(config, widths[:3], config.modules[1], psa)
        self.transition3 = nn.ModuleList([None] * 3 + [nn.Sequential(conv_bn(widths[2], widths[3], stride=2))])
        self.stage4 = self.stage(config, widths, config.modules[2], psa)
        total = sum(widths)
        self.last_layer = nn.Sequential(nn.Conv2d(total, total, 1), nn.BatchNorm2d(total), nn.ReLU(inplace=True),
                                        nn.Conv2d(total, classes, 1))

    def stage(self, config, widths, count, psa):
        return nn.Sequential(*(Module(widths, config.blocks, psa, self.align_corners) for _ in range(count)))

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        xs = [self.layer1(x)]
        for transition, stage in ((self.transition1, self.stage2), (self.transition2, self.stage3),
                                  (self.transition3, self.stage4)):
            last = xs[-1]
            xs = [(xs[i] if i < len(xs) else last) if t is None else t(xs[i] if i < len(xs) else last)
                  for i, t in enumerate(transition)]
            xs = stage(xs)
        size = xs[0].shape[2:]
        xs = xs[:1] + [resize(y, size, self.align_corners) for y in xs[1:]]
        return self.last_layer(torch.cat(xs, 1))


def build(name, classes, psa=False, align_corners=False):
    """A network by its short name, e.g. `w18` or `w18-small-v1`; the official random initialisation."""
    net = HRNetV2(CONFIGS[name], classes, psa, align_corners)
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.normal_(m.weight, std=0.001)
    return net
