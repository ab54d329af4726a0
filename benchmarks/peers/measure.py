"""What every peer script shares: timing, versions, and the command line."""
import argparse
import ctypes
import json
import os
import platform
import re
import statistics
import time

import cv2
import numpy
import torch

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def threads_available():
    return len(os.sched_getaffinity(0))


def set_threads(count):
    """Intra-op threads of PyTorch, and of OpenBLAS, which it does not set; OpenCV always gets one, because the loader is measured per core."""
    torch.set_num_threads(count)
    try:
        ctypes.CDLL("libopenblas.so.0").openblas_set_num_threads(count)
    except (OSError, AttributeError):
        pass    # another BLAS
    cv2.setNumThreads(1)


def versions():
    blas = "/etc/alternatives/libblas.so.3-" + platform.machine() + "-linux-gnu"
    vectors = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    return {"name": "PyTorch", "torch": torch.__version__, "vectors": vectors.group(1) if vectors else "unknown", "opencv": cv2.__version__, "numpy": numpy.__version__,
            "python": platform.python_version(), "blas": os.path.realpath(blas) if os.path.exists(blas) else "unknown"}


def time_calls(run, repeats, seconds=None):
    """Milliseconds of each of `repeats` calls; stops early, after one call at least, when `seconds` are over."""
    times, end = [], time.perf_counter() + (seconds or float("inf"))
    while len(times) < repeats and (not times or time.perf_counter() < end):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return times


def arguments(description, repeats):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=threads_available(), help="intra-op threads (default: all)")
    parser.add_argument("--repeats", type=int, default=repeats, help=f"timed calls of each case (default {repeats})")
    parser.add_argument("--seconds", type=float, help="stop a case after so long, even with fewer repeats")
    return parser


def report(args, prepare, requests):
    """Runs each request in turn and prints a line of JSON with its median; first a line with the versions."""
    set_threads(args.threads)
    print(json.dumps({"versions": versions(), "threads": args.threads}), flush=True)
    for request in requests:
        case = prepare(request)
        case.warm_up()
        times = case.times(args.repeats, args.seconds)
        line = dict(request, median_ms=statistics.median(times), min_ms=min(times), max_ms=max(times),
                    repeats=len(times), value=case.value)
        if request["case"].startswith("operator"):
            line["median_ns"] = line["median_ms"] * 1e6
        if request["case"] == "loader":
            line["images_per_second"] = 1000 / line["median_ms"]
        print(json.dumps(line), flush=True)
