#!/usr/bin/env python3
"""Estimates the time of a training step in many processes from the timeline of a step in a few.

    hwaso launch -n 2 -- train RECIPE --data DIR --run RUN --set train.sync_batch_norm=false --profile trace.json
    python3 tools/scaling.py trace.json

Reads the timeline that `hwaso train --profile` wrote: how long the forward pass, the backward pass and the update take, when which bytes of gradients
are there, and how long each bucket travelled. From the latter it fits the latency of a message and the bandwidth of the link. Then it simulates
steps: a bucket starts when its gradients are there and the one before it has arrived; a ring of N processes exchanges B bytes in 2 (N - 1) messages
of B / N bytes (Patarasuk and Yuan, 2009); at the end gradients are copied back. Every batch norm that counts over all processes adds two small
exchanges that nothing hides (--norms); in the run that is measured they would count as computation, so that one leaves them out.
"""
import argparse
import bisect
import json
import statistics

MB = 1 << 20
FIRST = 1 * MB      # the first bucket, as GradientExchange has it


def read(path):
    """The steps of a timeline: milliseconds of each part, and the buckets as (bytes, sent, summed) from the start of the backward pass on."""
    events = [e for e in json.load(open(path))["traceEvents"] if e["ph"] == "X"]
    def within(step, name):
        return [e for e in events if e["name"] == name and step["ts"] <= e["ts"] < step["ts"] + step["dur"]]
    steps = []
    for step in (e for e in events if e["name"] == "step"):
        backward, update = within(step, "backward"), within(step, "update")
        if len(backward) != 1 or not update:
            continue
        start = backward[0]["ts"]
        buckets = [(e["args"]["bytes"], (e["ts"] - start) / 1000, (e["ts"] + e["dur"] - start) / 1000) for e in within(step, "exchange")]
        steps.append({
            "whole": step["dur"] / 1000, "backward": backward[0]["dur"] / 1000, "update": update[0]["dur"] / 1000,
            "forward": sum(e["dur"] for e in within(step, "forward")) / 1000, "buckets": sorted(buckets, key=lambda b: b[1]),
            "copied": max((e["ts"] + e["dur"] - start) / 1000 for e in within(step, "waiting for gradients")) if buckets else 0,
        })
    if len(steps) < 3:
        raise SystemExit(f"{path}: {len(steps)} whole steps with one backward pass; at least 3 were wanted")
    # The first ones allocate memory.
    return steps[2:]


def median(steps, of):
    return statistics.median(of(s) for s in steps)


def fit(steps):
    """Milliseconds of a message and bytes a millisecond, by least squares over the fastest travel of each bucket."""
    fastest = {}
    for step in steps:
        for size, sent, summed in step["buckets"]:
            fastest[size] = min(fastest.get(size, 1e9), summed - sent)
    sizes, times = zip(*fastest.items())
    if len(fastest) < 2:
        return 0.0, sizes[0] / times[0]
    mean_x, mean_y = statistics.mean(sizes), statistics.mean(times)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in fastest.items()) / sum((x - mean_x) ** 2 for x in sizes)
    slope = max(slope, 1e-12)
    # Two processes: two messages, each of half the bytes.
    return max(0.0, (mean_y - slope * mean_x) / 2), 1 / slope


class Compute:
    """One process's own work: its parts, and how many bytes of gradients are there at which time."""

    def __init__(self, steps):
        self.forward, self.backward, self.update = (median(steps, lambda s: s[k]) for k in ("forward", "backward", "update"))
        count = len(steps[0]["buckets"])
        # From the moment when all sums are there, and the backward pass is done, to that when all gradients are.
        self.copy = median(steps, lambda s: max(0, s["copied"] - max([s["backward"], *(b[2] for b in s["buckets"])])))
        self.points = [(0.0, 0)]
        for k in range(count):
            at = median(steps, lambda s: s["buckets"][k][1])
            self.points.append((min(max(at, self.points[-1][0]), self.backward), self.points[-1][1] + steps[0]["buckets"][k][0]))
        self.bytes = self.points[-1][1]

    def buckets(self, size):
        """(bytes, milliseconds in the backward pass when they are there) for a bucket size."""
        edges, sums = [min(FIRST, size)], [b for _, b in self.points]
        while edges[-1] < self.bytes:
            edges.append(edges[-1] + size)
        done = 0
        for edge in (min(e, self.bytes) for e in edges):
            if edge == done:
                continue
            k = max(1, bisect.bisect_left(sums, edge))
            (t0, b0), (t1, b1) = self.points[k - 1], self.points[k]
            yield edge - done, t1 if b1 == b0 else t0 + (t1 - t0) * (edge - b0) / (b1 - b0)
            done = edge

    def step(self, processes, latency, bandwidth, size=25 * MB, norms=0, faster=1.0):
        """Milliseconds of a step; `faster`: how many times as fast the processes compute as the one measured."""
        def travel(count):
            return 0 if processes == 1 else 2 * (processes - 1) * (latency + count / processes / bandwidth)
        # The loss and its divisor, and what each batch norm asks for in both directions.
        small = 2 + 2 * norms
        blocked = small * travel(64)
        end = 0.0
        for count, ready in self.buckets(size):
            end = max(end, ready / faster) + travel(count)
        copy = 0 if processes == 1 else self.copy / faster
        return (self.forward + self.update) / faster + blocked + max(self.backward / faster, end) + copy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace", help="the timeline of process 0 of 2")
    parser.add_argument("--norms", type=int, default=0, help="batch norms that count over all processes (default: 0)")
    parser.add_argument("--faster", type=float, default=1.0, help="how many times as fast the processes compute, for GPUs (default: 1)")
    args = parser.parse_args()
    steps = read(args.trace)
    own, (latency, bandwidth) = Compute(steps), fit(steps)
    measured = median(steps, lambda s: s["whole"])
    print(f"{own.bytes / MB:.1f} MB of gradients in {len(own.points) - 1} buckets; forward {own.forward:.0f} ms, backward {own.backward:.0f} ms, "
          f"copying back {own.copy:.0f} ms, update {own.update:.0f} ms; fitted {latency:.2f} ms a message, {bandwidth * 8 / 1e6:.1f} Gbit/s.")
    print(f"A step of 2 processes: {measured:.0f} ms measured, {own.step(2, latency, bandwidth):.0f} ms by the simulation.\n")
    links = [("1 Gbit/s, 100 µs", 0.1, 1e6 / 8), ("10 Gbit/s, 50 µs", 0.05, 1e7 / 8), ("100 Gbit/s, 10 µs", 0.01, 1e8 / 8)]
    counts = (2, 4, 8, 16, 32, 64)
    alone = own.step(1, 0, 1, faster=args.faster)
    print("| link | " + " | ".join(f"{n} processes" for n in counts) + " |\n|---|" + "---|" * len(counts))
    for name, delay, width in links:
        print(f"| {name} | " + " | ".join(f"{100 * alone / own.step(n, delay, width, norms=args.norms, faster=args.faster):.0f} %" for n in counts) + " |")
    sizes = (1, 5, 25, 100, 1000)
    print("\n| 8 processes, buckets of | " + " | ".join(f"{s} MB" for s in sizes) + " |\n|---|" + "---|" * len(sizes))
    for name, delay, width in links:
        print(f"| {name} | " + " | ".join(
            f"{100 * alone / own.step(8, delay, width, s * MB, args.norms, args.faster):.0f} %" for s in sizes) + " |")


if __name__ == "__main__":
    main()
