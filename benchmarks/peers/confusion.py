"""numpy's bincount over ready indices truth * K + prediction of a 1024x2048 map, 19 classes; maps of areas or of noise.

    python3 confusion.py
"""
import numpy as np

import formula
import measure

CLASSES, HEIGHT, WIDTH = 19, 1024, 2048


def label_map(key, values, noise, shift):
    """Blocks of 16x32 pixels, or a value a pixel."""
    across = WIDTH // 32 + 1
    numbers = formula.uniform(key, HEIGHT * WIDTH if noise else HEIGHT // 16 * across)
    if noise:
        return (numbers * values).astype(np.int64)
    blocks = (numbers * values).astype(np.int64).reshape(HEIGHT // 16, across)
    return np.repeat(blocks, 16, 0)[:, (np.arange(WIDTH) + shift) // 32].reshape(-1)


class Confusion:
    """Only the counting is timed, on the integer type that numpy counts fastest. `value`: the mean IoU over classes that occur."""

    def __init__(self, request):
        noise = request["maps"] == "noise"
        truth = label_map("confusion.truth", CLASSES + 1, noise, 0)
        prediction = np.minimum(label_map("confusion.prediction" if noise else "confusion.truth", CLASSES + 1, noise, 8), CLASSES - 1)
        self.index = np.ascontiguousarray((truth * CLASSES + prediction)[truth < CLASSES], dtype=np.intp)
        self.value = None

    def run(self):
        return np.bincount(self.index, minlength=CLASSES * CLASSES)

    def warm_up(self):
        counts = self.run().reshape(CLASSES, CLASSES)
        hits = np.diag(counts)
        self.value = float(np.mean(hits / (counts.sum(0) + counts.sum(1) - hits)))

    def times(self, repeats, seconds=None):
        return measure.time_calls(self.run, repeats, seconds)


CASES = {"confusion": Confusion}


if __name__ == "__main__":
    args = measure.arguments(__doc__.splitlines()[0], repeats=9).parse_args()
    measure.report(args, Confusion, [{"case": "confusion", "maps": maps} for maps in ("areas", "noise")])
