"""Lesson 07: a text as the mean of its pieces' vectors, and padding that must not be heard."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

NOTHING = (
    "A text of which nothing is there has no pieces, and a mean over none is 0 divided by 0: the zero vector is due, "
    "which says nothing."
)
PADDED = "The padding is heard: 0 is no piece, so its row must not be added, whatever stands in it."


def _there(pieces: torch.Tensor) -> torch.Tensor:
    return (pieces > 0).float()


def _count(pieces: torch.Tensor) -> torch.Tensor:
    return _there(pieces).sum(dim=1, keepdim=True)


def _distinct(pieces: torch.Tensor) -> torch.Tensor:
    """(U, T) 1 where a piece stands for the first time in its text."""
    first = [[0 < p not in row[:at] for at, p in enumerate(row)] for row in pieces.tolist()]
    return torch.tensor(first).view(pieces.shape).float()


SUMS: tuple[tuple[Callable, str], ...] = (
    (lambda table, pieces: (table[pieces] * _there(pieces)[:, :, None]).sum(dim=1), ""),
    (lambda table, pieces: table[pieces].sum(dim=1), PADDED),
    (lambda table, pieces: table[pieces][:, 0], "Only the first piece of each text is taken."),
    (lambda table, pieces: table[pieces][:, -1], "Only the last place of each text is taken."),
    (lambda table, pieces: (table[pieces] * _distinct(pieces)[:, :, None]).sum(dim=1),
     "A piece that stands twice in a text is added once: it counts as often as it stands there."),
    (lambda table, pieces: (table[pieces - 1] * _there(pieces)[:, :, None]).sum(dim=1),
     "The rows are shifted by one: piece p has row p of the table, and row 0 is the padding's."),
    (lambda table, pieces: (table[pieces] * _there(pieces)[:, :, None]).sum(dim=(0, 1))[None].expand(len(pieces), -1),
     "The sum runs over all texts: each text has a mean of its own."),
    (lambda table, pieces: (table[pieces] * (1 - _there(pieces))[:, :, None]).sum(dim=1),
     "The mask is the wrong way round: it keeps the padding."),
)  # fmt: skip
COUNTS: tuple[tuple[Callable, str], ...] = (
    (lambda pieces: _count(pieces).clamp(min=1), ""),
    (lambda pieces: torch.full_like(_count(pieces), pieces.shape[1]),
     "It is divided by T, the number of places: divide by the number of pieces that are there, text by text."),
    (lambda pieces: torch.ones_like(_count(pieces)), "This is the sum of the pieces: their mean is meant."),
    (lambda pieces: _count(pieces) + 1, "It is divided by one too many: by the number of pieces that are there."),
    (lambda pieces: _count(pieces).sum().clamp(min=1).expand(len(pieces), 1),
     "It is divided by the number of pieces of all texts: each text has a count of its own."),
    (lambda pieces: _count(pieces).amax().clamp(min=1).expand(len(pieces), 1),
     "It is divided by the length of the longest text: each text has a count of its own."),
    (lambda pieces: _count(pieces).clamp(min=1).sqrt(), "It is divided by the root of the number of pieces."),
    (lambda pieces: _distinct(pieces).sum(dim=1, keepdim=True).clamp(min=1),
     "A piece that stands twice is counted once: the mean counts it as often as it is added."),
)  # fmt: skip
ENDS: tuple[tuple[Callable, str], ...] = (
    (lambda mean: mean, ""),
    (lambda mean: torch.nn.functional.normalize(mean, dim=1), "The mean is made a unit vector: leave its length."),
    (lambda mean: mean.mean(dim=1), "The mean runs over the d numbers as well: a vector is due for each text."),
)


def _mean(total: Callable, count: Callable, end: Callable) -> Callable:
    return lambda table, pieces: end(total(table, pieces) / count(pieces))


def _loudest(table: torch.Tensor, pieces: torch.Tensor) -> torch.Tensor:
    return table[pieces].masked_fill((pieces == 0)[:, :, None], -torch.inf).amax(dim=1)


def _oracle(table, pieces) -> torch.Tensor:
    rows, answer = table.double().tolist(), []
    for text in pieces.tolist():
        there = [rows[piece] for piece in text if piece != 0]
        answer.append([sum(column) / len(there) for column in zip(*there)] if there else [0.0] * len(rows[0]))
    return torch.tensor(answer, dtype=torch.float64)


def _cases() -> list[Case]:
    table = torch.tensor([[9.0, -9.0], [1.0, 2.0], [3.0, 0.0], [-2.0, 5.0]])

    def case(name: str, pieces: list, hint: str = "") -> Case:
        return Case(name, (table, torch.tensor(pieces)), hint)

    return [
        case("one text of two pieces", [[1, 2]]),
        case("one text of two pieces, and padding", [[1, 2, 0, 0]]),
        case("two texts of unequal length", [[3, 1, 2], [2, 0, 0]]),
        case("a piece that stands twice", [[1, 3, 3, 0], [2, 2, 2, 1]]),
        case("padding before the pieces", [[0, 3, 1], [2, 0, 1]]),
        case("a text of nothing beside one of two pieces", [[0, 0, 0], [1, 3, 0]], NOTHING),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    draw, texts = generator(7100 + seed), 6 + seed % 5
    pieces = torch.randint(1, 12, (texts, 7), generator=draw)
    length = torch.randint(1, 8, (texts, 1), generator=draw)
    table = torch.randn(12, 4 + seed % 3, generator=draw)
    return [Case(f"{texts} texts of up to seven pieces", (table, pieces * (torch.arange(7) < length)))]


MASKED_MEAN = Exercise(
    name="masked_mean",
    signature="masked_mean(table, pieces): (P, d), (U, T) whole numbers, 0 for padding -> (U, d)",
    oracle=_oracle,
    reference=_mean(SUMS[0][0], COUNTS[0][0], ENDS[0][0]),
    gradient=(0,),
    cases=_cases,
    drawn=_drawn,
    mistakes=(
        Mistake(_loudest, "The largest of each number is taken: the mean is meant."),
        *mistakes(_mean, SUMS, COUNTS, ENDS),
    ),
    hints=(
        "table[pieces] is (U, T, d): a row for each place, the padding's among them.",
        "`there = pieces != 0` is (U, T): as numbers, and with one more axis, it can be multiplied with (U, T, d).",
        "Two sums over the places: that of the rows which are there, and that of `there` itself. Divide, but not by 0.",
    ),
)


def masked_mean(answer: object) -> Verdict:
    """Check masked_mean(table, pieces): the mean of each text's pieces, of those that are there."""
    return check(MASKED_MEAN, answer)
