"""Answers requests on standard input, a line of JSON each, until it closes. The protocol is in benchmarks/README.md."""
import json
import sys
import time
import traceback

import boxes
import confusion
import deform
import keypoints
import loader
import measure
import network
import objects
import operators
import poses

CASES = {**dict.fromkeys(operators.LOOPS, operators.Operator), **network.CASES, **deform.CASES, **confusion.CASES,
         "loader": loader.Loader, **poses.CASES, **keypoints.CASES,
         **objects.CASES, **boxes.CASES}
KEPT = 3    # prepared cases: those of a group alternate without being built again
NOT_PART_OF_A_CASE = ("threads", "repeats", "seconds")

prepared = {}


def answer(request):
    if request.get("case") not in CASES:
        return {"skipped": f"no case {request.get('case')!r}; known: {', '.join(CASES)}"}
    measure.set_threads(request.get("threads", measure.threads_available()))
    key = json.dumps({k: v for k, v in request.items() if k not in NOT_PART_OF_A_CASE}, sort_keys=True)
    if key not in prepared:
        while len(prepared) >= KEPT:
            prepared.pop(next(iter(prepared)))
        try:
            case = CASES[request["case"]](request)
        except ModuleNotFoundError as error:
            return {"skipped": f"{error.name} is not installed"}
        case.warm_up()
        prepared[key] = case
    case = prepared[key]
    before = time.process_time()
    times = case.times(request.get("repeats", 3), request.get("seconds"))
    # Of all threads, a call's mean: says more than times where other programs run.
    return {"times_ms": times, "cpu_ms": (time.process_time() - before) * 1000 / len(times), "value": case.value}


def main():
    print(json.dumps({"hello": measure.versions()}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            reply = answer(json.loads(line))
        except Exception as error:    # one bad request must not end the others; the driver shows it
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
