"""Hwaso and PyTorch side by side on one device: training steps and inference of the same networks, one Markdown table out.

    python3 eng/device/compare.py --device cuda --worker 'device-check worker cuda' --seconds 300 --out DIR

Each network has one process on each side. A case runs on both, the first one alternating, with the same weights, images and labels,
channels last. Every case is a line in DIR/compare.jsonl as soon as it is done, and DIR/compare.md is written anew after each.
Exits 1 if a side failed or results differ.
"""
import argparse
import json
import pathlib
import shlex
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from compare import Worker, WorkerError

NETWORKS = ("hrnetv2-w18", "hrnetv2-w48", "sanet-resnet50", "unet-resnet50")
SIDES = ("hwaso", "graph", "peer")
SMALL = ("hrnetv2-w18-small-v1", "unet-resnet18")
# Both sides call the same libtorch: float32 differs by the order of a few sums, bfloat16 has eight bits.
TOLERANCES = {"float32": 1e-3, "bfloat16": 2e-2}


def cases(args):
    for batch in args.batches:
        for mode in ("inference", "train"):
            for precision in ("float32", "bfloat16"):
                yield {"mode": mode, "batch": batch, "size": args.size, "precision": precision, "seconds": args.case_seconds}


def start(side, args):
    command = shlex.split(args.worker) if side == "hwaso" else [sys.executable, str(ROOT / "eng" / "device" / "peer.py"), args.device]
    return Worker(side, command, args.timeout)


def ask(workers, side, request, args):
    """The reply of a side, or its error; a side that ended is started again for the next case."""
    try:
        if side not in workers:
            workers[side] = start(side, args)
        return workers[side].ask(request)
    except WorkerError as error:
        worker = workers.get(side)
        if worker and (worker.process.poll() is not None or "no answer" in str(error)):
            worker.process.kill()
            worker.process.wait()
            del workers[side]
        return {"error": str(error)}


def run(args, results):
    """Fills `results` with a record a case; returns why it ended early, or nothing."""
    deadline = time.monotonic() + args.seconds
    lines = (args.out / "compare.jsonl").open("a")
    turn = 0
    for network in args.networks:
        workers = {}
        try:
            for case in cases(args):
                if time.monotonic() > deadline:
                    return f"stopped after {args.seconds:.0f} s, before {label(dict(case, network=network))}"
                record = dict(case, network=network)
                request = {k: record[k] for k in ("network", *case)}
                for side in args.sides if turn % 2 == 0 else args.sides[::-1]:
                    worker = "hwaso" if side == "graph" else side
                    record[side] = ask(workers, worker, dict(request, graph=side == "graph"), args)
                turn += 1
                results.append(record)
                print(json.dumps(record), file=lines, flush=True)
                print(line(record), flush=True)
                (args.out / "compare.md").write_text(page(args, results, "in progress"))
        finally:
            for worker in workers.values():
                worker.close()
    return None


def label(record):
    mode = "training step" if record["mode"] == "train" else "inference"
    return f"{record['network']}, {mode}, batch {record['batch']}, {record['precision']}"


def sides(record):
    return [side for side in SIDES if side in record]


def difference(record):
    """The largest difference of a side's result from PyTorch's, relative to it."""
    values = [record[side]["value"] for side in sides(record) if "value" in record[side]]
    return max(abs(value - values[-1]) for value in values) / max(abs(values[-1]), 1e-12) if "value" in record["peer"] else None


def problems(record):
    found = [f"{label(record)}: {side}: {record[side]['error']}" for side in sides(record) if "error" in record[side]]
    off = difference(record)
    if off is not None and not off <= TOLERANCES[record["precision"]]:
        found.append(f"{label(record)}: results differ by {off:.1e}")
    return found


def line(record):
    def middle(side):
        return statistics.median(record[side]["times_ms"]) if "times_ms" in record.get(side, {}) else None

    def shown(number, form):
        return "–" if number is None else format(number, form)

    def ratio(side):
        return f"**{middle(side) / middle('peer'):.2f}**" if middle(side) and middle("peer") else "–"

    cells = [label(record), *(shown(middle(side), ".2f") for side in SIDES), ratio("hwaso"), ratio("graph"),
             *(shown(record.get(side, {}).get("peak_mib"), ".0f") for side in SIDES), shown(difference(record), ".0e")]
    return f"| {' | '.join(cells)} |"


def page(args, results, state):
    height, width = args.size
    return "\n".join([
        f"# Hwaso and PyTorch on {args.device}", "",
        f"Images of {height}×{width}, channels last, medians of the calls within {args.case_seconds:g} s after three others; {state}. "
        "Graph: the same on Hwaso's side, recorded once and replayed (the optimiser's update is not recorded). "
        "Ratios are to PyTorch's eager time; below 1, Hwaso is faster. Memory is the peak of tensors.", "",
        "| case | Hwaso, ms | graph, ms | PyTorch, ms | ratio | graph's ratio | Hwaso, MiB | graph, MiB | PyTorch, MiB "
        "| results differ by |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|", *map(line, results), "",
        *(f"- {problem}" for record in results for problem in problems(record)), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--worker", required=True, help="command of Hwaso's worker")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of compare.jsonl and compare.md")
    parser.add_argument("--seconds", type=float, default=300, help="no case begins later than that")
    parser.add_argument("--case-seconds", type=float, default=1.5, help="timed calls of a case and side")
    parser.add_argument("--timeout", type=float, default=90, help="seconds to wait for one answer")
    parser.add_argument("--size", type=int, nargs=2, default=[512, 1024], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--small", action="store_true", help="small networks and images: to try the script itself")
    args = parser.parse_args()
    if args.small:
        args.networks, args.size, args.batches, args.case_seconds = SMALL, [64, 128], [1, 2], 0.2
    args.sides = SIDES if args.device.startswith("cuda") else ("hwaso", "peer")
    args.out.mkdir(parents=True, exist_ok=True)
    results = []
    ended = run(args, results)
    (args.out / "compare.md").write_text(page(args, results, ended or "complete"))
    wrong = [problem for record in results for problem in problems(record)]
    print(f"{len(results)} cases, {len(wrong)} with problems; {ended or 'complete'}")
    print("\n".join(wrong))
    sys.exit(1 if wrong or not results else 0)


if __name__ == "__main__":
    main()
