"""U-Net with one decoder or two, SANet and a deep-stemmed FCN in plain PyTorch, on torchvision's backbones.

Ronneberger et al., MICCAI 2015 (as segmentation_models.pytorch has it); the multi-decoder U-Net with pseudo depth (2024);
Zhong et al., CVPR 2020 (SANet, no official code: src/Hwaso.Models/Networks/SANet.cs says what is chosen); PyTorch-Encoding's FCN.
"""
import torch
import torch.nn.functional as F
import torchvision
from torch import nn


def resize(x, like):
    return x if x.shape[2:] == like.shape[2:] else F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


class Body(nn.Module):
    """A torchvision ResNet without its classifier: the stem's map and the four stages'."""

    def __init__(self, net, deep_stem=False):
        super().__init__()
        self.conv1, self.bn1 = net.conv1, net.bn1
        if deep_stem:
            self.conv1 = nn.Sequential(
                nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
                nn.Conv2d(64, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 128, 3, 1, 1, bias=False))
            self.bn1 = nn.BatchNorm2d(128)
            net.layer1[0].conv1 = nn.Conv2d(128, 64, 1, bias=False)
            net.layer1[0].downsample[0] = nn.Conv2d(128, 256, 1, bias=False)
        self.layer1, self.layer2, self.layer3, self.layer4 = net.layer1, net.layer2, net.layer3, net.layer4
        self.channels = [self.bn1.num_features] + [self.width(s) for s in (net.layer1, net.layer2, net.layer3, net.layer4)]
        self.ends = [0, 1, 2, 3, 4]

    @staticmethod
    def width(stage):
        return (stage[-1].bn3 if hasattr(stage[-1], "bn3") else stage[-1].bn2).num_features

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        maps = [x]
        x = F.max_pool2d(x, 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(x := stage(x))
        return maps


def resnet(name, output_stride=32, deep_stem=False):
    dilate = {32: None, 16: [False, False, True], 8: [False, True, True]}[output_stride]
    return Body(getattr(torchvision.models, name)(replace_stride_with_dilation=dilate), deep_stem)


def conv_bn(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU())


class UNetBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv1, self.conv2 = conv_bn(cin, cout), conv_bn(cout, cout)


class UNetDecoder(nn.Module):
    def __init__(self, channels, widths=(256, 128, 64, 32, 16)):
        super().__init__()
        skips = channels[-2::-1] + [0]
        inputs = [channels[-1], *widths]
        self.blocks = nn.ModuleList(UNetBlock(i + s, o) for i, s, o in zip(inputs, skips, widths))

    def forward(self, image, maps):
        x = maps[-1]
        for block, skip in zip(self.blocks, [*maps[-2::-1], None]):
            x = F.interpolate(x, (image if skip is None else skip).shape[2:], mode="nearest")
            x = block.conv2(block.conv1(x if skip is None else torch.cat([x, skip], 1)))
        return x


class UNet(nn.Module):
    def __init__(self, encoder, classes, depth=False, widths=(256, 128, 64, 32, 16)):
        super().__init__()
        self.encoder = resnet(encoder) if isinstance(encoder, str) else encoder
        self.decoder, self.segmentation_head = self.decode(widths, classes)
        if depth:
            self.depth_decoder, self.depth_head = self.decode(widths, 1)
        self.depth = depth

    def decode(self, widths, channels):
        return UNetDecoder(self.encoder.channels, widths), nn.Sequential(nn.Conv2d(widths[-1], channels, 3, padding=1))

    def forward(self, x):
        maps = self.encoder(x)
        logits = self.segmentation_head(self.decoder(x, maps))
        return [self.depth_head(self.depth_decoder(x, maps)), logits] if self.depth else [logits]


def fcn_head(cin, classes, dropout=0.1):
    return nn.Sequential(nn.Conv2d(cin, cin // 4, 3, padding=1, bias=False), nn.BatchNorm2d(cin // 4), nn.ReLU(), nn.Dropout(dropout), nn.Conv2d(cin // 4, classes, 1))


class Fcn(nn.Module):
    """torchvision's FCN, whose outputs stay at their own stride."""

    def __init__(self, backbone, classes, auxiliary, dropout=0.1):
        super().__init__()
        self.backbone, self.classifier = backbone, fcn_head(backbone.channels[4], classes, dropout)
        self.aux_classifier = fcn_head(backbone.channels[3], classes, dropout) if auxiliary else None

    def forward(self, x):
        maps = self.backbone(x)
        logits = self.classifier(maps[4])
        return [self.aux_classifier(maps[3]), logits] if self.aux_classifier else [logits]


class EncodingHead(nn.Module):
    def __init__(self, cin, classes):
        super().__init__()
        self.conv5 = fcn_head(cin, classes)


class EncodingFcn(nn.Module):
    def __init__(self, name, classes, deep_stem):
        super().__init__()
        self.pretrained = resnet(name, 8, deep_stem)
        self.head, self.auxlayer = EncodingHead(2048, classes), EncodingHead(1024, classes)

    def forward(self, x):
        maps = self.pretrained(x)
        return [self.auxlayer.conv5(maps[3]), self.head.conv5(maps[4])]


class Torchvision(nn.Module):
    """A torchvision segmentation network whose outputs stay at their own stride."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        maps = self.net.backbone(x)
        return [self.net.aux_classifier(maps["aux"]), self.net.classifier(maps["out"])]


class SqueezeAttention(nn.Module):
    def __init__(self, cin, inner, classes, pool, activation):
        super().__init__()
        def path():
            return nn.Sequential(nn.Conv2d(cin, inner, 3, padding=1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(), nn.Conv2d(inner, classes, 3, padding=1))
        self.main, self.attn = path(), path()
        self.pool, self.activation = pool, activation

    def forward(self, x):
        squeezed = self.attn(F.avg_pool2d(x, self.pool, ceil_mode=True))
        attention = resize(self.activation(squeezed), x)
        return attention * self.main(x) + attention, squeezed


class Features(nn.Sequential):
    """torchvision's EfficientNet features, every map of them; `stages` whose stride of 2 becomes a dilation."""

    def __init__(self, net, dilated=()):
        super().__init__(*net.features)
        self.channels = [f[-1].out_channels if hasattr(f[-1], "out_channels") else f[0].out_channels for f in self]
        strides = [1] + [s[0].block[-3][0].stride[0] for s in list(self)[1:-1]] + [1]
        self.ends = [k for k in range(1, len(self) - 1) if strides[k + 1] == 2] + [len(self) - 1]
        dilation = 1
        for k in range(1, len(self) - 1):
            first, rest = dilation, dilation * (strides[k] if k in dilated else 1)
            for b, block in enumerate(self[k]):
                depthwise = block.block[-3][0]
                d = first if b == 0 else rest
                depthwise.stride = (1, 1) if k in dilated else depthwise.stride
                depthwise.dilation, depthwise.padding = (d, d), (d * (depthwise.kernel_size[0] // 2),) * 2
            dilation = rest

    def forward(self, x):
        maps = []
        for f in self:
            maps.append(x := f(x))
        return maps


class SANet(nn.Module):
    def __init__(self, backbone, classes, inner=None, pool=2, activation=torch.sigmoid, largest=False):
        super().__init__()
        self.backbone = backbone
        self.classifier = fcn_head(backbone.channels[-1], classes)
        self.stages, self.largest = backbone.ends[-4:], largest
        widths = [backbone.channels[s] for s in self.stages]
        self.sa_heads = nn.ModuleList(SqueezeAttention(c, inner or c // 4, classes, pool, activation) for c in widths)

    def forward(self, x):
        maps = self.backbone(x)
        logits = self.classifier(maps[-1])
        heads = [head(maps[s]) for head, s in zip(self.sa_heads, self.stages)]
        mask = sum(resize(out, logits) for out, _ in heads)
        presence = sum(s.amax((2, 3)) if self.largest else s.mean((2, 3)) for _, s in heads)
        return [mask, presence, mask + logits]
