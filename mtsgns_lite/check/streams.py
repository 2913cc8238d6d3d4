"""Random numbers for several workers: are they as likely as they should be, and is each stream a worker's own?"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .comparing import as_tensor, close
from .exercise import Finding
from .negatives import Draws, likely


@dataclass(frozen=True)
class Streams:
    """`n` items for each worker, in these shares (items,), from a stream of the worker's own."""

    workers: int
    n: int
    share: np.ndarray

    def __repr__(self) -> str:
        return f"{self.workers} rows of {self.n} items from 0 to {len(self.share) - 1}, each row drawn by itself"


def streamed(got: object, expected: object) -> bool | str:
    """Are these draws such streams? Right ones fail less than once in a hundred million times."""
    assert isinstance(expected, Streams)
    n, share = expected.n, expected.share
    given = as_tensor(got)
    kind = close(got, np.zeros((expected.workers, n), dtype=np.int64))
    if isinstance(kind, str) or given is None:
        return kind
    rows = given.cpu().numpy()
    for drawn in rows:
        due = likely(drawn, Draws(n, share))
        if due is not True:
            return due
    return _alike(rows, len(share)) or True


def _alike(rows: np.ndarray, items: int) -> str:
    """What two rows have in common that drawn ones have not, or a row with itself; "" where there is nothing."""
    n = rows.shape[1]
    if n * np.log2(items) < 40:
        return ""  # too few numbers to tell
    if (np.diff(rows, axis=1) % items == np.diff(rows[:, :2], axis=1) % items).all(axis=1).any():
        return "A row goes on in equal steps: its numbers are counted, not drawn."
    if any(_too_even(row, items) for row in rows):
        return "Items come too evenly for chance: each draw is from all items, so one that came before may come again."
    pairs = list(itertools.combinations(range(len(rows)), 2))
    same = [pair for pair in pairs if (rows[pair[0]] == rows[pair[1]]).all()]
    if same and len(same) == len(pairs):
        return "All workers draw the same numbers: each of them starts from the same seed."
    if same:
        return f"Workers {same[0][0]} and {same[0][1]} draw the same numbers."
    for one, other in ((rows[a], rows[b]) for a, b in pairs):
        if len({*((one - other) % items).tolist()}) == 1:
            return "One worker's numbers are another's, moved by a constant: that is one stream, not two."
        if items >= 50 and n >= 200 and (np.sort(one) == np.sort(other)).all():
            return "One worker's numbers are another's in another order: that is one stream, not two."
    return ""


def _too_even(row: np.ndarray, items: int) -> bool:
    """Is no item drawn twice where some should be, or each exactly as often as any other?"""
    n, count = len(row), np.bincount(row, minlength=items)
    once = count.max() == 1 and n * (n - 1) > 50 * items
    by_luck = np.log(items) / 2 - (items - 1) / 2 * np.log(2 * np.pi * n / items)  # the logarithm of a chance
    return bool(once or (count == count[0]).all() and by_luck < -18)


def _table(got: object) -> np.ndarray:
    given = as_tensor(got)
    assert given is not None
    return given.cpu().numpy()


def repeats(draw: Callable) -> Finding | None:
    """Does the same seed draw the same again?"""
    one, again = (_table(draw(7, 3, 20, 100)) for _ in range(2))
    if (one != again).any():
        return Finding("The same seed draws differently the second time: all randomness has to come from `seed`.")
    return None


SEEDS, WIDE = (0, 1, 2, 3, 4, 10, 100, 1_000, 10_000), 1_000
PIECE = 6  # numbers below WIDE that two streams share by luck once in 10 to the power of 18


def parted(draw: Callable) -> Finding | None:
    """Do two workers share a piece of stream, whatever seeds they have?"""
    tables = {seed: _table(draw(seed, 4, 24, WIDE)).tolist() for seed in SEEDS}
    if all(table == tables[0] for table in tables.values()):
        return Finding("Different seeds draw the same: the seed does not reach the numbers.")
    known: dict[tuple, tuple] = {}
    for seed, worker in itertools.product(SEEDS, range(4)):
        row = tables[seed][worker]
        for place in range(len(row) - PIECE + 1):
            owner = known.setdefault(tuple(row[place : place + PIECE]), (seed, worker, place))
            if owner[:2] != (seed, worker):
                return Finding(_shared(owner, (seed, worker, place)))
    return None


def _shared(one: tuple, other: tuple) -> str:
    (seed, worker, place), (later, second, where) = one, other
    words = f"Worker {second} of seed {later} draws the same as worker {worker} of seed {seed}"
    if place != where:
        return f"{words}, only from another place on: their streams overlap."
    if worker == second:
        return f"{words}: the seed does not reach every worker."
    return f"{words}: seed and worker are put together to a number that other seeds and workers give too."


def of_its_own(draw: Callable) -> Finding | None:
    """Are the first numbers of each worker the same, however many are drawn?"""
    long, short = (_table(draw(5, 3, n, WIDE)) for n in (30, 10))
    if (long[:, :10] == short).all():
        return None
    return Finding(
        "What a worker draws depends on how many numbers the others draw: they all take them from one stream. "
        "Workers in processes of their own can't."
    )
