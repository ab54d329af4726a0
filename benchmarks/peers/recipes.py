"""What a recipe trains, in plain PyTorch: network, losses, optimiser, rates and stages of every recipe and study in recipes/.

Reads the same YAML as Hwaso; docs/recipes.md has the keys, their defaults and the losses' formulas. The papers: Wang et al., TPAMI 2020 (HRNet);
Zhong et al., CVPR 2020 (SANet); the multi-decoder network with pseudo depth (2024): 0.85 L_seg + 0.15 L_depth. What that one leaves open is as in
docs/decisions/stages.md: a new optimiser each stage, parts that do not learn in evaluation mode, weights and statistics copied.
"""
import math
import pathlib
import re
import types

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from torch import nn

import attention
import decode_heads
import dense
import hrnet
import hrnet_forms
import modern
import psa
import real_time

CITYSCAPES = [0.8373, 0.918, 0.866, 1.0345, 1.0166, 0.9969, 0.9754, 1.0489, 0.8786, 1.0023, 0.9539, 0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507]
BLOCKS = {"50": [3, 4, 6, 3], "101": [3, 4, 23, 3]}
ATTENTION = {
    "psa-spatial": hrnet.SpatialAttention, "psa-p": psa.Parallel, "psa-s": psa.Sequential,
    "se": attention.SqueezeExcitation, "dca": attention.DeformableAttention,
}
PARTS = {"encoder": ["encoder"], "semantic": ["decoder", "segmentation_head"], "depth": ["depth_decoder", "depth_head"]}
HEADS = ("last_layer", "aux_head", "conv3x3_ocr", "ocr_distri_head", "cls_head", "classifier", "aux_classifier", "sa_heads", "decoder", "segmentation_head", "depth_decoder", "depth_head", "decode_head", "final_layer", "seghead_p", "seghead_d",
         "auxiliary_head", "seghead_extra", "head", "aux2", "aux3", "aux4", "aux5_4", "ffm", "conv_out", "conv_out16", "conv_out32", "conv_out_sp8")


# Reading ------------------------------------------------------------------------------------------------------------

def put(recipe, key, value):
    """Sets `a.b[0].c`; None takes the key out."""
    *above, last = [int(k) if k.isdigit() else k for k in re.findall(r"[^.\[\]]+", key)]
    for k in above:
        recipe = recipe[k] if isinstance(k, int) else recipe.setdefault(k, {})
    if value is None:
        recipe.pop(last, None)
    else:
        recipe[last] = value


def read(path, settings):
    """The recipe of a file, with settings `key=value` as --set takes them, or pairs."""
    recipe = yaml.safe_load(pathlib.Path(path).read_text())
    for setting in settings:
        key, value = setting if isinstance(setting, tuple) else setting.split("=", 1)
        put(recipe, key, yaml.safe_load(value) if isinstance(value, str) else value)
    return recipe


def variants(study):
    """Name, recipe and settings of every row of a study in full."""
    grid = yaml.safe_load(study.read_text())
    for row in grid["variants"]:
        yield row["name"], study.parent / row.get("recipe", grid.get("recipe")), [*grid.get("set", {}).items(), *row.get("set", {}).items()]


# Networks -----------------------------------------------------------------------------------------------------------

class Block(nn.Module):
    """A ResNet's BasicBlock or Bottleneck, dilated, with an attention module behind a 3x3 convolution's ReLU if wanted."""

    def __init__(self, cin, width, bottleneck, stride, dilation, module):
        super().__init__()
        cout = 4 * width if bottleneck else width
        def conv3(a, b, s=1):
            return nn.Conv2d(a, b, 3, s, dilation, dilation, bias=False)
        self.conv1, self.bn1 = nn.Conv2d(cin, width, 1, bias=False) if bottleneck else conv3(cin, width, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv3(width, width, stride if bottleneck else 1), nn.BatchNorm2d(width)
        if bottleneck:
            self.conv3, self.bn3 = nn.Conv2d(width, cout, 1, bias=False), nn.BatchNorm2d(cout)
        self.deattn = module(width) if module else None
        self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)) if stride > 1 or cin != cout else None
        self.bottleneck = bottleneck

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        if self.bottleneck:
            y = F.relu(self.bn2(self.conv2(y)))
        y = self.deattn(y) if self.deattn else y
        y = self.bn3(self.conv3(y)) if self.bottleneck else self.bn2(self.conv2(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


def resnet(model, depth, dilated, module):
    given = {"blocks": BLOCKS.get(depth), "widths": [64, 128, 256, 512], "block": "bottleneck", "stem_channels": 64, **model.get("resnet", {})}
    bottleneck, stem = given["block"] == "bottleneck", given["stem_channels"]
    cin, layers = stem, []
    # The first block of a dilated stage keeps the dilation so far, the rest double it.
    for blocks, width, stride, first, rest in zip(given["blocks"], given["widths"], (1, 2, 1, 1) if dilated else (1, 2, 2, 2), (1, 1, 1, 2) if dilated else (1,) * 4, (1, 1, 2, 4) if dilated else (1,) * 4):
        cout = 4 * width if bottleneck else width
        layers.append(nn.Sequential(*(Block(cout if b else cin, width, bottleneck, 1 if b else stride, rest if b else first, module) for b in range(blocks))))
        cin = cout
    return dense.Body(types.SimpleNamespace(
        conv1=nn.Conv2d(3, stem, 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(stem), **{f"layer{k + 1}": layer for k, layer in enumerate(layers)}))


def high_resolution(model, ocr, module):
    channels, corners = model["stage2"]["channels"], model.get("align_corners", ocr)
    config = hrnet.Config(channels[0], model["stage1"]["channels"], model["stage1"]["blocks"], tuple(model[f"stage{k}"].get("modules", 1) for k in (2, 3, 4)), model["stage2"]["blocks"][0])
    if ocr:
        net = hrnet_forms.Ocr(config, model["classes"], model["ocr"]["channels"], model["ocr"]["key_channels"])
    else:
        net = hrnet.HRNetV2(config, model["classes"], align_corners=corners)
    for block in (m for m in net.modules() if module and isinstance(m, hrnet.BasicBlock)):
        block.deattn = module(block.conv1.out_channels)
    return net


def network(model):
    """The network of a recipe's `model` section, untrained."""
    name, _, added = model.get("name", model.get("family")).partition("+")
    if name.startswith("segformer"):
        sizes = model["transformer"]
        return modern.SegFormer(*(sizes[k] for k in ("depths", "widths", "stage_heads", "reductions")), model["segformer"]["channels"], model["classes"])
    if name.startswith("pidnet"):
        net = modern.PidNet(*(model["dual"][k] for k in ("planes", "pooling_channels", "head_channels", "fine_blocks", "coarse_blocks")), model["classes"])
        net.align_corners = model.get("align_corners", False)
        return net
    if name.startswith("ddrnet"):
        net = real_time.DdrNet(*(model["dual"][k] for k in ("planes", "pooling_channels", "head_channels")), model["classes"])
        net.align_corners = model.get("align_corners", False)
        return net
    if name == "bisenetv2":
        return real_time.BiSeNetV2(*(model["bilateral"][k] for k in ("head_channels", "auxiliary_channels")), model["classes"])
    if name == "stdc1":
        net = real_time.Stdc(model["stdc"]["width"], [2, 2, 2], model["classes"])
        net.align_corners = True
        return net
    if name == "deeplabv3plus-resnet18":
        return decode_heads.deeplab_resnet18(model["decoder"]["channels"], model["decoder"]["fine_channels"], model["classes"])
    if name == "upernet-convnext-t":
        return decode_heads.upernet_convnext_t(model["decoder"]["channels"], model["classes"])
    chosen = model.get("attention", {"name": added or "none"})
    module = ATTENTION.get(chosen if isinstance(chosen, str) else chosen["name"])
    family, depth = re.fullmatch(r"(hrnetv2(?=.*-ocr)|hrnetv2|fcn-resnet|sanet-resnet|unet-resnet)(\d*).*", name).groups()
    if family == "hrnetv2":
        net = high_resolution(model, name.endswith("-ocr"), module)
    elif family == "unet-resnet":
        net = dense.UNet(resnet(model, depth, False, module), model["classes"], name.endswith("-multidecoder"), tuple(model["unet"]["channels"]))
    elif family == "fcn-resnet":
        net = dense.Fcn(resnet(model, depth, True, module), model["classes"], model.get("fcn", {}).get("auxiliary", True))
    else:
        net = dense.SANet(resnet(model, depth, True, module), model["classes"], pool=model.get("sanet", {}).get("pool", 2))
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = model.get("bn_momentum", 0.1)
        elif isinstance(m, nn.Dropout):
            m.p = model.get("fcn", {}).get("dropout", m.p)
        elif isinstance(m, nn.Dropout2d):
            m.p = model.get("ocr", {}).get("dropout", m.p)
    return net


# Losses -------------------------------------------------------------------------------------------------------------

def memberships(logits, labels, ignored):
    """Softmax and membership [K, P] of the pixels that count."""
    counts = labels != ignored
    return logits.softmax(1).transpose(0, 1)[:, counts], F.one_hot(labels[counts], logits.shape[1]).T.to(logits)


def dice(p, y, smooth):
    there = y.sum(1) > 0
    return (1 - (2 * (p * y).sum(1) + smooth) / (p.sum(1) + y.sum(1) + smooth))[there].mean()


def lovasz(p, y):
    costs = []
    for errors, members in zip((y - p).abs(), y):
        if members.sum() > 0:
            errors, order = errors.sort(descending=True)
            members = members[order]
            jaccard = 1 - (members.sum() - members.cumsum(0)) / (members.sum() + (1 - members).cumsum(0))
            costs.append(errors @ jaccard.diff(prepend=jaccard.new_zeros(1)))
    return sum(costs) / len(costs)


def hard_pixels(logits, labels, ignored, weight, threshold, keep):
    plain = F.cross_entropy(logits, labels, ignore_index=ignored, reduction="none")[labels != ignored]
    costs = F.cross_entropy(logits, labels, weight, ignore_index=ignored, reduction="none")[labels != ignored]
    certainty = torch.exp(-plain.detach())
    hard = certainty < max(threshold, certainty.sort()[0][min(keep, len(certainty) - 1)].item())
    return costs[hard].sum() / hard.sum()


def dearest_pixels(logits, labels, ignored, weight, threshold):
    """BiSeNet's rule: costs above the threshold's, or the largest sixteenth of the pixels that count."""
    costs = F.cross_entropy(logits, labels, weight, ignore_index=ignored, reduction="none").flatten()
    hard, least = costs[costs > -math.log(threshold)], (labels != ignored).sum().item() // 16
    return hard.mean() if len(hard) >= least else costs.topk(least)[0].mean()


def of_pixels(logits, labels, loss, corners, plain=False):
    """The loss that is named, of logits brought to the labels' size; `plain`: cross entropy, whatever is named."""
    logits = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=corners) if logits.shape[2:] != labels.shape[1:] else logits
    name, ignored = loss.get("name", "cross_entropy"), loss.get("ignore_index", 255)
    weight = {"none": None, "cityscapes": CITYSCAPES}.get(loss.get("class_weights", "none"))
    weight = None if weight is None else logits.new_tensor(weight)
    entropy = F.cross_entropy(logits, labels, weight, ignore_index=ignored, label_smoothing=loss.get("label_smoothing", 0.0))
    if loss.get("average") == "all" and not plain:
        return F.cross_entropy(logits, labels, weight, ignore_index=ignored, reduction="sum") / labels.numel()
    if plain or name == "cross_entropy":
        return entropy
    if name == "focal":
        each = F.cross_entropy(logits, labels, ignore_index=ignored, reduction="none")[labels != ignored]
        return (loss.get("alpha", 1) * (1 - torch.exp(-each)) ** loss.get("gamma", 2) * each).mean()
    if name == "ohem" and loss.get("rule") == "bisenet":
        return dearest_pixels(logits, labels, ignored, weight, loss["threshold"])
    if name == "ohem":
        return hard_pixels(logits, labels, ignored, weight, loss.get("threshold", 0.9), loss.get("keep", 131072))
    p, y = memberships(logits, labels, ignored)
    share = loss.get("cross_entropy_share", 0)
    return (dice(p, y, loss.get("smooth", 1)) if name == "dice" else lovasz(p, y)) + (share * entropy if share else 0)


def depth_error(prediction, depth):
    there = torch.isfinite(depth)
    return ((prediction.squeeze(1)[there] - depth[there]) ** 2).mean()


def presence(logits, labels, ignored):
    there = torch.stack([torch.stack([(image == k).any() for k in range(logits.shape[1])]) for image in labels])
    return F.binary_cross_entropy_with_logits(logits, there.to(logits))


def edges(labels):
    """OpenCV's, as PIDNet's loader asks for them: a rim of six pixels cleared, widened by 4x4."""
    import cv2
    maps = []
    for label in labels.numpy().astype(np.uint8):
        inner = np.pad(cv2.Canny(label, 0.1, 0.2)[6:-6, 6:-6], 6)
        maps.append(cv2.dilate(inner, np.ones((4, 4), np.uint8)) > 50)
    return torch.from_numpy(np.stack(maps))


def pidnet_cost(outputs, labels, loss, corners):
    heads, ignored = loss.get("heads", {}), loss.get("ignore_index", 255)
    fine, edge, answer = (F.interpolate(o, labels.shape[1:], mode="bilinear", align_corners=corners) for o in outputs)
    target = edges(labels).to(edge)
    share = target.mean()
    weight = torch.where(target == 1, 1 - share, share)
    boundary = F.binary_cross_entropy_with_logits(edge.squeeze(1), target, weight)
    near = torch.where(edge.squeeze(1).detach().sigmoid() > 0.8, labels, torch.full_like(labels, ignored))
    return (heads.get("auxiliary", 0.4) * of_pixels(fine, labels, {**loss, "name": "cross_entropy", "average": "all"}, False)
            + of_pixels(answer, labels, loss, False) + heads.get("edges", 20) * boundary
            + heads.get("edge_pixels", 1) * (of_pixels(answer, near, loss, False) if (near != ignored).any() else 0))


def details(labels):
    """STDC's: where a label is larger than the mean of those around it, at stride 1 or 2."""
    image, kernel = labels[:, None].float(), -torch.ones(1, 1, 3, 3)
    kernel[..., 1, 1] = 8
    def changes(stride):
        return F.interpolate((F.conv2d(image, kernel, stride=stride, padding=1) > 0.1).float(), labels.shape[1:])
    return (changes(1) + changes(2)).clamp(max=1)


def stdc_cost(outputs, labels, loss):
    truth = details(labels)
    def learned(logits):
        logits = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=True)
        target, share = truth.to(logits), logits.sigmoid()
        score = (2 * (share * target).sum((1, 2, 3)) + 1) / (share.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)
        return F.binary_cross_entropy_with_logits(logits, target) + (1 - score).mean()
    return sum(of_pixels(o, labels, loss, True) for o in (outputs[0], outputs[1], outputs[-1])) + sum(learned(o) for o in outputs[2:-1])


def cost(net, outputs, labels, depth, recipe, stage):
    loss, corners = recipe.get("loss", {}), getattr(net, "align_corners", False)
    heads, ignored = loss.get("heads", {}), loss.get("ignore_index", 255)
    if isinstance(net, modern.PidNet):
        return pidnet_cost(outputs, labels, loss, corners)
    if isinstance(net, real_time.Stdc):
        return stdc_cost(outputs, labels, loss)
    if isinstance(net, real_time.BiSeNetV2):
        return sum(of_pixels(o, labels, loss, corners) for o in outputs)
    if isinstance(net, decode_heads.EncoderDecoder):
        return heads.get("auxiliary", 0.4) * of_pixels(outputs[0], labels, loss, corners) + of_pixels(outputs[1], labels, loss, corners)
    answer = of_pixels(outputs[-1], labels, loss, corners)
    if isinstance(net, dense.SANet):
        mask, classes, _ = outputs
        return of_pixels(mask, labels, loss, corners) + heads.get("categorical", 0.2) * presence(classes, labels, ignored) + heads.get("dense", 0.8) * answer
    if isinstance(net, dense.UNet):
        if len(outputs) == 1:
            return answer
        usual = {(True, True): (0.85, 0.15), (False, False): (0.85, 0.15), (True, False): (1, 0), (False, True): (0, 1)}[tuple(p in stage["learn"] for p in ("semantic", "depth"))] if stage else (heads.get("semantic", 0.85), heads.get("depth", 0.15))
        semantic, deep = (stage.get(k, w) for k, w in zip(("semantic_weight", "depth_weight"), usual)) if stage else usual
        return (semantic * answer if semantic else 0) + (deep * depth_error(outputs[0], depth) if deep else 0)
    if len(outputs) == 1:
        return answer
    auxiliary = heads.get("auxiliary", 0.4 if isinstance(net, (hrnet_forms.Ocr, real_time.DdrNet)) else 0.5)
    return auxiliary * of_pixels(outputs[0], labels, loss, corners, plain=True) + answer


# Steps --------------------------------------------------------------------------------------------------------------

def rule(recipe, stage):
    """The optimiser's settings: a stage's own over the run's where they are of one kind."""
    usual, own = recipe["train"]["optimizer"], (stage or {}).get("optimizer", {})
    return {**usual, **own} if own.get("name", usual.get("name")) == usual.get("name") else own


def layer(key, layers):
    """ConvNeXt's stages as its authors count them: 0 to layers + 1."""
    parts = key.split(".")
    return 0 if parts[:2] == ["backbone", "downsample_layers"] else int(parts[2]) + 1 if parts[:2] == ["backbone", "stages"] else layers + 1


def optimiser(net, options):
    def settings(key, p):
        rate = options.get("head_rate_multiplier", 1) if key.split(".")[0] in HEADS else 1
        decay = options.get("weight_decay", 0) if options.get("decay_norms", True) or p.dim() > 1 else 0
        if "layer_decay" in options:
            falling = options["layer_decay"]
            rate *= falling["factor"] ** (falling["layers"] + 1 - layer(key, falling["layers"]))
        own = next((g for g in options.get("groups", []) if g["contains"] in key), {})
        return {"lr": options["learning_rate"] * rate * own.get("rate_multiplier", 1), "weight_decay": decay * own.get("decay_multiplier", 1)}
    groups = [{"params": [p], **settings(k, p)} for k, p in net.named_parameters() if p.requires_grad]
    if options.get("name", "sgd") == "sgd":
        return torch.optim.SGD(groups, options["learning_rate"], options.get("momentum", 0.9), nesterov=options.get("nesterov", False))
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options["name"]]
    return kind(groups, options["learning_rate"], tuple(options.get("betas", (0.9, 0.999))), options.get("eps", 1e-8))


def factor(schedule, step, steps, base):
    """What the base rate is multiplied by."""
    warmup, ratio = schedule.get("warmup_iterations", 0), schedule.get("warmup_ratio", 0.1)
    rise = 1 if step >= warmup else ratio ** (1 - step / warmup) if schedule.get("warmup") == "exponential" else ratio + (1 - ratio) * step / warmup
    if schedule.get("after_warmup"):
        if step < warmup:
            return rise
        step, steps = step - warmup, steps - warmup
    end = schedule.get("end", 0) / base
    name = schedule.get("name", "poly")
    if name == "poly":
        value = end + (1 - end) * (1 - step / steps) ** schedule.get("power", 0.9)
    elif name == "cosine":
        value = end + (1 - end) * (1 + math.cos(math.pi * step / steps)) / 2
    else:
        value = schedule.get("gamma", 0.1) ** sum(step >= m for m in schedule["milestones"]) if name == "step" else 1
    return value * rise


def begin(net, recipe, stage):
    """Copies what the stage wants copied, and lets learn what learns in it."""
    net.train()
    if stage:
        source, _, target = stage.get("copy", "none").partition("_to_")
        if target:
            decoders = {"semantic": net.decoder, "depth": net.depth_decoder}
            decoders[target].load_state_dict(decoders[source].state_dict())
        for part, modules in PARTS.items():
            for module in (getattr(net, m) for m in modules):
                module.train(part in stage["learn"]).requires_grad_(part in stage["learn"])
    norms = recipe["train"].get("batch_norm", "learn")
    for m in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d) and norms != "learn"):
        m.eval().requires_grad_(norms == "keep_statistics")


def train(net, recipe, images, labels, depth, lower=None):
    """The loss of every step, each of the whole set (an epoch is one step), and what is saved. `lower`: the type of autocast."""
    losses, average, settings = [], None, recipe["train"]
    for stage in recipe.get("stages", [None]):
        begin(net, recipe, stage)
        options = rule(recipe, stage)
        learner, steps = optimiser(net, options), (stage or settings)["epochs"]
        rates = [g["lr"] for g in learner.param_groups]
        average = {k: v.clone() for k, v in net.state_dict().items()} if "ema_decay" in settings else None
        for step in range(steps):
            for group, rate in zip(learner.param_groups, rates):
                group["lr"] = rate * factor(settings.get("schedule", {}), step, steps, options["learning_rate"])
            learner.zero_grad()
            total, parts = 0, settings.get("accumulate", 1)
            for x, y, d in zip(images.chunk(parts), labels.chunk(parts), depth.chunk(parts)):
                with torch.autocast("cpu", lower or torch.bfloat16, enabled=lower is not None):
                    outputs = net(x)
                value = cost(net, [o.to(images.dtype) for o in outputs] if isinstance(outputs, list) else [outputs.to(images.dtype)], y, d, recipe, stage) / parts
                value.backward()
                total += value.item()
            if "clip_norm" in settings:
                torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p.requires_grad], settings["clip_norm"])
            learner.step()
            losses.append(total)
            if average is not None:
                share = 1 - min(settings["ema_decay"], (1 + step) / (10 + step))
                for k, v in net.state_dict().items():
                    average[k] = torch.lerp(average[k], v, share) if v.is_floating_point() else v.clone()
    return losses, average or net.state_dict()
