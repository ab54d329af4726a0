"""PyTorch's side of eng/device/compare.py: the plain networks of benchmarks/peers on a device, a line of JSON for each request.

    python3 eng/device/peer.py cuda
"""
import gc
import json
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))

import torch
import torch.nn.functional as F
from torch import nn

import dense
import formula
import hrnet

CLASSES, WARM_UPS, LEAST_CALLS, MOST_CALLS = 19, 3, 3, 50
NETWORKS = {
    "hrnetv2-w18": lambda: hrnet.build("w18", CLASSES),
    "hrnetv2-w48": lambda: hrnet.build("w48", CLASSES),
    "hrnetv2-w18-small-v1": lambda: hrnet.build("w18-small-v1", CLASSES),
    "sanet-resnet50": lambda: dense.SANet(dense.resnet("resnet50", 8), CLASSES),
    "unet-resnet50": lambda: dense.UNet("resnet50", CLASSES),
    "unet-resnet18": lambda: dense.UNet("resnet18", CLASSES),
}


class Network:
    """Weights by the fixtures' rule, channels last; every case begins with these weights."""

    def __init__(self, name, device):
        self.name, self.device = name, device
        net = formula.fill(NETWORKS[name]())
        for m in net.modules():
            if isinstance(m, nn.Dropout):
                m.p = 0.0
        self.first = {k: v.clone() for k, v in net.state_dict().items()}
        self.net = net.to(device).to(memory_format=torch.channels_last)

    def forward(self, image, narrow):
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=narrow):
            out = self.net(image)
        return out[-1] if isinstance(out, list) else out

    def measure(self, request):
        self.net.load_state_dict(self.first)
        cuda = self.device.type == "cuda"
        if cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        batch, (height, width), narrow = request["batch"], request["size"], request["precision"] == "bfloat16"
        image = formula.tensor("input", (batch, 3, height, width)).to(self.device).contiguous(memory_format=torch.channels_last)
        step = self.training(image, narrow) if request["mode"] == "train" else self.inference(image, narrow)
        value = step(True)
        for _ in range(WARM_UPS - 1):
            step(False)
        wait = torch.cuda.synchronize if cuda else (lambda: None)
        times, began = [], time.perf_counter()
        while len(times) < MOST_CALLS and (len(times) < LEAST_CALLS or time.perf_counter() - began < request["seconds"]):
            wait()
            start = time.perf_counter()
            step(False)
            wait()
            times.append((time.perf_counter() - start) * 1000)
        reply = {"times_ms": times, "value": value}
        if cuda:
            reply |= {"peak_mib": torch.cuda.max_memory_allocated() / 2**20, "reserved_mib": torch.cuda.max_memory_reserved() / 2**20}
        self.net.zero_grad(set_to_none=True)
        return reply

    def inference(self, image, narrow):
        self.net.eval()

        @torch.no_grad()
        def step(valued):
            out = self.forward(image, narrow)
            return out.float().abs().mean().item() if valued else None
        return step

    def training(self, image, narrow):
        self.net.train()
        pixels = torch.arange(image.shape[0] * image.shape[2] * image.shape[3]) % (CLASSES + 1)
        pixels[pixels == CLASSES] = 255
        labels = pixels.reshape(image.shape[0], *image.shape[2:]).to(self.device)
        sgd = torch.optim.SGD(self.net.parameters(), lr=0.001, momentum=0.9, weight_decay=0.0001)

        def step(_):
            sgd.zero_grad(set_to_none=True)
            logits = self.forward(image, narrow).float()
            if logits.shape[2:] != labels.shape[1:]:
                logits = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=False)
            loss = F.cross_entropy(logits, labels, ignore_index=255)
            loss.backward()
            sgd.step()
            return loss.item()
        return step


def main():
    device = torch.device(sys.argv[1])
    say = lambda reply: print(json.dumps(reply), flush=True)
    say({"hello": {"name": "PyTorch", "torch": torch.__version__}})
    network = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if network is None or network.name != request["network"]:
                network = None
                network = Network(request["network"], device)
            reply = network.measure(request)
        except Exception as error:    # one case that fails, for want of memory say, must not end the others; the driver shows it
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
            if network is not None:
                network.net.zero_grad(set_to_none=True)
        # The other side runs next, and both may need most of the device.
        if device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
        say(reply)


if __name__ == "__main__":
    main()
