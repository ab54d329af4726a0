"""Writes foreign networks for benchmarks/Hwaso.RuntimeBench as ONNX files: networks that Hwaso does not define, with random weights.

    /usr/bin/python3 benchmarks/peers/networks.py FOLDER [NAME…]

deeplabv3-mobilenetv3 is torchvision's. segformer and dinov2-s are plain definitions of the papers' networks, without dropout: Xie et al.,
"SegFormer", NeurIPS 2021, size B0; Oquab et al., "DINOv2", TMLR 2024, ViT-S/14, whose position embeddings of 37×37 are resized to
the image.
"""
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn


class MixAttention(nn.Module):
    """Attention of all pixels over an image reduced by a convolution."""

    def __init__(self, width, heads, reduction):
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        if reduction > 1:
            self.reduce, self.norm = nn.Conv2d(width, width, reduction, reduction), nn.LayerNorm(width)

    def forward(self, x, height, width):
        n, tokens, c = x.shape
        q = self.q(x).reshape(n, tokens, self.heads, c // self.heads).permute(0, 2, 1, 3)
        if self.reduction > 1:
            x = self.norm(self.reduce(x.permute(0, 2, 1).reshape(n, c, height, width)).reshape(n, c, -1).permute(0, 2, 1))
        k, v = self.kv(x).reshape(n, -1, 2, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) * (c // self.heads) ** -0.5
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, c))


class MixBlock(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(width), nn.LayerNorm(width), MixAttention(width, heads, reduction)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.depthwise = nn.Conv2d(4 * width, 4 * width, 3, padding=1, groups=4 * width)

    def forward(self, x, height, width):
        x = x + self.attention(self.norm1(x), height, width)
        y = self.up(self.norm2(x)).transpose(1, 2)
        y = self.depthwise(y.reshape(*y.shape[:2], height, width)).flatten(2).transpose(1, 2)
        return x + self.down(F.gelu(y))


class SegFormer(nn.Module):
    def __init__(self, widths=(32, 64, 160, 256), depth=2, mixed=256, classes=19):
        super().__init__()
        before = (3, *widths)
        windows = [(7, 4, 3), *[(3, 2, 1)] * 3]    # kernel, stride, padding
        self.embed = nn.ModuleList(nn.Conv2d(before[k], w, *windows[k]) for k, w in enumerate(widths))
        self.norm1 = nn.ModuleList(nn.LayerNorm(w) for w in widths)
        self.norm2 = nn.ModuleList(nn.LayerNorm(w) for w in widths)
        self.stages = nn.ModuleList(
            nn.ModuleList(MixBlock(w, heads, reduction) for _ in range(depth))
            for w, heads, reduction in zip(widths, (1, 2, 5, 8), (8, 4, 2, 1)))
        self.linear = nn.ModuleList(nn.Linear(w, mixed) for w in widths)
        self.fuse, self.norm = nn.Conv2d(4 * mixed, mixed, 1, bias=False), nn.BatchNorm2d(mixed)
        self.classify = nn.Conv2d(mixed, classes, 1)

    def forward(self, x):
        levels = []
        for embed, norm1, stage, norm2, linear in zip(self.embed, self.norm1, self.stages, self.norm2, self.linear):
            x = embed(x)
            n, c, height, width = x.shape
            x = norm1(x.flatten(2).transpose(1, 2))
            for block in stage:
                x = block(x, height, width)
            x = norm2(x).reshape(n, height, width, c).permute(0, 3, 1, 2).contiguous()
            levels.append(linear(x.flatten(2).transpose(1, 2)).permute(0, 2, 1).reshape(n, -1, height, width))
        size = levels[0].shape[2:]
        levels = [F.interpolate(y, size=size, mode="bilinear", align_corners=False) for y in levels]
        return self.classify(F.relu(self.norm(self.fuse(torch.cat(levels[::-1], 1)))))


class Block(nn.Module):
    """A block of a vision transformer, with LayerScale."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale1, self.scale2 = nn.Parameter(torch.rand(width)), nn.Parameter(torch.rand(width))

    def forward(self, x):
        n, tokens, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        x = x + self.scale1 * self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, c))
        return x + self.scale2 * self.down(F.gelu(self.up(self.norm2(x))))


class DINOv2(nn.Module):
    def __init__(self, width=384, heads=6, depth=12, patch=14, places=37):
        super().__init__()
        self.patch, self.places = patch, places
        self.embed, self.token = nn.Conv2d(3, width, patch, patch), nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 1 + places * places, width) * 0.02)
        self.blocks, self.norm = nn.ModuleList(Block(width, heads) for _ in range(depth)), nn.LayerNorm(width, eps=1e-6)

    def forward(self, x):
        n, (height, width) = x.shape[0], (side // self.patch for side in x.shape[2:])
        x = torch.cat((self.token.expand(n, -1, -1), self.embed(x).flatten(2).transpose(1, 2)), 1)
        grid = self.position[:, 1:].reshape(1, self.places, self.places, -1).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(height, width), mode="bicubic").permute(0, 2, 3, 1).reshape(1, height * width, -1)
        x = x + torch.cat((self.position[:, :1], grid), 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Scores(nn.Module):
    """The scores of a torchvision network, which answers a dictionary."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)["out"]


def mobilenet():
    import torchvision
    return Scores(torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None))


NETWORKS = {"deeplabv3-mobilenetv3": (mobilenet, (512, 512)), "segformer": (SegFormer, (512, 512)), "dinov2-s": (DINOv2, (98, 140))}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        make, size = NETWORKS[name]
        torch.manual_seed(3)
        network = make().eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                # As after training: neither mean 0 nor variance 1.
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.6, 1.4)
        part = folder / f"{name}.part"
        with torch.no_grad():
            torch.onnx.export(network, torch.randn(1, 3, *size), str(part), opset_version=17)
        part.rename(folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
