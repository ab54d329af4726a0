"""Overhead of one small operator called from Python: 2x3 float32 tensors, no gradient, new result freed at once.

    python3 operators.py
"""
import torch

import measure

CALLS = 20_000    # per timed sample, so that the clock's own cost does not count


def add(a, b, n):
    f = torch.add
    for _ in range(n):
        f(a, b)


def plus(a, b, n):
    for _ in range(n):
        a + b


def mul(a, b, n):
    f = torch.mul
    for _ in range(n):
        f(a, b)


def relu(a, b, n):
    f = torch.relu
    for _ in range(n):
        f(a)


def view(a, b, n):
    for _ in range(n):
        a.view(3, 2)


LOOPS = {"operator_add": add, "operator_plus": plus, "operator_mul": mul, "operator_relu": relu,
         "operator_view": view}


class Operator:
    """Times are milliseconds per call; the loop around it is included, as a user's program would have one."""

    value = None

    def __init__(self, request):
        self.loop = LOOPS[request["case"]]
        self.a = torch.arange(6, dtype=torch.float32).view(2, 3)
        self.b = torch.ones(2, 3)

    def warm_up(self):
        self.times(1)

    def times(self, repeats, seconds=None):
        with torch.no_grad():
            return [t / CALLS for t in measure.time_calls(lambda: self.loop(self.a, self.b, CALLS), repeats, seconds)]


if __name__ == "__main__":
    args = measure.arguments(__doc__.splitlines()[0], repeats=9).parse_args()
    measure.report(args, Operator, [{"case": name} for name in LOOPS])
