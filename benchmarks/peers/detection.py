"""Faster and Mask R-CNN on HRNetV2p in plain PyTorch, by the conventions of the HRNet authors' release or of mmdetection 2 and 3: networks and losses of a step.

Ren et al., NIPS 2015; He et al., ICCV 2017; Lin et al., CVPR 2017; Wang et al., TPAMI 2020. RoIAlign and NMS are torchvision's operators. Of anchors and
proposals all take part in a step, so that nothing is left to chance, or as many as `counts` says, drawn at random. State-dict names are those of each release.
"""
import math

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import nms, roi_align

import formula
import hrnet
import hrnet_forms
import measure

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
STRIDES, RATIOS = (4, 8, 16, 32, 64), (0.5, 1, 2)
MOST = math.log(1000 / 16)


class ProposalHead(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rpn_conv, self.rpn_cls, self.rpn_reg = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, 3, 1), nn.Conv2d(channels, 12, 1)

    def forward(self, levels):
        """[N, anchors] and [N, anchors, 4] of each level."""
        shared = [F.relu(self.rpn_conv(x)) for x in levels]
        flat = lambda y, each: y.permute(0, 2, 3, 1).reshape(len(y), -1, each)
        return [flat(self.rpn_cls(x), 1)[..., 0] for x in shared], [flat(self.rpn_reg(x), 4) for x in shared]


class BoxHead(nn.Module):
    def __init__(self, channels, width, classes, boxes):
        super().__init__()
        self.shared_fcs = nn.ModuleList([nn.Linear(49 * channels, width), nn.Linear(width, width)])
        self.fc_cls, self.fc_reg = nn.Linear(width, classes + 1), nn.Linear(width, 4 * boxes)

    def forward(self, x):
        for layer in self.shared_fcs:
            x = F.relu(layer(x.flatten(1)))
        return self.fc_cls(x), self.fc_reg(x)


class MaskHead(nn.Module):
    def __init__(self, channels, masks):
        super().__init__()
        self.convs = nn.ModuleList(nn.Sequential() for _ in range(4))
        for layer in self.convs:
            layer.add_module("conv", nn.Conv2d(channels, channels, 3, padding=1))
        self.upsample, self.conv_logits = nn.ConvTranspose2d(channels, channels, 2, 2), nn.Conv2d(channels, masks, 1)

    def forward(self, x):
        for layer in self.convs:
            x = F.relu(layer(x))
        return self.conv_logits(F.relu(self.upsample(x)))


class Detector(nn.Module):
    def __init__(self, config, classes, form="authors", masks=False, channels=256, width=1024, anchor_scale=8, counts=None, proposals=2000):
        super().__init__()
        self.authors, self.classes, self.anchor_scale, self.counts = form == "authors", classes, anchor_scale, counts
        # The longer side of a box includes its last pixel in the authors' release.
        self.extent, self.most = (1, 2000) if self.authors else (0, 1000)
        self.background, columns = (0, classes + 1) if self.authors else (classes, classes)
        self.backbone = hrnet_forms.Body(config)
        self.neck = hrnet_forms.Neck(sum(self.backbone.widths), channels)
        self.rpn_head = ProposalHead(channels)
        self.bbox_head = BoxHead(channels, width, classes, columns)
        self.mask_head = MaskHead(channels, columns) if masks else None

    def name(self, key):
        """The release's name of a key."""
        if self.authors:
            return key
        key = key.replace("neck.reduction_conv.0", "neck.reduction_conv.conv")
        return "roi_head." + key if key.startswith(("bbox_head", "mask_head")) else key

    def levels(self, images):
        return self.neck(self.backbone.concatenated(images))

    def anchors(self, levels):
        made = []
        for stride, level in zip(STRIDES, levels):
            h, w = level.shape[2:]
            roots = torch.tensor(RATIOS, dtype=level.dtype).sqrt()
            sides = stride * self.anchor_scale * torch.stack([1 / roots, roots], 1)
            if self.authors:
                middle = (stride - 1) / 2
                base = torch.cat([middle - (sides - 1) / 2, middle + (sides - 1) / 2], 1).round()
            else:
                base = torch.cat([-sides / 2, sides / 2], 1)
            y, x = torch.meshgrid(torch.arange(h) * stride, torch.arange(w) * stride, indexing="ij")
            made.append((torch.stack([x, y, x, y], -1).reshape(-1, 1, 4) + base).reshape(-1, 4))
        return made

    def overlaps(self, a, b):
        area = lambda t: (t[:, 2] - t[:, 0] + self.extent) * (t[:, 3] - t[:, 1] + self.extent)
        common = (torch.min(a[:, None, 2:], b[None, :, 2:]) - torch.max(a[:, None, :2], b[None, :, :2]) + self.extent).clamp(min=0).prod(2)
        return common / (area(a)[:, None] + area(b)[None] - common)

    def assign(self, boxes, truths, positive, negative, least):
        """For each box a truth's place, -1 for background, -2 for neither; `least`: from which overlap on a truth's best boxes are its own."""
        overlaps = self.overlaps(truths, boxes)
        best, place = overlaps.max(0)
        result = torch.where(best >= positive, place, torch.where(best < negative, -1, -2))
        if least is not None:
            for t, row in enumerate(overlaps):
                if row.max() >= least:
                    result[row == row.max()] = t
        return result

    def deltas(self, boxes, truths, stds):
        centre = lambda t: (t[:, :2] + t[:, 2:]) / 2
        side = lambda t: t[:, 2:] - t[:, :2] + self.extent
        return torch.cat([(centre(truths) - centre(boxes)) / side(boxes), (side(truths) / side(boxes)).log()], 1) / boxes.new_tensor(stds)

    def decode(self, boxes, deltas, size):
        centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2] + self.extent
        middle, half = centre + side * deltas[:, :2], side * deltas[:, 2:].clamp(-MOST, MOST).exp() / 2
        whole = torch.cat([middle - half + self.extent / 2, middle + half - self.extent / 2], 1)
        border = boxes.new_tensor([size[1], size[0]]).repeat(2) - self.extent
        return whole.clamp(min=0).min(border)

    def suppressed(self, boxes, scores, threshold):
        return nms(boxes + boxes.new_tensor([0, 0, self.extent, self.extent]), scores, threshold)

    @torch.no_grad()
    def proposals(self, logits, deltas, anchors, n, size):
        found, sure = [], []
        for level, own, start in zip(logits, deltas, anchors):
            scores, places = level[n].sigmoid().topk(min(2000, level.shape[1]))
            boxes = self.decode(start[places], own[n][places], size)
            if not self.authors:
                good = (boxes[:, 2:] > boxes[:, :2]).all(1)
                boxes, scores = boxes[good], scores[good]
            kept = self.suppressed(boxes, scores, 0.7)[:2000]
            found.append(boxes[kept])
            sure.append(scores[kept])
        boxes, scores = torch.cat(found), torch.cat(sure)
        return boxes[scores.topk(min(self.most, len(scores)))[1]]

    def pool(self, levels, boxes, side):
        """Boxes of each image; the level by a box's size."""
        rois = torch.cat([F.pad(own, (1, 0), value=n) for n, own in enumerate(boxes)])
        size = ((rois[:, 3:] - rois[:, 1:3]) + self.extent).prod(1).sqrt()
        level = (size / 56 + 1e-6).log2().floor().clamp(0, 3)
        features = levels[0].new_zeros(len(rois), levels[0].shape[1], side, side)
        for k, stride in enumerate(STRIDES[:4]):
            own = (level == k).nonzero()[:, 0]
            moved = rois[own]
            if self.authors:
                moved = moved + moved.new_tensor([0, stride / 2, stride / 2, 1 + stride / 2, 1 + stride / 2])
            features = features.index_add(0, own, roi_align(levels[k], moved, side, 1 / stride, 2 if self.authors else 0, aligned=True))
        return features

    def drawn(self, assigned, count, share):
        """Places with an object and without."""
        positive, negative = (assigned >= 0).nonzero()[:, 0], (assigned == -1).nonzero()[:, 0]
        if self.counts is None:
            return positive, negative
        positive = positive[torch.randperm(len(positive))[:int(count * share)]]
        return positive, negative[torch.randperm(len(negative))[:count - len(positive)]]

    def losses(self, images, sizes, truths, labels, masks=None):
        """The losses of a step: of the proposal network's classes and boxes, of the head's, and of masks if there are some.

        `sizes`: height and width of each image without padding; `truths` [T, 4] and `labels` [T] from 0 of each; `masks` [T, H, W] of 0 and 1."""
        levels = self.levels(images)
        logits, deltas = self.rpn_head(levels)
        anchors = self.anchors(levels)
        every, counts, first = torch.cat(anchors), self.counts or (None, None), []
        divisor, objects, boxes = 0, 0, 0
        for n, size in enumerate(sizes):
            inside = (every >= 0).all(1) & (every[:, 2] < size[1]) & (every[:, 3] < size[0]) if self.authors else torch.ones(len(every), dtype=torch.bool)
            places = inside.nonzero()[:, 0]
            assigned = self.assign(every[places], truths[n], 0.7, 0.3, 0.3)
            positive, negative = self.drawn(assigned, counts[0], 0.5)
            own, differences = torch.cat([level[n] for level in logits])[places], torch.cat([d[n] for d in deltas])[places]
            targets = torch.cat([torch.ones(len(positive)), torch.zeros(len(negative))]).to(own)
            objects = objects + F.binary_cross_entropy_with_logits(own[torch.cat([positive, negative])], targets, reduction="sum")
            wanted = self.deltas(every[places[positive]], truths[n][assigned[positive]], [1, 1, 1, 1])
            boxes = boxes + self.distance(differences[positive], wanted, 1 / 9)
            divisor += max(len(positive), 1) + max(len(negative), 1)
            first.append(self.proposals(logits, deltas, anchors, n, size))
        result = [objects / divisor, boxes / divisor]

        chosen, columns, wanted, learned, own = [], [], [], [], []
        for n, found in enumerate(first):
            assigned = torch.cat([torch.arange(len(truths[n])), self.assign(found, truths[n], 0.5, 0.5, 0.5 if self.authors else None)])
            found = torch.cat([truths[n], found])
            positive, negative = self.drawn(assigned, counts[1], 0.25)
            chosen.append(found[torch.cat([positive, negative])])
            own.append((found[positive], assigned[positive]))
            columns.append(torch.cat([labels[n][assigned[positive]] + (1 if self.authors else 0), torch.full((len(negative),), self.background)]))
            wanted.append(self.deltas(found[positive], truths[n][assigned[positive]], [0.1, 0.1, 0.2, 0.2]))
            learned.append(torch.cat([torch.ones(len(positive)), torch.zeros(len(negative))]).bool())
        columns, wanted, learned = torch.cat(columns), torch.cat(wanted), torch.cat(learned)
        classes, differences = self.bbox_head(self.pool(levels, chosen, 7))
        mine = differences.reshape(len(columns), -1, 4)[learned, columns[learned]]
        result += [F.cross_entropy(classes, columns), self.distance(mine, wanted, 1) / len(columns)]
        if self.mask_head is not None:
            targets = torch.cat([torch.stack([self.target(masks[n][t], box) for box, t in zip(*own[n])]) for n in range(len(own))])
            shapes = self.mask_head(self.pool(levels, [o[0] for o in own], 14))
            rows = torch.arange(len(shapes))
            result.append(F.binary_cross_entropy_with_logits(shapes[rows, columns[learned]], targets.to(shapes)))
        return result

    def distance(self, given, wanted, beta):
        return F.smooth_l1_loss(given, wanted, reduction="sum", beta=beta) if self.authors else (given - wanted).abs().sum()

    def target(self, mask, box):
        """28x28 of an object's mask [H, W] in a box."""
        if self.authors:
            x1, y1, x2, y2 = (int(v) for v in box)
            return torch.from_numpy(cv2.resize(mask.numpy().astype(np.uint8)[y1:y2 + 1, x1:x2 + 1], (28, 28), interpolation=cv2.INTER_LINEAR))
        return roi_align(mask[None, None].to(box), F.pad(box[None], (1, 0)), 28, 1, 0, aligned=True)[0, 0] >= 0.5


def by_formula(net, scales):
    """Fills a network; `scales`: what some of its weights are multiplied by."""
    state = net.state_dict()
    names = {key: net.name(key) if hasattr(net, "name") else key for key in state}
    net.load_state_dict({key: formula.tensor(names[key], tuple(v.shape)) * (scales.get(names[key], 1) if v.is_floating_point() else 1) for key, v in state.items()})
    return net
