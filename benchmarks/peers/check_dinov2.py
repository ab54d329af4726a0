"""Holds the peer transformer against the official implementation's recorded facts: counts, names, outputs.

    python3 check_dinov2.py FIXTURES        (a folder with small/ and formula/)
Exits 1 when anything differs.
"""
import json
import pathlib
import sys

import torch

import dinov2
import safetensors


def close(what, actual, expected):
    error = (actual - torch.from_numpy(expected.copy())).abs().max() / abs(expected).max()
    print(f"{what}: largest difference {error:.1e} of the maximum")
    return error <= 1e-5    # PyTorch differs by that between thread counts


def main(fixtures):
    net = dinov2.VisionTransformer(48, 3, 4, image=70).eval()
    net.load_state_dict(torch.load(fixtures / "small/dinov2_vit.pth"))
    known, good = safetensors.load(fixtures / "small/dinov2_vit.safetensors"), True
    with torch.no_grad():
        for prefix, image in (("output", "input"), ("output_native", "input_native")):
            first, patches = net(torch.from_numpy(known[image].copy()))
            good &= close(f"{prefix} class token", first, known[f"{prefix}_clstoken"])
            good &= close(f"{prefix} patch tokens", patches, known[f"{prefix}_patchtokens"])
    listed = json.loads((fixtures / "formula/dinov2_vits14.keys.json").read_text())
    full = dinov2.VisionTransformer(384, 12, 6)
    good &= [(k, list(v.shape)) for k, v in full.state_dict().items()] == list(listed["state_dict"].items())
    good &= sum(p.numel() for p in full.parameters()) == listed["params"]
    print("names, shapes, counts and outputs agree" if good else "something differs")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
