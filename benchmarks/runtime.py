"""Hwaso.Runtime and ONNX Runtime side by side: the same ONNX files, the same input, in alternation; one Markdown table out.

    make bench-runtime [ARGS='--rounds 3 --only w18']
    /usr/bin/python3 benchmarks/runtime.py FOLDER

After the table of networks comes one for each that says where Hwaso.Runtime's time goes, kind of layer by kind of layer,
beside what the multiply-adds take at the machine's measured peak and the bytes at its measured bandwidth.

FOLDER holds NAME.onnx of 1×3×H×W, NAME.input and NAME.expected, as `Hwaso.Bench onnx` writes them. Each network has a
fresh process on both sides, so that peak memory is that network's. Exits 1 when a worker fails or outputs differ.
"""
import argparse
import array
import datetime
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from compare import HERE, Worker, WorkerError, machine

HWASO = HERE / "Hwaso.RuntimeBench" / "bin" / "Release" / "net10.0" / "Hwaso.RuntimeBench.dll"
PEER = HERE / "peers" / "onnxruntime" / "worker.mjs"
TOLERANCE = 1e-4    # of the largest output: single precision through some hundred layers


def numbers(path):
    values = array.array("f")
    values.frombytes(path.read_bytes())
    return values


def difference(a, b):
    """The largest difference as a part of b's largest number."""
    if len(a) != len(b):
        return float("inf")
    return max(abs(x - y) for x, y in zip(a, b)) / max(map(abs, b))


def ticks(processes):
    """Processor time so far: of all programs, and of some processes."""
    fields = [int(f) for f in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    busy = sum(fields) - fields[3] - fields[4]    # neither idle nor waiting for a disk
    return busy, sum(sum(map(int, pathlib.Path(f"/proc/{p.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) for p in processes), sum(fields)


class Network:
    """What came out of one network on both sides."""

    def __init__(self, model, size):
        self.name, self.model, self.size = model.stem, model, size
        self.rounds, self.peaks, self.outputs, self.versions, self.steps = {}, {}, {}, {}, []

    def measure(self, args, scratch):
        commands = {"hwaso": args.hwaso, "peer": args.peer}
        workers = {}
        try:
            for side, command in commands.items():
                workers[side] = Worker(side, shlex.split(command), args.timeout)
                self.versions[side], self.rounds[side] = workers[side].versions, []
            began = ticks([w.process for w in workers.values()])
            for round_ in range(-1, args.rounds):    # round -1 loads and warms up on both sides and is not counted
                for side in list(workers) if round_ % 2 == 0 else list(workers)[::-1]:
                    warm = time.monotonic() + (args.warm_seconds if round_ < 0 else 0)
                    output = scratch / f"{self.name}.{side}"
                    reply = workers[side].ask({
                        "model": str(self.model), "input": str(self.model.with_suffix(".input")), "shape": [1, 3, *self.size], "threads": args.threads,
                        "repeats": args.warm_up if round_ < 0 else args.repeats, **({"output": str(output)} if round_ < 0 else {})})
                    while time.monotonic() < warm:
                        reply = workers[side].ask({
                            "model": str(self.model), "input": str(self.model.with_suffix(".input")), "shape": [1, 3, *self.size], "threads": args.threads, "repeats": args.warm_up})
                    if round_ < 0:
                        self.outputs[side] = output
                    else:
                        self.rounds[side].append(statistics.median(reply["times_ms"]))
                    self.peaks[side] = reply["peak_mib"]
            ended = ticks([w.process for w in workers.values()])
            busy, own, all_ = (b - a for a, b in zip(began, ended))
            self.others = max(0, busy - own) / max(1, all_)
            if args.layers:
                self.steps = workers["hwaso"].ask({
                    "model": str(self.model), "input": str(self.model.with_suffix(".input")), "threads": args.threads, "repeats": 1, "steps": args.layers})["steps"]
        finally:
            for worker in workers.values():
                worker.close()
        ours, theirs, expected = numbers(self.outputs["hwaso"]), numbers(self.outputs["peer"]), numbers(self.model.with_suffix(".expected"))
        self.differences = difference(ours, theirs), difference(ours, expected), difference(theirs, expected)

    def agrees(self):
        return all(d <= TOLERANCE for d in self.differences)    # NaN does not agree

    def line(self):
        ours, theirs = self.rounds["hwaso"], self.rounds["peer"]
        ratios = [a / b for a, b in zip(ours, theirs)]
        middle = statistics.median
        return (f"| {self.name} | {middle(ours):.1f} ms | {middle(theirs):.1f} ms | **{middle(ratios):.2f}** [{min(ratios):.2f}–{max(ratios):.2f}] "
                f"| {self.peaks['hwaso']:.0f} MiB | {self.peaks['peer']:.0f} MiB | **{self.peaks['hwaso'] / self.peaks['peer']:.2f}** "
                f"| {self.differences[0]:.0e} | {self.differences[1]:.0e} | {self.differences[2]:.0e} | {self.others:.0%} |" + ("" if self.agrees() else " **!**"))


    def layers(self, limits, each):
        """The table of kinds of layers, or of steps: medians of their times beside the machine's limits."""
        rows = {}
        for step in self.steps:
            row = rows.setdefault(step["step"] if each else step["kind"], dict.fromkeys(("steps", "multiply_adds", "products", "bytes", "limit", "ms"), 0))
            for key in ("multiply_adds", "products", "bytes", "ms"):
                row[key] += step[key]
            row["steps"] += 1
            row["limit"] += 1e3 * max(step["products"] / limits["multiply_adds"], step["bytes"] / limits["bytes"])
        rows = sorted(rows.items(), key=lambda r: -r[1]["ms"])
        if not each:
            rows.append(("all", {k: sum(r[k] for _, r in rows) for k in rows[0][1]}))
        return ["", f"{self.name}, step by step:" if each else f"{self.name}, by kinds of layers:", "",
                "| steps | how many | 10⁹ multiply-adds | computed | MB | computed at the peak | bytes at the bandwidth | the larger, step by step | measured | of the limit |",
                "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
                *(f"| {name} | {r['steps']} | {r['multiply_adds'] / 1e9:.2f} | {r['products'] / 1e9:.2f} | {r['bytes'] / 1e6:.0f} | {1e3 * r['products'] / limits['multiply_adds']:.1f} ms "
                  f"| {1e3 * r['bytes'] / limits['bytes']:.1f} ms | {r['limit']:.1f} ms | {r['ms']:.1f} ms | {100 * r['limit'] / r['ms'] if r['ms'] else 0:.0f} % |" for name, r in rows)]


def limits(args):
    """What the machine can do at most, in a process of its own: multiply-adds and bytes a second."""
    worker = Worker("hwaso", shlex.split(args.hwaso), args.timeout)
    try:
        return worker.ask({"limits": args.threads})
    finally:
        worker.close()


def starts(command, rounds, timeout):
    """Seconds from the start of a process to its end, a warm disk cache assumed."""
    times = []
    for _ in range(rounds + 1):
        began = time.monotonic()
        subprocess.run(command, check=True, timeout=timeout, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - began)
    return times[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--hwaso", default=f"dotnet {HWASO}", help="command of Hwaso.Runtime's worker")
    parser.add_argument("--peer", default=f"node {PEER}", help="command of the peer's worker")
    parser.add_argument("--size", default="512x512", help="height x width that the files have")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side (default 7)")
    parser.add_argument("--repeats", type=int, default=3, help="runs in a turn; the median counts (default 3)")
    parser.add_argument("--warm-up", type=int, default=5, help="runs before the first turn (default 5)")
    parser.add_argument("--warm-seconds", type=float, default=3, help="and at least so many seconds (default 3)")
    parser.add_argument("--only", default="", help="regular expression over the networks' names")
    parser.add_argument("--layers", type=int, default=5, help="runs of which the tables of layers have the medians; 0: no tables (default 5)")
    parser.add_argument("--steps", action="store_true", help="tables of single steps, too")
    parser.add_argument("--start", nargs=2, metavar=("MODEL", "IMAGE"), help="also times `hwaso predict MODEL IMAGE`, from process start to written PNG")
    parser.add_argument("--timeout", type=float, default=300, help="seconds to wait for one answer (default 300)")
    parser.add_argument("--results", type=pathlib.Path, help="file that the table is written to as well")
    args = parser.parse_args()

    size = [int(s) for s in args.size.split("x")]
    load_before = os.getloadavg()[0]
    networks = [Network(m.resolve(), size) for m in sorted(args.folder.glob("*.onnx"), key=lambda m: m.stat().st_size) if re.search(args.only, m.stem)]
    lines, most = [], None
    try:
        most = limits(args) if args.layers else None
        with tempfile.TemporaryDirectory() as scratch:
            for network in networks:
                print(f"measuring {network.name} …", file=sys.stderr, flush=True)
                network.measure(args, pathlib.Path(scratch))
            if args.layers:
                # The better of two: other programs make the machine look smaller than it is.
                again = limits(args)
                most = {k: max(most[k], again[k]) for k in again}
            if args.start:
                print("measuring the start …", file=sys.stderr, flush=True)
                out = pathlib.Path(scratch) / "labels"
                times = starts([str(HERE.parent / "hwaso"), "predict", *args.start, "--out", str(out)], args.rounds, args.timeout)
                if not list(out.glob("*.png")):
                    sys.exit("runtime: predict wrote no PNG")
                lines = ["", f"`hwaso predict {pathlib.Path(args.start[0]).name} {pathlib.Path(args.start[1]).name}`, process start to written PNG: "
                         f"median **{statistics.median(times):.2f} s** [{min(times):.2f}–{max(times):.2f}]"]
    except (WorkerError, subprocess.SubprocessError) as error:
        sys.exit(f"runtime: {error}")

    versions = [", ".join(f"{k} {v}" for k, v in v.items() if k != "name") for v in (networks[0].versions.values() if networks else [])]
    text = "\n".join([
        f"Machine: {machine()}; load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after. {'; '.join(versions)}.",
        f"1×3×{args.size.replace('x', '×')}, float32, {args.threads} threads, {args.rounds} rounds in alternation of {args.repeats} runs. Ratio = Hwaso.Runtime ÷ ONNX Runtime; below 1 is faster, or smaller.",
        "",
        "| network | Hwaso.Runtime | ONNX Runtime | ratio, median [min–max] | peak memory | ONNX Runtime's | ratio | differ by | ours from libtorch | theirs from libtorch | other programs |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(n.line() for n in networks), *lines,
        *(["", f"The machine's limits with {args.threads} threads: {most['multiply_adds'] / 1e9:.1f} · 10⁹ multiply-adds and {most['bytes'] / 1e9:.1f} · 10⁹ bytes a second, read and written."] if most else []),
        *(line for n in networks if n.steps for each in ([False, True] if args.steps else [False]) for line in n.layers(most, each))])
    print(text)
    if args.results:
        args.results.parent.mkdir(parents=True, exist_ok=True)
        args.results.write_text(f"# Hwaso.Runtime beside ONNX Runtime, {datetime.datetime.now():%Y-%m-%d %H:%M}\n\n{text}\n")
    differing = [n.name for n in networks if not n.agrees()]
    if differing:
        sys.exit(f"runtime: outputs differ beyond {TOLERANCE}: {', '.join(differing)}")


if __name__ == "__main__":
    main()
