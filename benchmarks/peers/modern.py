"""Networks after HRNet's time in plain PyTorch, with their authors' key names, for the trainings that tests are recorded from: SegFormer (Xie et al.,
NeurIPS 2021) and PIDNet (Xu et al., CVPR 2023, the small form).
"""
import torch
import torch.nn.functional as F
from torch import nn


def resize(x, like, corners=False):
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=corners)


# SegFormer ----------------------------------------------------------------------------------------------------------

class Tokens(nn.Module):
    """A convolution and a layer norm: the map as tokens [N, T, C], and its size."""

    def __init__(self, cin, cout, kernel, stride):
        super().__init__()
        self.proj, self.norm = nn.Conv2d(cin, cout, kernel, stride, kernel // 2), nn.LayerNorm(cout)

    def forward(self, x):
        x = self.proj(x)
        return self.norm(x.flatten(2).transpose(1, 2)), x.shape[2:]


class Attention(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.q, self.kv, self.proj, self.heads = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width), heads
        if reduction > 1:
            self.sr, self.norm = nn.Conv2d(width, width, reduction, reduction), nn.LayerNorm(width)
        self.reduction = reduction

    def forward(self, x, size):
        n, t, c = x.shape
        source = x
        if self.reduction > 1:
            source = self.norm(self.sr(x.transpose(1, 2).reshape(n, c, *size)).flatten(2).transpose(1, 2))
        def split(y):
            return y.reshape(n, -1, self.heads, c // self.heads).transpose(1, 2)
        k, v = (split(y) for y in self.kv(source).chunk(2, 2))
        weights = (split(self.q(x)) @ k.transpose(2, 3) * (c // self.heads) ** -0.5).softmax(3)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, t, c))


class Depthwise(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, 1, 1, groups=width)

    def forward(self, x, size):
        n, _, c = x.shape
        return self.dwconv(x.transpose(1, 2).reshape(n, c, *size)).flatten(2).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.dwconv, self.fc2 = nn.Linear(width, 4 * width), Depthwise(4 * width), nn.Linear(4 * width, width)

    def forward(self, x, size):
        return self.fc2(F.gelu(self.dwconv(self.fc1(x), size)))


class TokenBlock(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, 1e-6), Attention(width, heads, reduction)
        self.norm2, self.mlp = nn.LayerNorm(width, 1e-6), Mlp(width)

    def forward(self, x, size):
        x = x + self.attn(self.norm1(x), size)
        return x + self.mlp(self.norm2(x), size)


class MixTransformer(nn.Module):
    def __init__(self, depths, widths, heads, reductions):
        super().__init__()
        for k in range(4):
            setattr(self, f"patch_embed{k + 1}", Tokens(widths[k - 1] if k else 3, widths[k], 3 if k else 7, 2 if k else 4))
            setattr(self, f"block{k + 1}", nn.ModuleList(TokenBlock(widths[k], heads[k], reductions[k]) for _ in range(depths[k])))
            setattr(self, f"norm{k + 1}", nn.LayerNorm(widths[k], 1e-6))

    def forward(self, x):
        maps = []
        for k in range(1, 5):
            tokens, size = getattr(self, f"patch_embed{k}")(x)
            for block in getattr(self, f"block{k}"):
                tokens = block(tokens, size)
            x = getattr(self, f"norm{k}")(tokens).transpose(1, 2).reshape(len(x), -1, *size)
            maps.append(x)
        return maps


def named(**modules):
    """Modules under names, in order."""
    box = nn.Module()
    for name, module in modules.items():
        box.add_module(name, module)
    return box


class SegFormerHead(nn.Module):
    def __init__(self, widths, channels, classes, unused=128):
        super().__init__()
        # In the authors' files, and without a part.
        self.conv_seg = nn.Conv2d(unused, classes, 1)
        for k in (4, 3, 2, 1):
            setattr(self, f"linear_c{k}", named(proj=nn.Linear(widths[k - 1], channels)))
        self.linear_fuse = named(conv=nn.Conv2d(4 * channels, channels, 1, bias=False), bn=nn.BatchNorm2d(channels))
        self.linear_pred = nn.Conv2d(channels, classes, 1)

    def forward(self, maps):
        def level(k):
            x = getattr(self, f"linear_c{k}").proj(maps[k - 1].flatten(2).transpose(1, 2)).transpose(1, 2)
            return resize(x.reshape(len(x), -1, *maps[k - 1].shape[2:]), maps[0])
        return self.linear_pred(F.relu(self.linear_fuse.bn(self.linear_fuse.conv(torch.cat([level(k) for k in (4, 3, 2, 1)], 1)))))


class SegFormer(nn.Module):
    def __init__(self, depths, widths, heads, reductions, channels, classes):
        super().__init__()
        self.backbone = MixTransformer(depths, widths, heads, reductions)
        self.decode_head = SegFormerHead(widths, channels, classes)

    def forward(self, x):
        return self.decode_head(self.backbone(x))


# PIDNet -------------------------------------------------------------------------------------------------------------

def conv_bn(cin, cout, kernel, stride=1, bias=False, groups=1):
    return nn.Sequential(nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=bias, groups=groups), nn.BatchNorm2d(cout))


class Basic(nn.Module):
    """A residual block whose caller applies the last ReLU, or not."""

    def __init__(self, cin, cout, stride=1, last=False):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.downsample = conv_bn(cin, cout, 1, stride) if stride > 1 or cin != cout else None
        self.last = last

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + (self.downsample(x) if self.downsample else x)
        return y if self.last else F.relu(y)


class Wide(nn.Module):
    """A bottleneck of twice as many channels outside, without the last ReLU wherever it stands."""

    def __init__(self, cin, width, stride=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 2 * width, 1, bias=False), nn.BatchNorm2d(2 * width)
        self.downsample = conv_bn(cin, 2 * width, 1, stride) if stride > 1 or cin != 2 * width else None

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(y)) + (self.downsample(x) if self.downsample else x)


def basics(cin, cout, count, stride=1):
    return nn.Sequential(*(Basic(cout if k else cin, cout, 1 if k else stride, k == count - 1) for k in range(count)))


def wides(cin, width, count, stride):
    return nn.Sequential(*(Wide(2 * width if k else cin, width, 1 if k else stride) for k in range(count)))


class Exchange(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.f_x, self.f_y = conv_bn(channels, inner, 1), conv_bn(channels, inner, 1)

    def forward(self, fine, coarse):
        share = torch.sigmoid((self.f_x(fine) * resize(self.f_y(coarse), fine)).sum(1, keepdim=True))
        return (1 - share) * fine + share * resize(coarse, fine)


def normed(cin, cout, kernel, groups=1):
    """BN, ReLU, convolution: names 0 and 2."""
    return nn.Sequential(nn.BatchNorm2d(cin), nn.ReLU(), nn.Conv2d(cin, cout, kernel, 1, kernel // 2, groups=groups, bias=False))


class ParallelPooling(nn.Module):
    def __init__(self, cin, width, cout):
        super().__init__()
        pools = [nn.AvgPool2d(5, 2, 2), nn.AvgPool2d(9, 4, 4), nn.AvgPool2d(17, 8, 8), nn.AdaptiveAvgPool2d(1)]
        for k, pool in enumerate(pools):
            setattr(self, f"scale{k + 1}", nn.Sequential(pool, *normed(cin, width, 1)))
        self.scale0 = normed(cin, width, 1)
        self.scale_process = normed(4 * width, 4 * width, 3, groups=4)
        self.compression, self.shortcut = normed(5 * width, cout, 1), normed(cin, cout, 1)

    def forward(self, x):
        first = self.scale0(x)
        levels = [resize(getattr(self, f"scale{k}")(x), x) + first for k in (1, 2, 3, 4)]
        return self.compression(torch.cat([first, self.scale_process(torch.cat(levels, 1))], 1)) + self.shortcut(x)


class LightBag(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv_p, self.conv_i = conv_bn(channels, channels, 1), conv_bn(channels, channels, 1)

    def forward(self, details, context, edges):
        share = torch.sigmoid(edges)
        return self.conv_p((1 - share) * context + details) + self.conv_i(context + share * details)


class EdgeHead(nn.Module):
    def __init__(self, cin, width, cout):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(cin), nn.Conv2d(cin, width, 3, 1, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), nn.Conv2d(width, cout, 1)

    def forward(self, x):
        return self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))


class PidNet(nn.Module):
    """The small form: outputs for the fine map, for edges, and the answer."""

    def __init__(self, c, pooled, head, fine, coarse, classes):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(3, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU())
        self.layer1, self.layer2 = basics(c, c, fine), basics(c, 2 * c, fine, 2)
        self.layer3, self.layer4, self.layer5 = basics(2 * c, 4 * c, coarse, 2), basics(4 * c, 8 * c, coarse, 2), wides(8 * c, 8 * c, 2, 2)
        self.compression3, self.compression4 = conv_bn(4 * c, 2 * c, 1), conv_bn(8 * c, 2 * c, 1)
        self.pag3, self.pag4 = Exchange(2 * c, c), Exchange(2 * c, c)
        self.layer3_, self.layer4_, self.layer5_ = basics(2 * c, 2 * c, fine), basics(2 * c, 2 * c, fine), wides(2 * c, 2 * c, 1, 1)
        self.layer3_d, self.layer4_d, self.layer5_d = Basic(2 * c, c, last=True), wides(c, c, 1, 1), wides(2 * c, 2 * c, 1, 1)
        self.diff3, self.diff4 = conv_bn(4 * c, c, 3), conv_bn(8 * c, 2 * c, 3)
        self.spp, self.dfm = ParallelPooling(16 * c, pooled, 4 * c), LightBag(4 * c)
        self.seghead_p, self.seghead_d, self.final_layer = EdgeHead(2 * c, head, classes), EdgeHead(2 * c, c, 1), EdgeHead(4 * c, head, classes)

    def forward(self, x):
        x = F.relu(self.layer2(F.relu(self.layer1(self.conv1(x)))))
        fine, edges = self.layer3_(x), self.layer3_d(x)
        x = F.relu(self.layer3(x))
        fine, edges = F.relu(self.pag3(fine, self.compression3(x))), F.relu(edges + resize(self.diff3(x), edges))
        exchanged = fine
        x = F.relu(self.layer4(x))
        fine, edges = F.relu(self.pag4(self.layer4_(fine), self.compression4(x))), self.layer4_d(edges)
        edges = F.relu(edges + resize(self.diff4(x), edges))
        context = resize(self.spp(self.layer5(x)), fine)
        answer = self.final_layer(self.dfm(self.layer5_(fine), context, self.layer5_d(edges)))
        return [self.seghead_p(exchanged), self.seghead_d(edges), answer]
