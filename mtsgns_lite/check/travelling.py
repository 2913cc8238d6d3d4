"""Lesson 10: how many bytes travel between processes in a step."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

UNEVEN = (
    "Only a table fails that the processes don't divide: a process holds rows / processes of it, rounded up, so row r "
    "is on process r // share."
)
ASKS = (  # of a tensor of row numbers: those that are sent for
    (lambda rows: rows.unique(), ""),
    (lambda rows: rows, "A process that needs a row twice asks for it once: repeated numbers are counted again."),
)  # fmt: skip
AWAY = (  # of (row numbers, process, table's rows, processes): which are elsewhere
    (lambda ids, own, rows, count: ids // -(-rows // count) != own, ""),
    (lambda ids, own, rows, count: torch.ones_like(ids, dtype=torch.bool),
     "Rows that the process holds itself are counted too: they don't travel."),
    (lambda ids, own, rows, count: ids // -(-rows // count) == own,
     "The wrong rows are counted: those that the process holds itself don't travel, the others do."),
    (lambda ids, own, rows, count: ids % count != own,
     "Rows are dealt out by turns (r % processes): cut row-wise, a process holds neighbours."),
    (lambda ids, own, rows, count: ids // (rows // count) != own, UNEVEN),
    (lambda ids, own, rows, count: (ids // (rows // count)).clamp(max=count - 1) != own, UNEVEN),
    (lambda ids, own, rows, count: ids // -(-rows // count) != 0, "Every process is taken for process 0."),
)  # fmt: skip
BYTES = (  # of d: those of a row
    (lambda d: 8 + 8 * d, ""),
    (lambda d: 8 * d, "The row's number is forgotten, 8 bytes: nobody sends a row without being asked."),
    (lambda d: 8 + 4 * d, "One way is forgotten: the row comes, and its gradient goes back, of the same size."),
    (lambda d: 4 * d, "The row's number, 8 bytes, and one of the two ways are forgotten."),
    (lambda d: 4 + 8 * d, "A row's number has 8 bytes, not 4."),
    (lambda d: 8 + 16 * d, "A number of a row is a float32, of 4 bytes."),
    (lambda d: 8 + 2 * d, "The d numbers of a row are counted without their 4 bytes."),
    (lambda d: 1 + 2 * d, "These are numbers: each of a row has 4 bytes, and the row's own number has 8."),
    (lambda d: 16 + 8 * d,
     "8 bytes too many for each row: its number is sent once, and the state of Adagrad stays where the row is."),
    (lambda d: 1, "These are the rows that travel: how many bytes are they?"),
)  # fmt: skip
ENDS = (
    (lambda parts: sum(parts), ""),
    (lambda parts: sum(parts) / len(parts), "This is the mean over the processes: their sum is due."),
    (lambda parts: max(parts), "Only the process that sends for most counts: the sum over all is due."),
    (lambda parts: parts[0], "Only the first process counts: does the function return inside its loop?"),
    (lambda parts: parts[-1], "Only the last process counts: is the total overwritten in a loop?"),
)  # fmt: skip


def _traffic(asks: Callable, away: Callable, size: Callable, end: Callable) -> Callable:
    def answer(asked, rows, dim):
        parts = []
        for own, ids in enumerate(asked):
            ids = asks(ids)
            parts.append(int(away(ids, own, rows, len(asked)).sum()) * size(dim))
        return end(parts)

    return answer


def _together(asked, rows, dim) -> int:
    """Rows that several processes ask for, counted once."""
    share = -(-rows // len(asked))
    away = {row for own, ids in enumerate(asked) for row in ids.tolist() if row // share != own}
    return len(away) * (8 + 8 * dim)


def _oracle(asked: list[torch.Tensor], rows: int, dim: int) -> int:
    share, total = -(-rows // len(asked)), 0
    for own, ids in enumerate(asked):
        for row in set(ids.tolist()):
            total += 0 if row // share == own else 8 + 4 * dim + 4 * dim
    return total


def _drawn(seed: int, rows: int, counts: tuple[int, ...], dim: int) -> tuple:
    draw = generator(seed)
    return [torch.randint(rows, (count,), generator=draw) for count in counts], rows, dim


def _cases() -> list[Case]:
    two = [torch.tensor([0, 4]), torch.tensor([4, 5])]
    return [
        Case("six rows, the first process asks for rows 0 and 4, the second for 4 and 5", (two, 6, 2)),
        Case("both ask for all six rows", ([torch.arange(6), torch.arange(6)], 6, 3)),
        Case("one asks for row 5 three times", ([torch.tensor([5, 5, 1, 5]), torch.tensor([3])], 6, 2)),
        Case("twelve rows, three processes", _drawn(1, 12, (6, 4, 7), 4)),
        Case("seven rows, two processes", ([torch.tensor([3, 6]), torch.tensor([3, 0])], 7, 2), UNEVEN),
        Case("23 rows, four processes", _drawn(2, 23, (9, 3, 5, 8), 5), UNEVEN),
    ]


TRAFFIC = Exercise(
    name="traffic",
    signature="traffic(asked, rows, dim): a list of tensors of row numbers, two whole numbers -> bytes",
    oracle=_oracle,
    cases=_cases,
    mistakes=(
        Mistake(_together, "A row that two processes ask for is sent to both: it is counted once for all here."),
        *mistakes(_traffic, ASKS, AWAY, BYTES, ENDS),
    ),
    hints=(
        "By hand: six rows over two processes, d = 2. The first asks for rows 0 and 4: one of them is elsewhere, and "
        "costs 8 bytes there, 8 bytes back, and 8 there again.",
        "A loop over the processes: the distinct rows that each asks for; which of them live on another; 8 + 4d + 4d "
        "bytes for each of these.",
    ),
    drawn=lambda seed: [
        Case("processes that ask for rows drawn anew", _drawn(4_000 + seed, 40 + seed % 7, (12, 9, 15), 3 + seed % 4))
    ],
)


def traffic(answer: object) -> Verdict:
    """Check traffic(asked, rows, dim): what is asked for elsewhere travels as a number, a row and a gradient."""
    return check(TRAFFIC, answer)
