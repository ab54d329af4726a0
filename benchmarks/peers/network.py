"""A training step and an inference of a network from Python.

    python3 network.py --network hrnetv2-w18 --train 2x256x256 --infer 1x256x256 1x512x512 1x512x1024
"""
import re

import torch
import torch.nn.functional as F

import dense
import formula
import hrnet
import measure

CLASSES = 19


def build(name, classes):
    """A network by its name in Hwaso's zoo, without what draws random numbers and without auxiliary heads."""
    base, _, attention = name.partition("+")
    if base.startswith("hrnetv2-") and attention in ("", "psa-spatial"):
        return hrnet.build(base[len("hrnetv2-"):], classes, attention == "psa-spatial")
    if name.startswith("unet-resnet"):
        return dense.UNet(name[len("unet-"):], classes)
    if name.startswith("fcn-resnet"):
        return dense.Fcn(dense.resnet(name[len("fcn-"):], output_stride=8), classes, auxiliary=False, dropout=0)
    raise ValueError(f"{name}: the peer has hrnetv2-…, unet-resnet… and fcn-resnet…")


def answer(outputs):
    """A network's answer, which is the last of several outputs."""
    return outputs[-1] if isinstance(outputs, list) else outputs


class Network:
    """Weights, image and labels follow from the formula rule, so the other side of a comparison has the same."""

    def __init__(self, request):
        self.format = measure.FORMATS[request["format"]]
        shape = (request["batch"], 3, *request["size"])
        self.image = formula.tensor("input", shape).contiguous(memory_format=self.format)
        net = formula.fill(build(request["network"], request.get("classes", CLASSES)))
        self.net = net.to(memory_format=self.format)
        self.value = None

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


class TrainStep(Network):
    """Forward, logits resized to the image, cross entropy, backward, SGD. `value`: loss of the first step.

    `precision` bfloat16 (or bfloat16-recipe): the forward under torch.autocast. `accumulate` batches a step; times are per batch.
    """

    def __init__(self, request):
        super().__init__(request)
        self.net.train()
        self.label = formula.target((request["batch"], *request["size"]), request.get("classes", CLASSES))
        self.sgd = torch.optim.SGD(self.net.parameters(), lr=0.001, momentum=0.9, weight_decay=0.0001)

        self.narrow = request.get("precision", "float32") != "float32"
        self.accumulate = request.get("accumulate", 1)

    def times(self, repeats, seconds=None):
        return [t / self.accumulate for t in super().times(repeats, seconds)]

    def run(self):
        self.sgd.zero_grad(set_to_none=True)
        total = 0
        for _ in range(self.accumulate):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.narrow):
                logits = answer(self.net(self.image))
            logits = dense.resize(logits.float(), self.label[:, None])
            loss = F.cross_entropy(logits, self.label, ignore_index=255)
            (loss / self.accumulate).backward()
            total += loss.item()
        self.sgd.step()
        return total / self.accumulate

    def warm_up(self):
        self.value = self.run()
        self.run()


class Inference(Network):
    """Evaluation forward without gradients, to logits at a quarter. `value`: mean of the absolute logits."""

    def __init__(self, request):
        super().__init__(request)
        self.net.eval()

    @torch.no_grad()
    def run(self):
        return answer(self.net(self.image))

    def warm_up(self):
        self.value = self.run().abs().mean().item()


CASES = {"train_step": TrainStep, "inference": Inference}


def prepare(request):
    return CASES[request["case"]](request)


def size(text):
    match = re.fullmatch(r"(\d+)x(\d+)x(\d+)", text)
    if not match:
        raise ValueError(f"{text}: a size is BATCHxHEIGHTxWIDTH, e.g. 2x256x256")
    batch, height, width = map(int, match.groups())
    return {"batch": batch, "size": [height, width]}


if __name__ == "__main__":
    parser = measure.arguments(__doc__.splitlines()[0], repeats=5)
    parser.add_argument("--network", default="hrnetv2-w18", help="its name in Hwaso's zoo")
    parser.add_argument("--train", nargs="*", type=size, default=[size("2x256x256")], metavar="NxHxW")
    parser.add_argument("--infer", nargs="*", type=size, metavar="NxHxW",
                        default=[size(s) for s in ("1x256x256", "1x512x512", "1x512x1024")])
    args = parser.parse_args()
    common = {"network": args.network}
    measure.report(args, prepare, [
        {"case": case, **common, **shape, "format": fmt}
        for case, shapes in (("train_step", args.train), ("inference", args.infer))
        for shape in shapes for fmt in measure.FORMATS])
