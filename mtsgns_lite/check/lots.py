"""Baskets filled by lot: are the sizes and the purchases the old ones, and is the company anybody's?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, combinations, permutations

import numpy as np
import torch

from .exercise import Finding, generator
from .negatives import Draws, likely
from .running import short, shown

Rows = list[list[int]]


@dataclass(frozen=True)
class Lot:
    """Baskets of these sizes, in this order, that hold each item so often."""

    sizes: list[int]
    counts: Counter

    def __repr__(self) -> str:
        return short(
            f"baskets of sizes {self.sizes}, with each item so often: {dict(sorted(self.counts.items()))}", 200
        )


def by_lot(baskets: Rows) -> Lot:
    """What shuffled baskets share with these."""
    return Lot([len(row) for row in baskets], Counter(chain.from_iterable(baskets)))


def read(got: object) -> Rows | str:
    """Baskets as lists of whole numbers, or a sentence where they are something else."""
    if not isinstance(got, list | tuple | torch.Tensor | np.ndarray) or not all(hasattr(row, "__len__") for row in got):
        return f"The answer is a {type(got).__name__} where a list of baskets is due, each a list of items."
    rows = [list(row.tolist() if hasattr(row, "tolist") else row) for row in got]
    if any(float(item) != int(item) for item in chain.from_iterable(rows)):
        return "A basket holds something that is no item: items are whole numbers."
    return [[int(item) for item in row] for row in rows]


def same_lot(got: object, expected: object) -> bool | str:
    """The same sizes in order, and as many purchases of each item."""
    assert isinstance(expected, Lot)
    rows = read(got)
    if isinstance(rows, str):
        return rows
    sizes, lost = [len(row) for row in rows], sum((expected.counts - by_lot(rows).counts).values())
    if sizes == expected.sizes:
        return (
            not lost or "An item is bought more often than before, and another less often: every purchase has to stay."
        )
    if len(sizes) != len(expected.sizes):
        return f"There are {len(sizes)} baskets where there were {len(expected.sizes)}; one may stay empty."
    if sum(sizes) < sum(expected.sizes) and [*map(len, map(set, rows))] == sizes:
        return "Purchases are lost: as a set a basket holds an item only once, however often it was put in."
    if sorted(sizes) == sorted(expected.sizes):
        return "The baskets have the right sizes in another order: each keeps its own."
    return "The baskets have other sizes than before."


def show_lot(got: object) -> str:
    """The baskets where there are few of them."""
    rows = got if isinstance(got, Lot) else read(got)
    return repr(rows) if isinstance(rows, Lot) else shown(got) if isinstance(rows, str) else short(rows)


def _shuffled(shuffle: Callable, baskets: Rows, seed: int) -> Rows:
    rows = read(shuffle(baskets, generator(seed)))
    assert isinstance(rows, list)
    return rows


def seeded(shuffle: Callable) -> Finding | None:
    """Does all randomness come from the generator?"""
    baskets = [[3 * row, 3 * row + 1, 3 * row + 2] for row in range(20)]
    one, again, other = (_shuffled(shuffle, baskets, seed) for seed in (7, 7, 8))
    if one == other:
        stays = " The baskets stay as they were." if one == baskets else ""
        return Finding(f"Two generators with different seeds shuffle alike: draw with `generator`.{stays}")
    if one != again:
        return Finding(
            "Two generators with the same seed shuffle differently: all randomness has to come from `generator`."
        )
    return None


def company(shuffle: Callable) -> Finding | None:
    """Is anything kept of who was with whom, or of where? Luck passes a bound less than once in 10**8 times."""
    baskets = [[3 * row, 3 * row + 1, 3 * row + 2] for row in range(40)]  # no item twice: an item tells where it was
    pairs = [pair for row in _shuffled(shuffle, baskets, 1) for pair in combinations(row, 2)]
    together = sum(a // 3 == b // 3 for a, b in pairs)
    at_home = sum(item // 3 == place for place, row in enumerate(_shuffled(shuffle, baskets, 1)) for item in row)
    if at_home == 120:
        return Finding("Every item stays in its basket, in another order: who is with whom has not changed.")
    if together == 120:
        return Finding("Whole baskets change places: who is with whom has not changed.")
    if at_home > 25:
        return Finding(f"{at_home} of 120 purchases stay in their baskets; by lot it is about 3.")
    if together > 25:
        return Finding(f"{together} of 120 pairs that were together still are; by lot it is about 2.")
    if sum(a % 3 == b % 3 for a, b in pairs) < 8:
        return Finding("Two items that were first in their baskets never meet: places are shuffled one by one.")
    return _sizes(shuffle) or _evenly(shuffle)


def _sizes(shuffle: Callable) -> Finding | None:
    """Do the items of small baskets come into large ones?"""
    baskets = [[2 * row, 2 * row + 1] for row in range(40)] + [
        [80 + 4 * row + i for i in range(4)] for row in range(40)
    ]
    stay = sum(item < 80 for row in _shuffled(shuffle, baskets, 2)[:40] for item in row)  # of 80; by lot 27
    if stay > 55:
        return Finding("Items of small baskets stay in small baskets: all purchases belong on one heap.")
    return None


def _evenly(shuffle: Callable, tries: int = 600) -> Finding | None:
    """Three baskets of one item: each of the six orders should come as often as any other."""
    orders = list(permutations([0, 1, 2]))
    drawn = [tuple(row[0] for row in _shuffled(shuffle, [[0], [1], [2]], seed)) for seed in range(tries)]
    count = Counter(drawn)
    if likely(np.array([orders.index(order) for order in drawn]), Draws(tries, np.full(6, 1 / 6))) is True:
        return None
    seen = ", ".join(f"{list(order)} {count[order]} times" for order in orders)
    return Finding(
        "Some orders come more often than others: each is as good as any, the old one too.",
        "[[0], [1], [2]], shuffled with many seeds", f"each order about {tries // 6} times", seen,
    )  # fmt: skip


def twice(shuffle: Callable) -> Finding | None:
    """By lot an item may come twice into a basket; in two baskets [1, 2], [1, 3] it does in a third of all orders."""
    for seed in range(100):
        if any(len({*row}) < len(row) for row in _shuffled(shuffle, [[1, 2], [1, 3]], seed)):
            return None
    return Finding(
        "An item never comes twice into a basket. By lot it does now and then: to forbid it is to keep something of "
        "the company."
    )
