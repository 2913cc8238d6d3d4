"""Appendix A1: one step of row-wise Adagrad, for rows that may come more than once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch

from .exercise import Case, Exercise, Finding, Mistake, check, generator, mistakes
from .parts import same_parts, show_parts
from .running import fresh
from .verdict import Verdict

IDLE = (
    "Only a row with a gradient of 0 and a state of 0 fails: 0 divided by 0 is no number, and the row should stay "
    "where it is."
)
WRITTEN = "The values are right, but the function writes into its arguments ({}): change copies, and return those."

SUMMED = "they are summed first, and the sum is one gradient, squared once, with one step."

Sums = tuple[torch.Tensor, torch.Tensor]  # (N, d) of each row, and (N,) how often it came


def _summed(table: torch.Tensor, rows: torch.Tensor, gradients: torch.Tensor) -> Sums:
    times = torch.bincount(rows, minlength=len(table)).to(table.dtype)
    return torch.zeros_like(table).index_add_(0, rows, gradients), times


def _last(table: torch.Tensor, rows: torch.Tensor, gradients: torch.Tensor) -> Sums:
    total, times = _summed(table, rows, gradients)
    for row, gradient in zip(rows.tolist(), gradients):
        total[row] = gradient
    return total, times


def _first(table: torch.Tensor, rows: torch.Tensor, gradients: torch.Tensor) -> Sums:
    return _last(table, rows.flip(0), gradients.flip(0))


def _averaged(table: torch.Tensor, rows: torch.Tensor, gradients: torch.Tensor) -> Sums:
    total, times = _summed(table, rows, gradients)
    return total / times.clamp(min=1)[:, None], times


SUMS = (
    (_summed, ""),
    (_last, "Of a row that comes more than once only the last gradient counts: an assignment does not add."),
    (_first, "Of a row that comes more than once only the first gradient counts."),
    (_averaged, "The gradients of a row that comes more than once are averaged: they are summed."),
)  # fmt: skip
STATES = (  # of (state, total (N, d), times): the new state
    (lambda s, g, n: s + g.square().mean(1), ""),
    (lambda s, g, n: s + g.square().sum(1), "The state gains the sum of the squares: their mean over the row is due."),
    (lambda s, g, n: s + g.mean(1).square(), "The state gains the square of the mean: the mean of the squares is due."),
    (lambda s, g, n: s + g.mean(1), "The state gains the mean of the gradient: its squares are meant."),
    (lambda s, g, n: s + g.abs().mean(1), "The state gains the mean of the sizes: that of the squares is meant."),
    (lambda s, g, n: s + g.square().mean(1).sqrt(), "The state gains a root: that is taken of the whole state, later."),
    (lambda s, g, n: torch.where(n > 0, g.square().mean(1), s), "The old state is lost: the squares are added to it."),
    (lambda s, g, n: g.square().mean(1), "The old state is lost, and that of rows which were not asked for."),
    (lambda s, g, n: s + g.square().mean(), "The mean is taken over all rows: each has a number of its own."),
    (lambda s, g, n: s, "The state stays as it was: it gains the mean of the squares."),
    (lambda s, g, n: s + (n > 0), "The state counts steps: it gains the mean of the gradient's squares."),
    (lambda s, g, n: s + n * g.square().mean(1),
     "A row that comes more than once adds the square of the sum each time: it is one gradient, added once."),
    (lambda s, g, n: torch.where(n > 0, 0.9 * s + 0.1 * g.square().mean(1), s),
     "This is a running mean (RMSProp): Adagrad adds up."),
)  # fmt: skip


def _rooted(total: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    return total / state.sqrt().clamp(min=1e-10)[:, None]


STEPS = (  # of (total, old state, new state, times): what times the rate is subtracted
    (lambda g, old, new, n: _rooted(g, new), ""),
    (lambda g, old, new, n: -_rooted(g, new), "The sign: the step goes against the gradient."),
    (lambda g, old, new, n: torch.where(n[:, None] > 0, g / new.sqrt()[:, None], g),
     "A row whose gradient and state are both 0 becomes 0 / 0, no number: it should stay where it is."),
    (lambda g, old, new, n: g / new.sqrt()[:, None],
     "Rows that were not asked for become 0 / 0, no number: they should stay where they are."),
    (lambda g, old, new, n: _rooted(g, old), "The step is divided by the old state: what the row gains now counts."),
    (lambda g, old, new, n: g / new.clamp(min=1e-10)[:, None],
     "The root is missing: the step is divided by the state itself."),
    (lambda g, old, new, n: g, "The step is not divided by the root of the state: this is plain gradient descent."),
    (lambda g, old, new, n: g * new.sqrt()[:, None], "The step is multiplied by the root: it is divided by it."),
    (lambda g, old, new, n: _rooted(g, new) * n[:, None],
     "A row that comes more than once takes the step of its sum each time: one step is meant."),
    (lambda g, old, new, n: g / (new.sqrt() + 1)[:, None], "1 is added to the root, which makes steps smaller."),
    (lambda g, old, new, n: 0 * g, "The table stays as it was."),
    (lambda g, old, new, n: g / g.square().mean(1).sqrt().clamp(min=1e-10)[:, None],
     "The step is divided by the root of this gradient's squares alone: the whole state counts."),
)  # fmt: skip
RETURNED = (
    (lambda table, state, rows: (table, state), ""),
    (lambda table, state, rows: (state, table), "The state comes first: the table is due first, then the state."),
    (lambda table, state, rows: table, "Only the table is returned: the new state is due as well."),
    (lambda table, state, rows: (table[rows], state[rows]), "Only the rows asked for are returned: all N are due."),
)  # fmt: skip


def _step(summed: Callable, grown: Callable, step: Callable, give: Callable) -> Callable:
    def wrong(table, state, rows, gradients, rate):
        total, times = summed(table, rows, gradients)
        new = grown(state, total, times)
        return give(table - rate * step(total, state, new, times), new, rows)

    return wrong


def _one_by_one(table, state, rows, gradients, rate) -> tuple[torch.Tensor, torch.Tensor]:
    for row, gradient in zip(rows.tolist(), gradients):
        state[row] += gradient.square().mean()
        table[row] -= rate * gradient / state[row].sqrt().clamp(min=1e-10)
    return table, state


def _squares_apart(table, state, rows, gradients, rate) -> tuple[torch.Tensor, torch.Tensor]:
    state = state.index_add(0, rows, gradients.square().mean(1))
    return table - rate * _rooted(_summed(table, rows, gradients)[0], state), state


def _steps_apart(table, state, rows, gradients, rate) -> tuple[torch.Tensor, torch.Tensor]:
    """A row's parts each for themselves, from the old state; the steps add up, and the last state stays."""
    new = state[rows] + gradients.square().mean(1)
    state[rows] = new
    return table.index_add(0, rows, -rate * _rooted(gradients, new)), state


def _oracle(table, state, rows, gradients, rate) -> tuple[torch.Tensor, torch.Tensor]:
    new, grown = table.double(), state.double()
    for row in sorted(set(rows.tolist())):
        parts = [gradient.double() for gradient, other in zip(gradients, rows.tolist()) if other == row]
        total = torch.stack(parts).sum(0)
        grown[row] += (total @ total) / len(total)
        if grown[row] > 0:
            new[row] -= rate * total / grown[row] ** 0.5
    return new, grown


def _random(seed: int, count: int, dim: int, asked: int, distinct: bool = False) -> tuple:
    draw = generator(seed)
    table, state = torch.randn(count, dim, generator=draw), torch.rand(count, generator=draw)
    state[::3] = 0.0  # rows that were never asked for
    rows = torch.randperm(count, generator=draw)[:asked]
    if not distinct:
        rows = torch.cat([rows, rows[: (asked + 1) // 2], rows[:1]])  # some twice, one three times
    return table, state, rows, torch.randn(len(rows), dim, generator=draw), 0.1 * (2 + seed % 4)


def _cases() -> list[Case]:
    tensor, one = torch.tensor, torch.ones(2, 2)
    idle = tensor([[0.0, 0.0], [3.0, 4.0]])
    return [
        Case("one row of two, the first time", (one, torch.zeros(2), tensor([1]), tensor([[3.0, 4.0]]), 0.5)),
        Case("one row that has a state", (one, tensor([0.0, 9.0]), tensor([1]), tensor([[3.0, 4.0]]), 0.5)),
        Case("three rows of five, each once", _random(1, 5, 3, 3, distinct=True)),
        Case("a row that comes twice", (one, torch.zeros(2), tensor([1, 1]), tensor([[3.0, 4.0], [1.0, -2.0]]), 0.5)),
        Case("five rows of seven, some twice", _random(2, 7, 4, 5)),
        Case("a gradient of 0, the first time", (one, torch.zeros(2), tensor([0, 1]), idle, 0.5), IDLE),
    ]  # fmt: skip


_NAMES = ("table", "state")
ROWWISE_ADAGRAD = Exercise(
    name="rowwise_adagrad",
    signature=(
        "rowwise_adagrad(table, state, rows, gradients, rate): (N, d), (N,), (R,) row numbers, (R, d), a number -> "
        "(table, state), both new"
    ),
    oracle=_oracle,
    cases=_cases,
    mistakes=(
        Mistake(_one_by_one, f"A row that comes more than once takes a step for each of its gradients: {SUMMED}"),
        Mistake(_squares_apart, f"A repeated row's state gains the squares of each gradient: {SUMMED}"),
        Mistake(_steps_apart, f"A repeated row's gradients are divided and added apart: {SUMMED}"),
        *mistakes(_step, SUMS, STATES, STEPS, RETURNED),
    ),
    hints=(
        "Do it by hand for one row that comes twice: sum the two gradients, and go on as if there were only the sum.",
        "A loop over the distinct rows is enough: which places of `rows` hold this row, and what do they sum up to?",
        "First the state gains the mean of the sum's squares; then the row moves by rate * sum / root of the state.",
    ),
    same=same_parts(*_NAMES),
    show=show_parts(*_NAMES),
    drawn=lambda seed: [Case(f"{n} rows, drawn anew", _random(9000 + seed, n, 3 + seed % 3, n - 2)) for n in (8, 13)],
)


def rowwise_adagrad(answer: object) -> Verdict:
    """Check rowwise_adagrad(table, state, rows, gradients, rate): repeated rows are summed, and take one step."""
    if not callable(answer):
        return check(ROWWISE_ADAGRAD, answer)
    watched, written = _watched(answer)
    return check(dataclasses.replace(ROWWISE_ADAGRAD, extra=(lambda call: _told(written),)), watched)


def _watched(answer: Callable) -> tuple[Callable, set[str]]:
    """The answer, and the names of the arguments that it has written into so far."""
    written: set[str] = set()

    @functools.wraps(answer)
    def watched(*arguments):
        before = fresh(arguments)
        value = answer(*arguments)
        for name, old, new in zip(("table", "state", "rows", "gradients"), before, arguments):
            if not torch.equal(old, new):
                written.add(name)
        return value

    return watched, written


def _told(written: set[str]) -> Finding | None:
    return Finding(WRITTEN.format(", ".join(f"`{name}`" for name in sorted(written)))) if written else None
