"""DINOv2's vision transformer and its depth heads, plainly, in PyTorch: a peer that Hwaso is compared with.

Written from the papers (Oquab et al., TMLR 2024; Darcet et al., ICLR 2024; Ranftl et al., ICCV 2021; Bhat et al., CVPR 2021) and from the
structure, names and settings of the official networks. check_dinov2.py holds the transformer to official outputs.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = (p.reshape(n, t, self.heads, -1).transpose(1, 2) for p in self.qkv(x).split(d, -1))
        a = torch.softmax(torch.einsum("nhqc,nhkc->nhqk", q, k) / math.sqrt(d / self.heads), -1)
        return self.proj(torch.einsum("nhqk,nhkc->nqhc", a, v).reshape(n, t, d))


class Scale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.gamma * x


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn, self.ls1 = nn.LayerNorm(width, eps=1e-6), Attention(width, heads), Scale(width)
        self.norm2, self.mlp, self.ls2 = nn.LayerNorm(width, eps=1e-6), Mlp(width, 4 * width), Scale(width)

    def forward(self, x):
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, 14, 14)


class VisionTransformer(nn.Module):
    def __init__(self, width, depth, heads, image=518, registers=0):
        super().__init__()
        self.grid, self.registers = image // 14, registers
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid ** 2, width))
        if registers:
            self.register_tokens = nn.Parameter(torch.zeros(1, registers, width))
        self.mask_token = nn.Parameter(torch.zeros(1, width))
        self.patch_embed = PatchEmbed(width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def positions(self, h, w):
        """[D, h, w]: with registers antialiased and plain, without them with 0.1 more in the scale."""
        grid = self.pos_embed[0, 1:].T.reshape(1, -1, self.grid, self.grid)
        if (h, w) == (self.grid, self.grid):
            return grid
        if self.registers:
            return F.interpolate(grid, (h, w), mode="bicubic", antialias=True)
        return F.interpolate(grid, scale_factor=((h + 0.1) / self.grid, (w + 0.1) / self.grid), mode="bicubic")

    def layers(self, image, taps):
        """(map, class token) after every block of taps, before the final norm."""
        x = self.patch_embed.proj(image)
        h, w = x.shape[2:]
        x = (x + self.positions(h, w)).flatten(2).mT
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        more = [self.register_tokens.expand(len(x), -1, -1)] if self.registers else []
        x, out = torch.cat([first, *more, x], 1), []
        for k, block in enumerate(self.blocks):
            x = block(x)
            if k in taps:
                out.append(x)
        return [(t[:, 1 + self.registers:].mT.reshape(len(t), -1, h, w), t[:, 0]) for t in out], x

    def forward(self, image):
        """Normed class token, patch tokens."""
        x = self.norm(self.layers(image, [])[1])
        return x[:, 0], x[:, 1 + self.registers:]


class LinearHead(nn.Module):
    def __init__(self, width, layers, low, high, bins=256):
        super().__init__()
        self.range = low, high
        self.conv_depth = nn.Conv2d(2 * width * layers, bins, 1)

    def forward(self, layers):
        x = torch.cat([torch.cat([m, c[:, :, None, None].expand_as(m)], 1) for m, c in layers], 1)
        p = F.relu(self.conv_depth(F.interpolate(x, size=[4 * s for s in x.shape[2:]], mode="bilinear", align_corners=False))) + 0.1
        bins = torch.linspace(*self.range, p.shape[1], dtype=p.dtype)
        return (p / p.sum(1, keepdim=True) * bins[:, None, None]).sum(1, keepdim=True)


class Conv(nn.Module):
    """A convolution one name deeper, as mmcv's modules have it."""

    def __init__(self, *sizes, **kw):
        super().__init__()
        self.conv = nn.Conv2d(*sizes, **kw)

    def forward(self, x):
        return self.conv(x)


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = Conv(c, c, 3, padding=1, bias=False), Conv(c, c, 3, padding=1, bias=False)

    def forward(self, x):
        return self.conv2(F.relu(self.conv1(F.relu(x)))) + x


class Fusion(nn.Module):
    def __init__(self, c, first):
        super().__init__()
        self.project = Conv(c, c, 1)
        self.res_conv_unit1 = None if first else Residual(c)
        self.res_conv_unit2 = Residual(c)

    def forward(self, x, finer=None):
        if finer is not None:
            x = x + self.res_conv_unit1(F.interpolate(finer, x.shape[2:], mode="bilinear", align_corners=False))
        return self.project(F.interpolate(self.res_conv_unit2(x), scale_factor=2, mode="bilinear", align_corners=True))


class Reassemble(nn.Module):
    def __init__(self, d):
        super().__init__()
        sizes = [d // 8, d // 4, d // 2, d]
        self.projects = nn.ModuleList(Conv(d, c, 1) for c in sizes)
        self.resize_layers = nn.ModuleList([nn.ConvTranspose2d(d // 8, d // 8, 4, 4), nn.ConvTranspose2d(d // 4, d // 4, 2, 2),
                                            nn.Identity(), nn.Conv2d(d, d, 3, 2, 1)])
        self.readout_projects = nn.ModuleList(nn.Sequential(nn.Linear(2 * d, d), nn.GELU()) for _ in sizes)

    def forward(self, layers):
        for k, (m, c) in enumerate(layers):
            joined = torch.cat([m, c[:, :, None, None].expand_as(m)], 1).permute(0, 2, 3, 1)
            yield self.resize_layers[k](self.projects[k](self.readout_projects[k](joined).permute(0, 3, 1, 2)))


class DepthConvolutions(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(c, c // 2, 3, padding=1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                                  nn.Conv2d(c // 2, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 1, 1))


class DptHead(nn.Module):
    def __init__(self, width, low, high, channels=256):
        super().__init__()
        self.range = low, high
        self.conv_depth = DepthConvolutions(channels)
        self.reassemble_blocks = Reassemble(width)
        self.convs = nn.ModuleList(Conv(width // 2 ** (3 - k), channels, 3, padding=1, bias=False) for k in range(4))
        self.fusion_blocks = nn.ModuleList(Fusion(channels, k == 0) for k in range(4))
        self.project = Conv(channels, channels, 3, padding=1)

    def forward(self, layers):
        maps = [conv(m) for conv, m in zip(self.convs, self.reassemble_blocks(layers))]
        x = self.fusion_blocks[0](maps[3])
        for k in range(1, 4):
            x = self.fusion_blocks[k](x, maps[3 - k])
        return F.relu(self.conv_depth.head(F.relu(self.project(x)))) + self.range[0]


class Depth(nn.Module):
    """Zeros around the image to multiples of 14 (the odd pixel right and below), depth at the image's size."""

    def __init__(self, backbone, decode_head, taps):
        super().__init__()
        self.backbone, self.decode_head, self.taps = backbone, decode_head, taps

    def forward(self, image):
        pads = []
        for side in (image.shape[3], image.shape[2]):
            missing = -side % 14
            pads += [missing // 2, missing - missing // 2]
        depth = self.decode_head(self.backbone.layers(F.pad(image, pads), self.taps)[0])
        return F.interpolate(depth.clamp(*self.decode_head.range), image.shape[2:], mode="bilinear", align_corners=False)
