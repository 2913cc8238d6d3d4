"""Lesson 10: one step of row-wise Adagrad, of the gradients that all processes send."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .adagrad import RETURNED, STATES, STEPS
from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .parts import same_parts, show_parts
from .verdict import Verdict

Piece = tuple[torch.Tensor, torch.Tensor, int]  # rows (R,), gradients (R, d), pairs
UNWEIGHTED = (
    "The gradients are added as they came: each is that of a mean over the process's own pairs, so first it needs its "
    "share of all pairs."
)
NO_PAIRS = "A process without pairs says nothing: its share of all pairs is 0."


def _weighing(weight: Callable) -> Callable:
    """Sums the gradients, each times `weight`(its pairs, all pairs, processes)."""

    def summed(table: torch.Tensor, pieces: list[Piece]) -> tuple[torch.Tensor, torch.Tensor]:
        total, times = torch.zeros_like(table), torch.zeros(len(table))
        whole = sum(pairs for *_, pairs in pieces)
        for rows, gradients, pairs in pieces:
            total.index_add_(0, rows, weight(pairs, whole, len(pieces)) * gradients)
            times.index_add_(0, rows, torch.ones(len(rows)))
        return total, times

    return summed


def _assigned(table: torch.Tensor, pieces: list[Piece]) -> tuple[torch.Tensor, torch.Tensor]:
    total, times = _weighing(lambda n, all_of, count: n / all_of)(table, pieces)
    for rows, gradients, pairs in pieces:
        total[rows] = pairs / sum(part[2] for part in pieces) * gradients
    return total, times


def _only(place: int) -> Callable:
    return lambda table, pieces: _weighing(lambda n, all_of, count: 1.0)(table, [pieces[place]])


SUMS = (
    (_weighing(lambda n, all_of, count: n / all_of), ""),
    (_weighing(lambda n, all_of, count: 1.0), UNWEIGHTED),
    (_weighing(lambda n, all_of, count: 1 / count),
     "The mean over the processes is taken: one with few pairs would count as much as one with many."),
    (_weighing(lambda n, all_of, count: float(n)), "The sum is not divided by the number of all pairs."),
    (_weighing(lambda n, all_of, count: 1 / max(n, 1)),
     "Each gradient is divided by its pairs, and was a mean already: it is multiplied by them, then divided by all."),
    (_weighing(lambda n, all_of, count: 1 / all_of),
     "The sum is divided by the number of all pairs, but each mean was not multiplied by its own."),
    (_weighing(lambda n, all_of, count: n / all_of / count), "The weighted sum is divided by the processes once more."),
    (_assigned, "Of a row that two processes send only the last gradient counts: an assignment does not add."),
    (_only(0), "Only the first process counts."),
    (_only(-1), "Only the last process counts: is the sum overwritten in a loop?"),
)  # fmt: skip


def _step(summed: Callable, grown: Callable, step: Callable, give: Callable) -> Callable:
    def wrong(table, state, pieces, rate):
        total, times = summed(table, pieces)
        new = grown(state, total, times)
        asked = torch.cat([rows for rows, *_ in pieces]).unique()
        return give(table - rate * step(total, state, new, times), new, asked)

    return wrong


def _one_by_one(share: Callable) -> Callable:
    """A step for each process: what comes of it depends on who is first."""

    def wrong(table, state, pieces, rate):
        whole = sum(pairs for *_, pairs in pieces)
        for rows, gradients, pairs in pieces:
            part = share(pairs, whole) * gradients
            state[rows] += part.square().mean(1)
            table[rows] -= rate * part / state[rows].sqrt().clamp(min=1e-10)[:, None]
        return table, state

    return wrong


def _squares_apart(table, state, pieces, rate):
    total, times = SUMS[0][0](table, pieces)
    whole = sum(pairs for *_, pairs in pieces)
    for rows, gradients, pairs in pieces:
        state = state.index_add(0, rows, (pairs / whole * gradients).square().mean(1))
    return table - rate * STEPS[0][0](total, state, state, times), state


APART = (
    "Each process takes a step of its own: their gradients are summed first, and the sum takes one step, whoever came "
    "first."
)


def _oracle(table, state, pieces, rate) -> tuple[torch.Tensor, torch.Tensor]:
    new, grown = table.double(), state.double()
    whole = sum(pairs for *_, pairs in pieces)
    for row in range(len(table)):
        total = torch.zeros(table.shape[1], dtype=torch.float64)
        for rows, gradients, pairs in pieces:
            for place, gradient in zip(rows.tolist(), gradients):
                total += gradient.double() * pairs / whole if place == row else 0.0
        grown[row] += total.square().mean()
        if grown[row] > 0:
            new[row] -= rate * total / grown[row].sqrt()
    return new, grown


def _random(seed: int, count: int, dim: int, parts: list[tuple[int, int]]) -> tuple:
    """`parts`: how many rows and pairs each process has."""
    draw = generator(seed)
    table, state = torch.randn(count, dim, generator=draw), torch.rand(count, generator=draw)
    state[::3] = 0.0  # rows that were never asked for
    pieces = []
    for asked, pairs in parts:
        rows = torch.randperm(count, generator=draw)[:asked].sort().values
        pieces.append((rows, torch.randn(asked, dim, generator=draw) * (pairs > 0), pairs))
    return table, state, pieces, 0.1 * (2 + seed % 4)


def _cases() -> list[Case]:
    tensor, table = torch.tensor, torch.ones(3, 2)
    left = (tensor([0, 1]), tensor([[1.0, 2.0], [0.5, 0.5]]), 1)
    right = (tensor([1, 2]), tensor([[3.0, -1.0], [2.0, 2.0]]), 3)
    return [
        Case(
            "two processes that share row 1, of 1 and of 3 pairs", (table, tensor([1.0, 4.0, 0.0]), [left, right], 0.5)
        ),
        Case("the same, in the other order", (table, tensor([1.0, 4.0, 0.0]), [right, left], 0.5)),
        Case("one process alone", (table, tensor([1.0, 4.0, 0.0]), [right], 0.5)),
        Case("three processes, eight rows", _random(1, 8, 3, [(5, 40), (3, 10), (6, 25)])),
        Case("four processes, of which one has no pairs", _random(2, 7, 2, [(4, 6), (3, 0), (5, 9), (2, 2)]), NO_PAIRS),
    ]


SUMMED_STEP = Exercise(
    name="summed_step",
    signature=(
        "summed_step(table, state, pieces, rate): (N, d), (N,), a list of (rows (R,), gradients (R, d), pairs), a "
        "number -> (table, state), both new"
    ),
    oracle=_oracle,
    cases=_cases,
    mistakes=(
        *(Mistake(_one_by_one(share), APART) for share in (lambda n, all_of: n / all_of, lambda n, all_of: 1.0)),
        Mistake(_squares_apart, "The state gains the squares of each process's part: those of the sum are due."),
        *mistakes(_step, SUMS, STATES, STEPS, RETURNED),
    ),
    hints=(
        "Two parts: the gradient of the mean over all pairs, one (N, d) tensor; and then one step, as in appendix A1.",
        "A mean over all pairs is the sum of the means, each times its pairs over all pairs.",
        "First the state gains the mean of the sum's squares; then the row moves by rate * sum / root of the state.",
    ),
    same=same_parts("table", "state"),
    show=show_parts("table", "state"),
    kept=(0, 1),
    drawn=lambda seed: [
        Case(
            "five processes, drawn anew",
            _random(7_000 + seed, 9 + seed % 4, 3 + seed % 2, [(4, 9 + seed % 5), (5, 3), (2, 14), (3, 1), (6, 8)]),
        )
    ],
)


def summed_step(answer: object) -> Verdict:
    """Check summed_step(table, state, pieces, rate): gradients weighted by pairs, summed, and one step."""
    return check(SUMMED_STEP, answer)
