"""Networks as mmsegmentation 0.x puts them together, in plain PyTorch and with its key names, for the trainings that tests are recorded from:
DeepLabV3+ (Chen et al., ECCV 2018) on ResNet-18 and UPerNet (Xiao et al., ECCV 2018) on ConvNeXt (Liu et al., CVPR 2022). Outputs: the auxiliary
head's, and the answer.
"""
import torch
import torch.nn.functional as F
from torch import nn

from modern import resize

AUXILIARY = 256


class ConvModule(nn.Module):
    def __init__(self, cin, cout, kernel=1, dilation=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, 1, dilation * (kernel // 2), dilation, groups, bias=False)
        self.bn = nn.BatchNorm2d(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Separable(nn.Module):
    def __init__(self, cin, cout, dilation=1):
        super().__init__()
        self.depthwise_conv, self.pointwise_conv = ConvModule(cin, cin, 3, dilation, cin), ConvModule(cin, cout)

    def forward(self, x):
        return self.pointwise_conv(self.depthwise_conv(x))


class Block(nn.Module):
    """mmsegmentation's BasicBlock: the first convolution alone is dilated."""

    def __init__(self, cin, cout, stride, dilation):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)) if stride > 1 or cin != cout else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet18(nn.Module):
    """ResNetV1c at output stride 8: a stage's first block has half its dilation."""

    def __init__(self):
        super().__init__()
        stem, cin = [], 3
        for cout, stride in ((32, 2), (32, 1), (64, 1)):
            stem += [nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU()]
            cin = cout
        self.stem = nn.Sequential(*stem)
        for k, (cout, stride, first, rest) in enumerate(((64, 1, 1, 1), (128, 2, 1, 1), (256, 1, 1, 2), (512, 1, 2, 4)), 1):
            setattr(self, f"layer{k}", nn.Sequential(Block(cin, cout, stride, first), Block(cout, cout, 1, rest)))
            cin = cout

    def forward(self, x):
        x, maps = F.max_pool2d(self.stem(x), 3, 2, 1), []
        for k in (1, 2, 3, 4):
            x = getattr(self, f"layer{k}")(x)
            maps.append(x)
        return maps


class ChannelNorm(nn.LayerNorm):
    def __init__(self, width):
        super().__init__(width, 1e-6)

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNextBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.dwconv, self.norm = nn.Conv2d(width, width, 7, 1, 3, groups=width), nn.LayerNorm(width, 1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.pwconv2(F.gelu(self.pwconv1(self.norm(self.dwconv(x).permute(0, 2, 3, 1))))) * self.gamma
        return x + y.permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    def __init__(self, depths=(3, 3, 9, 3), widths=(96, 192, 384, 768)):
        super().__init__()
        self.downsample_layers = nn.ModuleList([nn.Sequential(nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0]))])
        for a, b in zip(widths, widths[1:]):
            self.downsample_layers.append(nn.Sequential(ChannelNorm(a), nn.Conv2d(a, b, 2, 2)))
        self.stages = nn.ModuleList(nn.Sequential(*(ConvNextBlock(w) for _ in range(d))) for d, w in zip(depths, widths))
        for k, w in enumerate(widths):
            setattr(self, f"norm{k}", ChannelNorm(w))

    def forward(self, x):
        maps = []
        for k, (down, stage) in enumerate(zip(self.downsample_layers, self.stages)):
            x = stage(down(x))
            maps.append(getattr(self, f"norm{k}")(x))
        return maps


class AsppHead(nn.Module):
    def __init__(self, channels, width, fine, classes, rates=(12, 24, 36)):
        super().__init__()
        self.conv_seg = nn.Conv2d(width, classes, 1)
        self.image_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(channels[-1], width))
        self.aspp_modules = nn.ModuleList([ConvModule(channels[-1], width), *(Separable(channels[-1], width, r) for r in rates)])
        self.bottleneck, self.c1_bottleneck = ConvModule(5 * width, width, 3), ConvModule(channels[0], fine)
        self.sep_bottleneck = nn.Sequential(Separable(width + fine, width), Separable(width, width))

    def forward(self, maps):
        x = maps[-1]
        x = self.bottleneck(torch.cat([resize(self.image_pool(x), x), *(m(x) for m in self.aspp_modules)], 1))
        fine = self.c1_bottleneck(maps[0])
        return self.conv_seg(self.sep_bottleneck(torch.cat([resize(x, fine), fine], 1)))


class UperHead(nn.Module):
    def __init__(self, channels, width, classes):
        super().__init__()
        self.conv_seg = nn.Conv2d(width, classes, 1)
        self.psp_modules = nn.ModuleList(nn.Sequential(nn.AdaptiveAvgPool2d(side), ConvModule(channels[-1], width)) for side in (1, 2, 3, 6))
        self.bottleneck = ConvModule(channels[-1] + 4 * width, width, 3)
        self.lateral_convs = nn.ModuleList(ConvModule(c, width) for c in channels[:-1])
        self.fpn_convs = nn.ModuleList(ConvModule(width, width, 3) for _ in channels[:-1])
        self.fpn_bottleneck = ConvModule(len(channels) * width, width, 3)

    def forward(self, maps):
        levels = [m(x) for m, x in zip(self.lateral_convs, maps)]
        last = maps[-1]
        levels.append(self.bottleneck(torch.cat([last, *(resize(m(last), last) for m in self.psp_modules)], 1)))
        for k in (2, 1, 0):
            levels[k] = levels[k] + resize(levels[k + 1], levels[k])
        levels = [*(m(x) for m, x in zip(self.fpn_convs, levels)), levels[-1]]
        return self.conv_seg(self.fpn_bottleneck(torch.cat([levels[0], *(resize(x, levels[0]) for x in levels[1:])], 1)))


class FcnHead(nn.Module):
    def __init__(self, cin, classes):
        super().__init__()
        self.conv_seg, self.convs = nn.Conv2d(AUXILIARY, classes, 1), nn.Sequential(ConvModule(cin, AUXILIARY, 3))

    def forward(self, x):
        return self.conv_seg(self.convs(x))


class EncoderDecoder(nn.Module):
    def __init__(self, backbone, head, channels, classes):
        super().__init__()
        self.backbone, self.decode_head, self.auxiliary_head = backbone, head, FcnHead(channels[2], classes)

    def forward(self, x):
        maps = self.backbone(x)
        return [self.auxiliary_head(maps[2]), self.decode_head(maps)]


def deeplab_resnet18(width, fine, classes):
    channels = (64, 128, 256, 512)
    return EncoderDecoder(ResNet18(), AsppHead(channels, width, fine, classes), channels, classes)


def upernet_convnext_t(width, classes):
    channels = (96, 192, 384, 768)
    return EncoderDecoder(ConvNext(), UperHead(channels, width, classes), channels, classes)
