"""Hwaso and PyTorch side by side in one run: the same cases in alternation, one Markdown table out.

    make bench [ARGS='--rounds 3 --only deform']
    /usr/bin/python3 benchmarks/compare.py [--cityscapes DIR] [--voc DIR] [--people DIR] [--keypoints DIR] [--objects DIR]

Two workers stay alive and take turns (A B, then B A, …), so that both see the same machine at the same time. The
protocol, the cases and how to read the table: benchmarks/README.md. Exits 1 when a worker fails or results differ.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import re
import select
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKER = HERE / "Hwaso.Bench" / "bin" / "Release" / "net10.0" / "Hwaso.Bench.dll"
OPERATORS = ("add", "plus", "mul", "relu", "view")
FORMATS = ("contiguous", "channels_last")
# .NET, libtorch's own kernels, oneDNN, OpenBLAS; each is asked by a variable of its own.
WITHOUT_AVX512 = {"DOTNET_EnableAVX512": "0", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2",
                  "OPENBLAS_CORETYPE": "Haswell"}


class WorkerError(Exception):
    pass


class Worker:
    """A process that answers a line of JSON with a line of JSON."""

    def __init__(self, name, command, timeout):
        self.name, self.command, self.timeout, self.pending = name, command, timeout, b""
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise WorkerError(f"{name}: cannot start {shlex.join(command)}: {error}") from error
        self.versions = self.receive("its greeting").get("hello")
        if self.versions is None:
            raise WorkerError(f"{name}: the first line must be {{\"hello\": {{…}}}}")

    def receive(self, what):
        fd = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            if not select.select([fd], [], [], self.timeout)[0]:
                self.process.kill()
                raise WorkerError(f"{self.name}: no answer to {what} within {self.timeout} s")
            chunk = os.read(fd, 65536)
            if not chunk:
                raise WorkerError(f"{self.name}: ended (exit {self.process.wait()}) instead of answering {what}")
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError as error:
            raise WorkerError(f"{self.name}: answered {what} with {line[:200]!r}, which is not JSON") from error

    def ask(self, request):
        text = json.dumps(request)
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerError(f"{self.name}: ended before {text}") from error
        reply = self.receive(text)
        if "error" in reply:
            raise WorkerError(f"{self.name}: {text}: {reply['error']}")
        return reply

    def title(self):
        return f"{self.versions['name']} {self.versions['torch']}"

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Row:
    """One case: the times of every round on both sides, and the results that must agree."""

    def __init__(self, label, request, best_of=None):
        self.label, self.request, self.best_of = label, request, best_of
        self.rounds, self.processor = collections.defaultdict(list), collections.defaultdict(list)
        self.values, self.skipped = {}, {}

    def take(self, side, reply):
        if "skipped" in reply:
            self.skipped[side] = reply["skipped"]
            return
        self.rounds[side].append(statistics.median(reply["times_ms"]))
        self.processor[side].append(reply.get("cpu_ms"))
        self.values[side] = reply.get("value")

    def difference(self):
        """Largest difference of Hwaso's result, or None where a side gave none: relative, but for the loader, whose mean is near 0."""
        a, others = self.values.get("hwaso"), [b for side, b in self.values.items() if side != "hwaso" and b is not None]
        if a is None or not others:
            return None
        return max(abs(a - b) if self.is_loader() else abs(a - b) / max(abs(b), 1e-12) for b in others)

    def is_narrow(self):
        return "precision" in self.request

    def is_loader(self):
        return self.request["case"] in ("loader", "pose_loader")

    def is_long(self):
        return self.is_loader() or self.request["case"] in ("keypoints", "objects")

    def agrees(self):
        difference = self.difference()
        return difference is None or difference <= self.tolerance()    # NaN does not agree

    def tolerance(self):
        # A gray level is 0.017 of a loader's unit, the data set's standard deviation; networks differ in order of sums.
        # bfloat16 has three digits, and on a processor without it only one of the two computes in it.
        return 1e-2 if self.is_loader() or self.is_narrow() else 1e-4


def steps(args):
    """Networks whose training steps are measured: name, batch, height and width of images."""
    return dict.fromkeys([(args.network, 2, 256, 256), ("hrnetv2-w18-small-v1+psa-spatial", 4, 160, 320), ("hrnetv2-w48", 2, 256, 256),
                          ("unet-resnet50", 2, 256, 256), ("fcn-resnet50", 2, 256, 256)])


def step_request(network, batch, h, w, threads, fmt, kernels="libtorch"):
    return {"case": "train_step", "network": network, "batch": batch, "size": [h, w], "format": fmt,
            "kernels": kernels, "threads": threads}


def step_name(network, batch, h, w):
    return f"training step {network}, {batch}×{h}×{w}"


def training_steps(network, batch, h, w, threads):
    """A step by libtorch's kernels in both memory formats, and by Hwaso's; PyTorch has its own in the last row too."""
    name = f"{step_name(network, batch, h, w)}, {threads} thread{'' if threads == 1 else 's'}"
    step = (network, batch, h, w, threads)
    return [*(Row(f"{name}, {fmt.replace('_', ' ')}", step_request(*step, fmt), best_of=name) for fmt in FORMATS),
            Row(f"{name}, `train.kernels: hwaso`", step_request(*step, "contiguous", "hwaso"), best_of=name)]


def groups(args):
    """Lists of rows; the rows of a group are measured within the same rounds."""
    out = [[Row(f"operator `{op}`, 2×3", {"case": f"operator_{op}", "threads": 1, "seconds": 1})] for op in OPERATORS]
    out += [training_steps(*step, threads) for step in steps(args) for threads in sorted({1, args.threads}, reverse=True)]
    for case, batch, h, w in (("inference", 1, 256, 256), ("inference", 1, 512, 512), ("inference", 1, 512, 1024)):
        name = f"inference {args.network}, {batch}×{h}×{w}"
        out.append([Row(f"{name}, {fmt.replace('_', ' ')}",
                        {"case": case, "network": args.network, "batch": batch, "size": [h, w], "format": fmt,
                         "threads": args.threads}, best_of=name) for fmt in FORMATS])
    # Against the plain step above, which the same format has: what the options of a recipe cost.
    name, plain = f"training step {args.network}, 2×256×256", {
        "case": "train_step", "network": args.network, "batch": 2, "size": [256, 256], "format": "channels_last", "threads": args.threads}
    options = [("as it is", {}), ("two batches a step, per batch", {"accumulate": 2}), ("`precision: bfloat16`", {"precision": "bfloat16-recipe"})]
    out.append([Row(f"{name}, {label}", {**plain, **option}) for label, option in options])
    for channels, side in ((24, 128), (64, 128), (192, 32)):
        for case, what in (("deform_forward", "forward"), ("deform_training", "forward and backward")):
            out.append([Row(f"deformable convolution {channels} channels {side}×{side}, {what}",
                            {"case": case, "channels": channels, "side": side, "threads": args.threads})])
    for maps in ("areas", "noise"):
        out.append([Row(f"confusion of 1024×2048 pixels, {maps}, one thread", {"case": "confusion", "maps": maps, "threads": 1})])
    for layout, root, crop, base in (("cityscapes", args.cityscapes, [512, 1024], 2048), ("voc", args.voc, [480, 480], 520)):
        if root:
            out.append([Row(f"loader {layout}, {crop[0]}×{crop[1]}, one thread",
                            {"case": "loader", "layout": layout, "root": str(root.resolve()), "crop": crop,
                             "base": base, "images": args.images, "threads": 1})])
    if args.people:
        out.append([Row("loader of people, 256×192, one thread",
                        {"case": "pose_loader", "root": str(args.people.resolve()), "crop": [256, 192], "images": 8 * args.images,
                         "threads": 1})])
    if args.keypoints:
        request = {"case": "keypoints", "root": str(args.keypoints.resolve()), "threads": 1}
        out.append([Row("scoring 104,125 poses of 6,352 people, one thread", request),
                    Row(f"the same, Hwaso on {args.threads} threads and with 1,000 resamplings for intervals",
                        {**request, "bootstrap": 1000, "processors": args.threads})])
    if args.objects:
        request = {"case": "objects", "root": str(args.objects.resolve()), "threads": 1}
        out.append([Row("scoring 72,000 boxes of 14,700 objects, one thread", request),
                    Row("scoring 72,000 masks of 14,700 objects, one thread", {**request, "masks": True})])
    out.append([Row("NMS of 12,000 boxes", {"case": "nms", "count": 12000, "threads": args.threads})])
    for case, what in (("roi_forward", "forward"), ("roi_training", "forward and backward")):
        out.append([Row(f"RoIAlign of 1,000 boxes, 256 channels, {what}",
                        {"case": case, "count": 1000, "channels": 256, "threads": args.threads})])
    out.append([Row("training step Faster R-CNN HRNetV2p-W18, 1×320×512", {"case": "detector_step", "size": [320, 512], "threads": args.threads})])
    return [g for g in ([r for r in g if re.search(args.only, r.label)] for g in out) if g]


def measure(group, workers, args):
    for round_ in range(-1, args.rounds):    # round -1 builds and warms up on both sides and is not counted
        for row in group:
            for side in list(workers) if round_ % 2 == 0 else list(workers)[::-1]:
                if side in row.skipped:
                    continue
                repeats = 1 if round_ < 0 or row.is_long() else args.repeats
                try:
                    reply = workers[side].ask(dict(row.request, repeats=repeats))
                except WorkerError as error:
                    if not side.startswith("other"):
                        raise
                    # Another peer that fails in one case has a gap there; what was measured stays.
                    reply = {"skipped": str(error).split(" instead of")[0]}
                    workers[side] = Worker(workers[side].name, workers[side].command, args.timeout)
                if round_ >= 0 or "skipped" in reply:
                    row.take(side, reply)
            if row.skipped.keys() & {"hwaso", "peer"}:    # what another peer lacks is a gap in its column
                break


def in_units(ms):
    return "–" if ms is None else f"{ms * 1e6:.0f} ns" if ms < 0.01 else f"{ms:.1f} ms"


def spread(ours, theirs):
    ratios = [a / b for a, b in zip(ours, theirs)]
    return f"**{statistics.median(ratios):.2f}** [{min(ratios):.2f}–{max(ratios):.2f}]" if ratios else "–"


def processor_ratio(ours, theirs):
    ratios = [a / b for a, b in zip(ours, theirs) if a and b]
    return f"{statistics.median(ratios):.2f}" if ratios else "–"


def table_line(label, rows, note):
    """Each side's row, which are one where formats are not chosen; the ratio and the processor time are to the peer's."""
    times = {side: row.rounds[side] for side, row in rows.items()}
    middle = lambda xs: statistics.median(xs) if xs else None
    cells = [f"{in_units(middle(times['hwaso']))} | {in_units(middle(times['peer']))} | {spread(times['hwaso'], times['peer'])} "
             f"| {processor_ratio(rows['hwaso'].processor['hwaso'], rows['peer'].processor['peer'])}"]
    for side in list(rows)[2:]:
        cells.append(f"{in_units(middle(times[side]))} | {spread(times['hwaso'], times[side])}")
    return f"| {label} | {' | '.join(cells)} | {note} |"


def table(all_groups, others):
    """`others`: side and name of each other peer, which has two columns of its own."""
    more = "".join(f" {name} | ratio to it |" for name in others.values())
    sides = ("hwaso", "peer", *others)
    lines = [f"| case | Hwaso | PyTorch / OpenCV | ratio, median [min–max] | by processor time |{more} results differ by |",
             f"|---|--:|--:|--:|--:|{'--:|--:|' * len(others)}--:|"]
    for group in all_groups:
        for row in group:
            difference = row.difference()
            note = "–" if difference is None else f"{difference:.0e}" + ("" if row.agrees() else " **!**")
            for side, why in row.skipped.items():
                note = f"{others.get(side, side)} skipped: {why}"
            lines.append(table_line(row.label, dict.fromkeys(sides, row), note))
        if group[0].label.endswith("as it is"):
            lines += [f"| {row.label}, Hwaso's own ratio to *as it is* | | | {spread(row.rounds['hwaso'], group[0].rounds['hwaso'])} | |"
                      f"{' | |' * len(others)} |" for row in group[1:]]
        if len(group) > 1 and group[0].best_of:
            # Each side with the memory format that is its fastest on the whole, round by round.
            best = {side: min((r for r in group if r.rounds[side]), key=lambda r: statistics.median(r.rounds[side]), default=group[0])
                    for side in sides}
            lines.append(table_line(f"{group[0].best_of}, each one's best", best, ""))
    return "\n".join(lines)


def peak_memory(commands, args):
    """The most resident memory of processes that do nothing but training steps, one after the other; text, or nothing if not chosen."""
    step = next(iter(steps(args)))
    name = f"peak memory of a {step_name(*step)}"
    if not re.search(args.only, name):
        return ""
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    lines = [f"## {name[0].upper()}{name[1:]}, {args.threads} threads", "",
             "| process | resident before the network | at its most in five steps |", "|---|--:|--:|"]
    peaks = collections.defaultdict(list)
    for side, command in commands.items():
        for fmt, kernels in (*((f, "libtorch") for f in FORMATS), *([("contiguous", "hwaso")] if side == "hwaso" else [])):
            worker = Worker(side, shlex.split(command), args.timeout)
            try:
                before = peak_of(worker)
                # The first request warms up by two steps.
                if "skipped" in worker.ask(dict(step_request(*step, args.threads, fmt, kernels), repeats=3)):
                    continue
                what = f"`train.kernels: {kernels}`, " if side == "hwaso" else ""
                peaks[side].append(peak_of(worker))
                lines.append(f"| {'Hwaso' if side == 'hwaso' else worker.title()}, {what}{fmt.replace('_', ' ')} "
                             f"| {before} MiB | {peaks[side][-1]} MiB |")
            finally:
                worker.close()
    if peaks["hwaso"]:
        lines += ["", f"Hwaso by its own kernels ÷ PyTorch's better format: **{peaks['hwaso'][-1] / min(peaks['peer']):.2f}**"]
    return "\n".join(["", *lines, ""])


def peak_of(worker):
    pid = str(worker.process.pid)
    while children := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():    # a command may start it, as eng/matrix.sh does
        pid = children[-1]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status).group(1)) // 1024


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return (f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
            f"{int(memory.group(1)) / 2**20:.0f} GiB, {system.group(1) if system else platform.system()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hwaso", default=f"dotnet {WORKER}", help="command of Hwaso's worker; empty: only PyTorch is measured")
    parser.add_argument("--peer", default=f"/usr/bin/python3 {HERE / 'peers' / 'worker.py'}", help="command of the peer's worker")
    parser.add_argument("--other", action="append", default=[], metavar="COMMAND",
                        help="command of another peer's worker, such as one with a newer PyTorch; each has columns of its own")
    parser.add_argument("--network", default="hrnetv2-w18", help="of training steps and inference (default hrnetv2-w18)")
    parser.add_argument("--cityscapes", type=pathlib.Path, help="folder in Cityscapes' layout for the loader")
    parser.add_argument("--voc", type=pathlib.Path, help="folder in VOC's layout (it holds JPEGImages) for the loader")
    parser.add_argument("--people", type=pathlib.Path, help="folder in COCO's layout with people for their loader")
    parser.add_argument("--keypoints", type=pathlib.Path, help="folder with truth.json and results.json, which peers/keypoints.py writes")
    parser.add_argument("--objects", type=pathlib.Path, help="folder with truth.json, results.json and masks.json, which peers/objects.py writes")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7, help="alternations of each case (default 7)")
    parser.add_argument("--repeats", type=int, default=3, help="timed calls in each turn (default 3)")
    parser.add_argument("--images", type=int, default=24, help="samples in each turn of a loader (default 24)")
    parser.add_argument("--only", default="", help="regular expression over the case names")
    parser.add_argument("--avx2", action="store_true", help="both sides without AVX-512")
    parser.add_argument("--timeout", type=float, default=300, help="seconds to wait for one answer (default 300)")
    parser.add_argument("--name", default="first-light", help="results/DATE-NAME.md (default first-light)")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results", help="folder of the result file")
    args = parser.parse_args()
    if args.avx2:
        os.environ.update(WITHOUT_AVX512)

    load_before, all_groups, workers = os.getloadavg()[0], groups(args), {}
    memory = ""
    try:
        commands = {"hwaso": args.hwaso, "peer": args.peer, **{f"other {k}": other for k, other in enumerate(args.other)}}
        commands = {side: command for side, command in commands.items() if command}
        memory = peak_memory(commands, args)
        for side, command in commands.items():
            workers[side] = Worker({"hwaso": "Hwaso", "peer": "PyTorch"}.get(side, side), shlex.split(command), args.timeout)
        for group in all_groups:
            print(f"measuring {group[0].best_of or group[0].label} …", file=sys.stderr, flush=True)
            measure(group, workers, args)
    except WorkerError as error:
        sys.exit(f"compare: {error}")
    finally:
        for worker in workers.values():
            worker.close()

    now = datetime.datetime.now()
    versions = "\n".join(f"- {w.versions['name']}: " + ", ".join(f"{k} {v}" for k, v in w.versions.items() if k != "name")
                         for w in workers.values())
    text = f"""# Side by side, {now:%Y-%m-%d %H:%M}

- Machine: {machine()}; load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after (1.0 is one busy core)
{versions}
- {"Both sides without AVX-512 (`--avx2`); " if args.avx2 else ""}{args.rounds} rounds in alternation, {args.repeats} calls a turn, {args.threads} threads
- Ratio = Hwaso ÷ peer of each round; below 1 Hwaso is faster

{table(all_groups, {side: worker.title() for side, worker in workers.items() if side.startswith("other")})}
{memory}"""
    args.results.mkdir(parents=True, exist_ok=True)
    path = args.results / f"{now:%Y-%m-%d}-{args.name}.md"
    path.write_text(text)
    print(f"{text}\nwritten to {path}")
    differing = [r.label for g in all_groups for r in g if not r.agrees()]
    if differing:
        sys.exit(f"compare: results differ beyond the tolerance in: {'; '.join(differing)}")


if __name__ == "__main__":
    main()
