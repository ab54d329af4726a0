"""HRNet's other forms in plain PyTorch, from the segmentation network's body: pose, classifier, pyramid, OCR.

Sun et al., CVPR 2019 (pose); Wang et al., TPAMI 2020 (classifier, pyramid); Yuan et al., ECCV 2020 (OCR).
State-dict names are those of the official implementations.
"""
import torch
import torch.nn.functional as F
from torch import nn

import hrnet
from hrnet import Bottleneck


class Body(hrnet.HRNetV2):
    """The four branches, without a head; `nearest` repeats pixels in the fuse layers, `highest` keeps the finest branch alone."""

    def __init__(self, config, nearest=True, highest=False, psa=False, align_corners=False):
        super().__init__(config, 1, psa, align_corners)
        del self.last_layer
        self.widths = [config.width << i for i in range(4)]
        for stage in (self.stage2, self.stage3, self.stage4):
            for module in stage:
                module.nearest = nearest
        if highest:
            self.stage4[-1].fuse_layers = self.stage4[-1].fuse_layers[:1]

    def branches(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        xs = [self.layer1(x)]
        for transition, stage in ((self.transition1, self.stage2), (self.transition2, self.stage3), (self.transition3, self.stage4)):
            last = xs[-1]
            xs = [(xs[i] if i < len(xs) else last) if t is None else t(xs[i] if i < len(xs) else last)
                  for i, t in enumerate(transition)]
            xs = stage(xs)
        return xs

    def concatenated(self, x):
        xs = self.branches(x)
        return torch.cat(xs[:1] + [hrnet.resize(y, xs[0].shape[2:], self.align_corners) for y in xs[1:]], 1)


class Pose(Body):
    def __init__(self, config, joints=17, psa=False):
        super().__init__(config, highest=True, psa=psa)
        self.final_layer = nn.Conv2d(config.width, joints, 1)

    def forward(self, x):
        return self.final_layer(self.branches(x)[0])


class Classifier(Body):
    def __init__(self, config, classes=1000, psa=False):
        super().__init__(config, psa=psa)
        wide = [128, 256, 512, 1024]
        self.incre_modules = nn.ModuleList(nn.Sequential(Bottleneck(c, w // 4)) for c, w in zip(self.widths, wide))
        self.downsamp_modules = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU()) for a, b in zip(wide, wide[1:]))
        self.final_layer = nn.Sequential(nn.Conv2d(1024, 2048, 1), nn.BatchNorm2d(2048), nn.ReLU())
        self.classifier = nn.Linear(2048, classes)

    def forward(self, x):
        xs = self.branches(x)
        y = self.incre_modules[0](xs[0])
        for down, widen, branch in zip(self.downsamp_modules, self.incre_modules[1:], xs[1:]):
            y = widen(branch) + down(y)
        return self.classifier(self.final_layer(y).mean((2, 3)))


class Neck(nn.Module):
    def __init__(self, cin, channels):
        super().__init__()
        self.reduction_conv = nn.Sequential(nn.Conv2d(cin, channels, 1))
        self.fpn_conv = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(5))

    def forward(self, x):
        x = self.reduction_conv(x)
        return [conv(F.avg_pool2d(x, 2**i) if i else x) for i, conv in enumerate(self.fpn_conv)]


class Pyramid(nn.Module):
    def __init__(self, config, channels=256, psa=False):
        super().__init__()
        self.backbone = Body(config, psa=psa)
        self.neck = Neck(sum(self.backbone.widths), channels)

    def forward(self, x):
        return self.neck(self.backbone.concatenated(x))


def projected(*widths):
    """1x1 convolutions, each with batch norm and ReLU in a Sequential of their own, as the official names want it."""
    layers = []
    for cin, cout in zip(widths, widths[1:]):
        layers += [nn.Conv2d(cin, cout, 1, bias=False), nn.Sequential(nn.BatchNorm2d(cout), nn.ReLU())]
    return nn.Sequential(*layers)


class Attention(nn.Module):
    def __init__(self, width, keys):
        super().__init__()
        self.f_pixel, self.f_object = projected(width, keys, keys), projected(width, keys, keys)
        self.f_down, self.f_up = projected(width, keys), projected(keys, width)

    def forward(self, x, objects):
        q, k, v = self.f_pixel(x).flatten(2), self.f_object(objects).flatten(2), self.f_down(objects).flatten(2)
        weights = torch.einsum("ndp,ndk->npk", q, k).mul(q.shape[1] ** -0.5).softmax(2)
        context = torch.einsum("npk,ndk->ndp", weights, v)
        return self.f_up(context.reshape(*context.shape[:2], *x.shape[2:]))


class Distribute(nn.Module):
    def __init__(self, width, keys):
        super().__init__()
        self.object_context_block = Attention(width, keys)
        self.conv_bn_dropout = nn.Sequential(*projected(2 * width, width), nn.Dropout2d(0.05))

    def forward(self, x, objects):
        return self.conv_bn_dropout(torch.cat([self.object_context_block(x, objects), x], 1))


class Ocr(Body):
    def __init__(self, config, classes, width=512, keys=256, psa=False):
        super().__init__(config, nearest=False, psa=psa, align_corners=True)
        cin = sum(self.widths)
        self.conv3x3_ocr = nn.Sequential(nn.Conv2d(cin, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.ocr_distri_head = Distribute(width, keys)
        self.cls_head = nn.Conv2d(width, classes, 1)
        self.aux_head = nn.Sequential(nn.Conv2d(cin, cin, 1), nn.BatchNorm2d(cin), nn.ReLU(), nn.Conv2d(cin, classes, 1))

    def forward(self, x):
        x = self.concatenated(x)
        aux, x = self.aux_head(x), self.conv3x3_ocr(x)
        objects = torch.einsum("nkp,ncp->nck", aux.flatten(2).softmax(2), x.flatten(2)).unsqueeze(3)
        return [aux, self.cls_head(self.ocr_distri_head(x, objects))]
