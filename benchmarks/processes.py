#!/usr/bin/env python3
"""Compares training in several processes with PyTorch's DistributedDataParallel over Gloo: losses, then images a second.

    python3 benchmarks/processes.py --results benchmarks/results/processes.md

Both sides train HRNetV2-W18-small-v1 from the same weights on the same batch, each process with one thread. Losses are compared in float64, where
rounding does not grow to something seen within 20 steps, and in float32. Then each side trains in one process and in several, in turn; the table
shows images a second of the steps' median, and how many times one process's rate several reach. --help lists the options.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE / "Hwaso.Bench/bin/Release/net10.0/Hwaso.Bench.dll"
COMMANDS = {
    "hwaso": ["dotnet", str(BENCH), "processes"],
    "pytorch": ["/usr/bin/python3", str(HERE / "peers/processes.py")],
}
# The fastest steps of a run say more than its median where other programs run, too; both are shown. The first steps compile Hwaso's code.
WARM = 15
LOSS_STEPS = 20
PATIENCE = 300


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(side, size, request):
    """Starts the processes of a side, and returns the first one's answer."""
    port, started = free_port(), []
    for rank in range(size):
        place = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        started.append(subprocess.Popen(
            [*COMMANDS[side], json.dumps(request)], env={**os.environ, "OMP_NUM_THREADS": "1", **{k: str(v) for k, v in place.items()}},
            stdout=subprocess.PIPE, text=True))
    try:
        answers = [process.communicate(timeout=PATIENCE)[0] for process in started]
    finally:
        for process in started:
            process.kill()
    if any(process.returncode for process in started):
        sys.exit(f"{side}, {size} processes: exit codes {[process.returncode for process in started]}")
    return json.loads(answers[0].splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--width", default="w18-small-v1")
    parser.add_argument("--batch", type=int, default=4, help="images of all processes together")
    parser.add_argument("--size", type=int, nargs=2, default=[128, 256], metavar=("H", "W"))
    parser.add_argument("--format", default="channels_last", choices=["channels_last", "contiguous"])
    parser.add_argument("--steps", type=int, default=45, help=f"steps of a timed run, the first {WARM} not counted")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side for the times; 0: losses alone")
    parser.add_argument("--no-losses", action="store_true", help="times alone")
    parser.add_argument("--loss-size", type=int, nargs=2, default=[64, 128], metavar=("H", "W"))
    parser.add_argument("--results", help="writes the table to this file, too")
    args = parser.parse_args()
    common = {"width": args.width, "batch": args.batch, "steps": args.steps, "rate": 0.001, "format": args.format}
    lines, failed = [], False

    def say(line=""):
        print(line, flush=True)
        lines.append(line)

    say(f"HRNetV2 {args.width}, batch {args.batch} of all processes, {LOSS_STEPS} steps for losses and {args.steps} for times of SGD at 0.001, batch norms of each process its own, "
        f"one thread a process, {args.format}.")
    say()
    if not args.no_losses:
        say("| losses | processes | first | last | differ by |\n|---|---|---|---|---|")
    for kind, limit in () if args.no_losses else (("float64", 1e-5), ("float32", None)):
        for size in (1, args.processes):
            request = {**common, "steps": LOSS_STEPS, "type": kind, "size": args.loss_size}
            ours, theirs = (run(side, size, request)["losses"] for side in COMMANDS)
            worst = max(abs(a / b - 1) for a, b in zip(ours, theirs))
            failed |= limit is not None and not worst < limit
            say(f"| {kind}, {args.loss_size[0]}x{args.loss_size[1]} | {size} | {ours[0]:.6f} | {ours[-1]:.6f} | {worst:.1e} |")
    if args.rounds:
        load = os.getloadavg()[0]
        times = {(side, size): [] for side in COMMANDS for size in (1, args.processes)}
        request = {**common, "type": "float32", "size": args.size}
        for k in range(args.rounds):
            for side in list(COMMANDS)[::1 if k % 2 == 0 else -1]:
                for size in (1, args.processes):
                    times[side, size].append(run(side, size, request)["times_ms"][WARM:])
        say()
        say(f"| {args.size[0]}x{args.size[1]}, images/s | 1 process | {args.processes} processes | ratio | of the fastest steps | ratio |\n|---|---|---|---|---|---|")
        ratios = {}
        for side in COMMANDS:
            middle = [statistics.median(statistics.median(run) for run in times[side, size]) for size in (1, args.processes)]
            # A tenth of all steps: enough that luck evens out.
            best = [statistics.quantiles(sum(times[side, size], []), n=10)[0] for size in (1, args.processes)]
            ratios[side] = middle[0] / middle[1], best[0] / best[1]
            rate = [1000 * args.batch / t for t in (*middle, *best)]
            say(f"| {side} | {rate[0]:.1f} | {rate[1]:.1f} | {ratios[side][0]:.3f} | {rate[2]:.1f}, {rate[3]:.1f} | {ratios[side][1]:.3f} |")
        say()
        say(f"Hwaso's ratio over PyTorch's: {ratios['hwaso'][0] / ratios['pytorch'][0]:.3f} by medians, "
            f"{ratios['hwaso'][1] / ratios['pytorch'][1]:.3f} by the fastest steps, {args.rounds} rounds, alternating; "
            f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores (1.0 is one busy core).")
    if args.results:
        command = "python3 benchmarks/processes.py " + " ".join(sys.argv[1:])
        pathlib.Path(args.results).write_text(f"# Several processes beside PyTorch's DistributedDataParallel\n\n`{command}`\n\n" + "\n".join(lines) + "\n")
    if failed:
        sys.exit("the losses in float64 differ by more than 1e-5")


if __name__ == "__main__":
    main()
