"""Training a U-Net with a semantic and a depth decoder in stages, or one decoder alone, in plain PyTorch.

The multi-decoder network with pseudo depth (2024): 0.85 L_seg + 0.15 L_depth, L_seg focal in the softmax's form, L_depth the mean squared
error over the pixels that have a depth. What the text leaves open is as in src/Hwaso.Training/Runs: a new optimiser each stage, parts that do
not learn in evaluation mode, weights and statistics copied.
"""
import types

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import BasicBlock

import dense

PARTS = {"encoder": ["encoder"], "semantic": ["decoder", "segmentation_head"], "depth": ["depth_decoder", "depth_head"]}


def small(classes, depth):
    """The U-Net on a ResNet of one narrow block a stage."""
    def stage(cin, cout, stride):
        shortcut = None if cin == cout and stride == 1 else nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
        return nn.Sequential(BasicBlock(cin, cout, stride, shortcut))
    net = types.SimpleNamespace(
        conv1=nn.Conv2d(3, 8, 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(8),
        layer1=stage(8, 8, 1), layer2=stage(8, 8, 2), layer3=stage(8, 16, 2), layer4=stage(16, 16, 2))
    return dense.UNet(dense.Body(net), classes, depth, (16, 16, 8, 8, 8))


def focal(logits, labels, alpha=1.0, gamma=2.0):
    entropy = F.cross_entropy(logits, labels, ignore_index=255, reduction="none")
    return (alpha * (1 - torch.exp(-entropy)) ** gamma * entropy)[labels != 255].mean()


def depth_error(prediction, depth):
    there = torch.isfinite(depth)
    return ((prediction.squeeze(1)[there] - depth[there]) ** 2).mean()


def begin(net, stage):
    """Copies what the stage wants copied, and lets learn what learns in it."""
    if "copy" in stage:
        source, target = (getattr(net, name) for name in stage["copy"])
        target.load_state_dict(source.state_dict())
    for part, modules in PARTS.items():
        for module in (getattr(net, m) for m in modules if hasattr(net, m)):
            module.train(part in stage["learn"])
            for p in module.parameters():
                p.requires_grad_(part in stage["learn"])
    learning = [p for p in net.parameters() if p.requires_grad]
    name, options = stage["optimizer"]
    return {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[name](learning, **options)


def loss(net, images, labels, depth, semantic_weight, depth_weight):
    outputs = net(images)
    total = semantic_weight * focal(outputs[-1], labels) if semantic_weight else 0
    return total + depth_weight * depth_error(outputs[0], depth) if depth_weight else total


def train(net, images, labels, depth, stages):
    """The loss of every step, each of the whole batch."""
    losses = []
    for stage in stages:
        optimiser = begin(net, stage)
        for _ in range(stage["steps"]):
            optimiser.zero_grad()
            value = loss(net, images, labels, depth, *stage["weights"])
            value.backward()
            optimiser.step()
            losses.append(value.item())
    return losses
