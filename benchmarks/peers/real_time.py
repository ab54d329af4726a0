"""Real-time networks in plain PyTorch, with their authors' key names, for the trainings that tests are recorded from: DDRNet (Hong et al., 2021),
BiSeNetV2 (Yu et al., IJCV 2021, as CoinCheung's code has it) and STDC-Seg (Fan et al., CVPR 2021). Outputs are those that losses look at, the answer
last.
"""
import torch
import torch.nn.functional as F
from torch import nn

from modern import EdgeHead, basics, conv_bn, normed, resize, wides


# DDRNet -------------------------------------------------------------------------------------------------------------

class ChainedPooling(nn.Module):
    """DAPPM: averages over larger and larger squares, each joined with what was before."""

    def __init__(self, cin, width, cout):
        super().__init__()
        pools = [nn.AvgPool2d(5, 2, 2), nn.AvgPool2d(9, 4, 4), nn.AvgPool2d(17, 8, 8), nn.AdaptiveAvgPool2d(1)]
        self.scale0 = normed(cin, width, 1)
        for k, pool in enumerate(pools, 1):
            setattr(self, f"scale{k}", nn.Sequential(pool, *normed(cin, width, 1)))
            setattr(self, f"process{k}", normed(width, width, 3))
        self.compression, self.shortcut = normed(5 * width, cout, 1), normed(cin, cout, 1)

    def forward(self, x):
        maps = [self.scale0(x)]
        for k in (1, 2, 3, 4):
            maps.append(getattr(self, f"process{k}")(resize(getattr(self, f"scale{k}")(x), x) + maps[-1]))
        return self.compression(torch.cat(maps, 1)) + self.shortcut(x)


class DdrNet(nn.Module):
    def __init__(self, c, pooled, head, classes):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(3, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU())
        self.layer1, self.layer2 = basics(c, c, 2), basics(c, 2 * c, 2, 2)
        self.layer3, self.layer4 = basics(2 * c, 4 * c, 2, 2), basics(4 * c, 8 * c, 2, 2)
        self.compression3, self.compression4 = conv_bn(4 * c, 2 * c, 1), conv_bn(8 * c, 2 * c, 1)
        self.down3 = conv_bn(2 * c, 4 * c, 3, 2)
        self.down4 = nn.Sequential(*conv_bn(2 * c, 4 * c, 3, 2), nn.ReLU(), *conv_bn(4 * c, 8 * c, 3, 2))
        self.layer3_, self.layer4_ = basics(2 * c, 2 * c, 2), basics(2 * c, 2 * c, 2)
        self.layer5_, self.layer5 = wides(2 * c, 2 * c, 1, 1), wides(8 * c, 8 * c, 1, 2)
        self.spp = ChainedPooling(16 * c, pooled, 4 * c)
        self.seghead_extra, self.final_layer = EdgeHead(2 * c, head, classes), EdgeHead(4 * c, head, classes)

    def forward(self, x):
        x = F.relu(self.layer2(F.relu(self.layer1(self.conv1(x)))))
        coarse, fine = self.layer3(x), self.layer3_(x)
        joined = coarse + self.down3(F.relu(fine))
        fine = fine + resize(self.compression3(F.relu(coarse)), fine)
        exchanged = fine
        coarse, fine = self.layer4(F.relu(joined)), self.layer4_(F.relu(fine))
        joined = coarse + self.down4(F.relu(fine))
        fine = fine + resize(self.compression4(F.relu(coarse)), fine)
        fine = self.layer5_(F.relu(fine))
        context = resize(self.spp(self.layer5(F.relu(joined))), fine)
        return [self.seghead_extra(exchanged), self.final_layer(context + fine)]


# BiSeNetV2 ----------------------------------------------------------------------------------------------------------

class ConvBnRelu(nn.Module):
    def __init__(self, cin, cout, kernel=3, stride=1):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Details(nn.Module):
    def __init__(self):
        super().__init__()
        self.S1 = nn.Sequential(ConvBnRelu(3, 64, stride=2), ConvBnRelu(64, 64))
        self.S2 = nn.Sequential(ConvBnRelu(64, 64, stride=2), ConvBnRelu(64, 64), ConvBnRelu(64, 64))
        self.S3 = nn.Sequential(ConvBnRelu(64, 128, stride=2), ConvBnRelu(128, 128), ConvBnRelu(128, 128))

    def forward(self, x):
        return self.S3(self.S2(self.S1(x)))


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fuse = ConvBnRelu(3, 16, stride=2), ConvBnRelu(32, 16)
        self.left = nn.Sequential(ConvBnRelu(16, 8, 1), ConvBnRelu(8, 16, stride=2))

    def forward(self, x):
        x = self.conv(x)
        return self.fuse(torch.cat([self.left(x), F.max_pool2d(x, 3, 2, 1)], 1))


class Gather(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = ConvBnRelu(width, width)
        self.dwconv = nn.Sequential(*conv_bn(width, 6 * width, 3, groups=width), nn.ReLU())
        self.conv2 = conv_bn(6 * width, width, 1)

    def forward(self, x):
        return F.relu(self.conv2(self.dwconv(self.conv1(x))) + x)


class GatherHalved(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv1 = ConvBnRelu(cin, cin)
        self.dwconv1 = conv_bn(cin, 6 * cin, 3, 2, groups=cin)
        self.dwconv2 = nn.Sequential(*conv_bn(6 * cin, 6 * cin, 3, groups=6 * cin), nn.ReLU())
        self.conv2 = conv_bn(6 * cin, cout, 1)
        self.shortcut = nn.Sequential(*conv_bn(cin, cin, 3, 2, groups=cin), *conv_bn(cin, cout, 1))

    def forward(self, x):
        return F.relu(self.conv2(self.dwconv2(self.dwconv1(self.conv1(x)))) + self.shortcut(x))


class ContextEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.bn, self.conv_gap, self.conv_last = nn.BatchNorm2d(width), ConvBnRelu(width, width, 1), ConvBnRelu(width, width)

    def forward(self, x):
        return self.conv_last(self.conv_gap(self.bn(x.mean((2, 3), keepdim=True))) + x)


class Meaning(nn.Module):
    def __init__(self):
        super().__init__()
        self.S1S2 = Stem()
        self.S3 = nn.Sequential(GatherHalved(16, 32), Gather(32))
        self.S4 = nn.Sequential(GatherHalved(32, 64), Gather(64))
        self.S5_4 = nn.Sequential(GatherHalved(64, 128), Gather(128), Gather(128), Gather(128))
        self.S5_5 = ContextEmbedding(128)

    def forward(self, x):
        second = self.S1S2(x)
        third = self.S3(second)
        fourth = self.S4(third)
        fifth = self.S5_4(fourth)
        return second, third, fourth, fifth, self.S5_5(fifth)


class Aggregation(nn.Module):
    def __init__(self, width):
        super().__init__()
        def separable():
            return nn.Sequential(*conv_bn(width, width, 3, groups=width), nn.Conv2d(width, width, 1, bias=False))
        self.left1, self.left2 = separable(), nn.Sequential(*conv_bn(width, width, 3, 2), nn.AvgPool2d(3, 2, 1))
        self.right1, self.right2 = conv_bn(width, width, 3), separable()
        self.conv = nn.Sequential(*conv_bn(width, width, 3), nn.ReLU())

    def forward(self, fine, coarse):
        upper = self.left1(fine) * torch.sigmoid(F.interpolate(self.right1(coarse), fine.shape[2:]))
        lower = self.left2(fine) * torch.sigmoid(self.right2(coarse))
        return self.conv(upper + F.interpolate(lower, fine.shape[2:]))


class BilateralHead(nn.Module):
    """Logits before they are enlarged to the image."""

    def __init__(self, cin, width, classes, between=None):
        super().__init__()
        self.conv = ConvBnRelu(cin, width)
        wider = nn.Sequential(nn.Upsample(scale_factor=2), ConvBnRelu(width, between)) if between else nn.Identity()
        self.conv_out = nn.Sequential(wider, nn.Conv2d(between or width, classes, 1))

    def forward(self, x):
        return self.conv_out(self.conv(x))


class BiSeNetV2(nn.Module):
    def __init__(self, head, auxiliary, classes):
        super().__init__()
        self.detail, self.segment, self.bga, self.head = Details(), Meaning(), Aggregation(128), BilateralHead(128, head, classes)
        for k, (name, width) in enumerate(zip(("aux2", "aux3", "aux4", "aux5_4"), (16, 32, 64, 128))):
            setattr(self, name, BilateralHead(width, auxiliary, classes, (4 << k) ** 2))

    def forward(self, x):
        maps = self.segment(x)
        beside = [getattr(self, name)(m) for name, m in zip(("aux2", "aux3", "aux4", "aux5_4"), maps)]
        return [*beside, self.head(self.bga(self.detail(x), maps[-1]))]


# STDC ---------------------------------------------------------------------------------------------------------------

class AbsoluteNorm(nn.BatchNorm2d):
    """InPlaceABN without its activation: the weight acts as |weight| + eps, and batches are not counted."""

    def __init__(self, width):
        super().__init__(width)
        self.num_batches_tracked = None

    def _load_from_state_dict(self, state, prefix, metadata, *rest):
        # An older version's files would get the count of batches.
        super()._load_from_state_dict(state, prefix, {**metadata, "version": 2}, *rest)

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight.abs() + self.eps, self.bias, self.training, self.momentum, self.eps)


class ConvX(nn.Module):
    def __init__(self, cin, cout, kernel=3, stride=1, absolute=False):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False)
        self.bn = AbsoluteNorm(cout) if absolute else nn.BatchNorm2d(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class CatBottleneck(nn.Module):
    def __init__(self, cin, cout, halves):
        super().__init__()
        self.conv_list = nn.ModuleList([ConvX(cin, cout // 2, 1), ConvX(cout // 2, cout // 4), ConvX(cout // 4, cout // 8), ConvX(cout // 8, cout // 8)])
        self.avd_layer = conv_bn(cout // 2, cout // 2, 3, 2, groups=cout // 2) if halves else None

    def forward(self, x):
        first = self.conv_list[0](x)
        second = self.conv_list[1](self.avd_layer(first) if self.avd_layer else first)
        third = self.conv_list[2](second)
        return torch.cat([F.avg_pool2d(first, 3, 2, 1) if self.avd_layer else first, second, third, self.conv_list[3](third)], 1)


class StdcBackbone(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        # Numbers go on from list to list, as features.N of the authors' files.
        self.x2, self.x4 = (nn.ModuleList([nn.Sequential()]) for _ in range(2))
        self.x2[0].add_module("0", ConvX(3, width // 2, stride=2))
        self.x4[0].add_module("1", ConvX(width // 2, width, stride=2))
        number, cin = 2, width
        for stage, count in enumerate(blocks):
            layers = nn.Sequential()
            for block in range(count):
                layers.add_module(str(number), CatBottleneck(cin, 4 * width << stage, block == 0))
                number, cin = number + 1, 4 * width << stage
            setattr(self, f"x{8 << stage}", nn.ModuleList([layers]))

    def forward(self, x):
        maps = []
        for name in ("x2", "x4", "x8", "x16", "x32"):
            x = getattr(self, name)[0](x)
            maps.append(x)
        return maps


class Refinement(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv, self.conv_atten, self.bn_atten = ConvX(cin, cout, absolute=True), nn.Conv2d(cout, cout, 1, bias=False), AbsoluteNorm(cout)

    def forward(self, x):
        x = self.conv(x)
        return x * torch.sigmoid(self.bn_atten(self.conv_atten(x.mean((2, 3), keepdim=True))))


class ContextPath(nn.Module):
    def __init__(self, width, blocks, middle):
        super().__init__()
        self.backbone = StdcBackbone(width, blocks)
        self.arm16, self.arm32 = Refinement(8 * width, middle), Refinement(16 * width, middle)
        self.conv_head32, self.conv_head16 = ConvX(middle, middle, absolute=True), ConvX(middle, middle, absolute=True)
        self.conv_avg = ConvX(16 * width, middle, 1, absolute=True)

    def forward(self, x):
        maps = self.backbone(x)
        coarse = self.arm32(maps[4]) + self.conv_avg(maps[4].mean((2, 3), keepdim=True))
        coarse = self.conv_head32(F.interpolate(coarse, maps[3].shape[2:]))
        fine = self.conv_head16(F.interpolate(self.arm16(maps[3]) + coarse, maps[2].shape[2:]))
        return maps, fine, coarse


class Fusion(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.convblk = ConvX(cin, cout, 1, absolute=True)
        self.conv1, self.conv2 = nn.Conv2d(cout, cout // 4, 1, bias=False), nn.Conv2d(cout // 4, cout, 1, bias=False)

    def forward(self, maps):
        x = self.convblk(torch.cat(maps, 1))
        return x * torch.sigmoid(self.conv2(F.relu(self.conv1(x.mean((2, 3), keepdim=True))))) + x


class StdcHead(nn.Module):
    def __init__(self, cin, width, classes):
        super().__init__()
        self.conv, self.conv_out = ConvX(cin, width, absolute=True), nn.Conv2d(width, classes, 1, bias=False)

    def forward(self, x):
        return self.conv_out(self.conv(x))


class Stdc(nn.Module):
    """Outputs for the contexts of strides 16 and 32, for details at stride 8, and the answer."""

    def __init__(self, width, blocks, classes):
        super().__init__()
        self.cp, self.ffm, self.conv_out = ContextPath(width, blocks, 128), Fusion(4 * width + 128, 256), StdcHead(256, 256, classes)
        self.conv_out16, self.conv_out32, self.conv_out_sp8 = StdcHead(128, 64, classes), StdcHead(128, 64, classes), StdcHead(4 * width, 64, 1)

    def forward(self, x):
        maps, fine, coarse = self.cp(x)
        return [self.conv_out16(fine), self.conv_out32(coarse), self.conv_out_sp8(maps[2]), self.conv_out(self.ffm([maps[2], fine]))]
