"""Numbers that both sides of a comparison can make for themselves: a hash of a name and an index.

The rule is that of tests/fixtures/formula/rule.json; `choice` and `target` extend it to labels and random choices.
"""
import math
import zlib

import numpy as np
import torch


def uniform(key, count, start=0):
    """`count` float64 in [0, 1), indices from `start`: a 32-bit finaliser over index and CRC of the key."""
    mask = np.uint64(0xFFFFFFFF)
    h = (np.arange(start, start + count, dtype=np.uint64) * np.uint64(0x9E3779B1)
         + np.uint64(zlib.crc32(key.encode()))) & mask
    h ^= h >> np.uint64(16)
    h = (h * np.uint64(0x85EBCA6B)) & mask
    h ^= h >> np.uint64(13)
    h = (h * np.uint64(0xC2B2AE35)) & mask
    h ^= h >> np.uint64(16)
    return h.astype(np.float64) / 2.0**32


def tensor(key, shape):
    """The float32 tensor that belongs to a state-dict key (or `input`) of this shape."""
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    u = uniform(key, math.prod(shape)).reshape(shape)
    if key.endswith("running_var"):
        v = 0.5 + u
    elif key.endswith("running_mean"):
        v = (2 * u - 1) * 0.17
    elif key == "input":
        v = (2 * u - 1) * 1.7
    elif key.endswith(("pos_embed", "cls_token", "mask_token", "register_tokens")):
        v = (2 * u - 1) * 0.5
    elif len(shape) >= 2:
        v = (2 * u - 1) * math.sqrt(3 / math.prod(shape[1:]))
    elif key.endswith(("weight", "gamma")):
        v = 0.5 + u
    else:
        v = (2 * u - 1) * 0.17
    return torch.from_numpy(np.asarray(v)).float()


def fill(net):
    """Every parameter and buffer by the rule."""
    net.load_state_dict({k: tensor(k, tuple(v.shape)) for k, v in net.state_dict().items()})
    return net


def target(shape, classes):
    """Labels [N, H, W]: floor(u * (classes + 1)) of the key `target`; the one too many is 255, ignored."""
    t = np.floor(uniform("target", math.prod(shape)) * (classes + 1)).astype(np.int64).reshape(shape)
    t[t == classes] = 255
    return torch.from_numpy(t)


def choice(key, index, count):
    """One of 0 … count-1 for the sample `index`: floor(u(key, index) * count)."""
    return int(uniform(key, 1, index)[0] * count)
