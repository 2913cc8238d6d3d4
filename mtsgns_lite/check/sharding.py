"""Lesson 10: how many rows of a table each process holds, where it is cut row-wise."""

from __future__ import annotations

from collections.abc import Callable

from .comparing import as_tensor, close
from .exercise import Case, Exercise, Mistake, check
from .verdict import Verdict

SHORT = (
    "Only tables fail that leave a process with little or nothing: the others take their full share first, so one "
    "process may have fewer rows, and those after it none."
)


def same_counts(got: object, expected: object) -> bool | str:
    """A list of counts; a sentence where it is one of another length, or of pairs."""
    given = as_tensor(got)
    assert isinstance(expected, list)
    if given is not None and given.ndim == 2 and given.shape[1] == 2:
        return "The answer holds two numbers for each process, such as a first and a last row: how many it has is due."
    if given is not None and given.ndim == 1 and len(given) != len(expected):
        return f"The answer has {len(given)} numbers for {len(expected)} processes: a process without rows counts too."
    return close(got, expected)


def _oracle(rows: int, processes: int) -> list[int]:
    each, held = -(-rows // processes), [0] * processes
    for row in range(rows):
        held[row // each] += 1
    return held


def _cut(each: Callable, last: Callable) -> Callable:
    """Give all `each`(rows, processes), then mend the list by `last`(list, rows)."""
    return lambda rows, processes: last([each(rows, processes)] * processes, rows)


def _rest_to_last(held: list, rows: int) -> list:
    return [*held[:-1], rows - sum(held[:-1])]


def _evenly(rows: int, processes: int) -> list[int]:
    return [rows // processes + (number < rows % processes) for number in range(processes)]


def _up(rows: int, processes: int) -> int:
    return -(-rows // processes)


def _down(rows: int, processes: int) -> int:
    return rows // processes


_WRONG = (
    (lambda rows, processes: [rows / processes] * processes, "A row can't be cut: round the share up."),
    (_evenly,
     "The rows that are left over are dealt out evenly, one each to the first: TorchRec rounds the share up for all, "
     "and the last have fewer."),
    (lambda rows, processes: _evenly(rows, processes)[::-1],
     "The rows that are left over are dealt out evenly: TorchRec rounds the share up, and the last have fewer."),
    (_cut(_down, _rest_to_last), "The share is rounded down, so that the last has more: it is rounded up."),
    (_cut(_down, lambda held, rows: held), "The share is rounded down, and the rows that are left over are lost."),
    (_cut(lambda r, p: round(r / p), _rest_to_last), "The share is rounded to the nearest: it is rounded up."),
    (_cut(_up, _rest_to_last), SHORT + " A count below 0 is none."),
    (_cut(lambda r, p: r // p + 1, _rest_to_last),
     "A row too many each where the processes divide the rows: r // p + 1 is not the share rounded up."),
    (_cut(_up, lambda held, rows: held), "Together these are more rows than the table has: the last get what is left."),
    (_cut(_up, lambda held, rows: [*held[:-1], max(0, rows - sum(held[:-1]))]),
     SHORT + " Here only the last one's share is mended."),
    (lambda rows, processes: [rows] * processes, "Every process has the whole table: it is cut."),
    (lambda rows, processes: [rows] + [0] * (processes - 1), "One process has all of it: that is table-wise."),
    (lambda rows, processes: _oracle(rows, processes)[::-1], "The order is turned round: the first have a full share."),
    (lambda rows, processes: [min((number + 1) * _up(rows, processes), rows) for number in range(processes)],
     "These are the rows up to the end of each process: take from each what those before it have."),
    (lambda rows, processes: [min(number * _up(rows, processes), rows) for number in range(processes)],
     "These are the first rows of the processes: how many each has is due."),
)  # fmt: skip

ROWS_HELD = Exercise(
    name="rows_held",
    signature="rows_held(rows, processes): two whole numbers -> a list of whole numbers, one for each process",
    oracle=_oracle,
    cases=lambda: [
        Case("6 rows, 2 processes", (6, 2)),
        Case("10 rows, 4 processes", (10, 4)),
        Case("11 rows, 3 processes", (11, 3)),
        Case("6,186 rows, 8 processes", (6_186, 8)),
        Case("9 rows, 5 processes", (9, 5)),
        Case("5 rows, 4 processes", (5, 4)),
        Case("10 rows, 8 processes", (10, 8), SHORT),
        Case("2 rows, 5 processes", (2, 5), SHORT),
    ],
    mistakes=tuple(Mistake(wrong, hint) for wrong, hint in _WRONG),
    hints=(
        "By hand: 10 rows over 4 processes. A share is 2.5 rows, rounded up 3; three processes have it, and one row is "
        "left.",
        "Process n begins at row n * share. How many rows are there from there on? It has those, but no more than a "
        "share, and never fewer than none.",
    ),
    same=same_counts,
    drawn=lambda seed: [
        Case("numbers drawn anew", (1_000 + 7 * seed % 601, 3 + seed % 9)),
        Case("few rows, drawn anew", (7 + seed % 6, 5 + seed % 3)),
    ],
)


def rows_held(answer: object) -> Verdict:
    """Check rows_held(rows, processes): a share rounded up for each, and what is left for the last."""
    return check(ROWS_HELD, answer)
