"""Holds the peer network against the official implementation's recorded facts: counts, names, outputs.

    python3 check_hrnet.py FIXTURES        (a folder with small/ and formula/)
Exits 1 when anything differs.
"""
import argparse
import json
import pathlib
import sys

import torch

import formula
import hrnet
import safetensors

# Learnable parameters: (name, classes, psa) -> the official implementation's count.
COUNTS = {("w18-small-v1", 59, False): 1_550_459, ("w18-small-v2", 59, False): 3_950_419,
          ("w18", 59, False): 9_651_959, ("w32", 59, False): 29_565_755, ("w40", 59, False): 45_918_475,
          ("w48", 59, False): 65_888_219, ("w48", 59, True): 69_058_523, ("w48", 19, False): 65_859_379}
TOLERANCE = 1e-5    # of the largest output: PyTorch differs by that between thread counts

failures = 0


def check(what, ok, detail):
    global failures
    failures += not ok
    print(f"{'ok  ' if ok else 'FAIL'} {what}: {detail}")


def close(what, actual, expected):
    expected = torch.from_numpy(expected.copy())
    error = (actual - expected).abs().max() / expected.abs().max()
    check(what, actual.shape == expected.shape and error <= TOLERANCE, f"largest difference {error:.1e} of the maximum")


def official_small(align_corners):
    config = hrnet.Config(8, stem_planes=16, stem_blocks=1, modules=(1, 1, 1), blocks=2)
    return hrnet.HRNetV2(config, 5, align_corners=align_corners).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fixtures", type=pathlib.Path)
    fixtures = parser.parse_args().fixtures

    for (name, classes, psa), wanted in COUNTS.items():
        count = sum(p.numel() for p in hrnet.build(name, classes, psa).parameters())
        check(f"parameters {name}{'+psa-spatial' if psa else ''}, {classes} classes", count == wanted, f"{count:,}")

    weights = torch.load(fixtures / "small/hrnetv2_seg.pth")
    known = safetensors.load(fixtures / "small/hrnetv2_seg.safetensors")
    with torch.no_grad():
        for align, key in ((False, "output"), (True, "output_align_corners_true"), (False, "output_odd")):
            net = official_small(align)
            net.load_state_dict(weights)
            image = known["input_odd" if key == "output_odd" else "input"]
            close(f"hrnetv2_seg {key}", net(torch.from_numpy(image.copy())), known[key])

        attention = hrnet.SpatialAttention(16)
        attention.load_state_dict(torch.load(fixtures / "small/psa_spatial_paper.pth"))
        known = safetensors.load(fixtures / "small/psa_spatial_paper.safetensors")
        close("psa_spatial_paper", attention(torch.from_numpy(known["input"].copy())), known["output"])

        facts = json.loads((fixtures / "formula/hrnetv2_w18_small_v1.json").read_text())
        net = formula.fill(hrnet.build("w18-small-v1", 19)).eval()
        names = {k: list(v.shape) for k, v in net.state_dict().items()}
        check("w18-small-v1 names", list(names.items()) == list(facts["state_dict"].items()), f"{len(names)} in order")
        known = safetensors.load(fixtures / "formula/hrnetv2_w18_small_v1.safetensors")
        close("w18-small-v1 formula", net(formula.tensor("input", tuple(facts["input_shape"]))), known["output"])
    for name, classes in (("w18", 19), ("w48", 59)):
        facts = json.loads((fixtures / f"formula/hrnetv2_{name}.keys.json").read_text())
        names = {k: list(v.shape) for k, v in hrnet.build(name, classes).state_dict().items()}
        check(f"{name} names", list(names.items()) == list(facts["state_dict"].items()), f"{len(names)} in order")

    losses = []
    facts = json.loads((fixtures / "small/hrnetv2_seg.train.json").read_text())
    data = safetensors.load(fixtures / "small/hrnetv2_seg.train.safetensors")
    net = official_small(False).train()
    net.load_state_dict(weights)
    sgd = torch.optim.SGD(net.parameters(), lr=0.002, momentum=0.9, weight_decay=1e-4)
    image, label = (torch.from_numpy(data[key].copy()) for key in ("input", "target"))
    for _ in range(facts["steps"]):
        sgd.zero_grad()
        logits = hrnet.resize(net(image), label.shape[-2:], False)
        loss = torch.nn.functional.cross_entropy(logits, label, ignore_index=255)
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    error = max(abs(a - b) for a, b in zip(losses, facts["losses_f32"]))
    check("hrnetv2_seg training losses", error < 1e-4, f"largest difference {error:.1e}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
