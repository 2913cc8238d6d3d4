"""What a shop sells most: the share of all purchases that falls to its bestsellers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

LARGER = "It is right on small inputs only: does anything in it count on there being so many items?"


def _share_by_hand(counts: torch.Tensor, part: float) -> float:
    falling = sorted(counts.tolist(), reverse=True)
    return sum(falling[: max(1, math.ceil(part * len(falling)))]) / sum(falling)


def _share_cases() -> list[Case]:
    """`part` times the number of items is nowhere whole but for rounding in its last digit."""

    def case(name: str, counts: list[int], part: float) -> Case:
        return Case(name, (torch.tensor(counts), part))

    return [
        case("half of four items", [1, 6, 2, 1], 0.5),
        case("all of three items", [2, 1, 5], 1.0),
        case("a tenth of four items", [1, 6, 2, 1], 0.1),
        case("three tenths of four items", [1, 6, 2, 1], 0.3),
        case("two fifths of four items", [1, 6, 2, 1], 0.4),
        case("half of five items, three of them alike", [4, 4, 9, 2, 4], 0.5),
        case("a quarter of six items, three of them never bought", [0, 5, 0, 3, 0, 2], 0.25),
        case("half of six items, three of them never bought", [0, 5, 0, 3, 0, 2], 0.5),
        case("a quarter of eight items that sell alike", [3] * 8, 0.25),
        *(replace(one, hint=LARGER) for one in _counts_drawn(0)),
    ]


def _counts_drawn(seed: int) -> list[Case]:
    more = 1 + seed % 6 if seed else 0  # of another size than the example, which is that of seed 0
    counts = torch.randint(1, 1_000, (41 + 10 * more,), generator=generator(seed))
    return [Case(f"{len(counts)} items", (counts, part)) for part in (0.15, 0.62)]


ORDERS = (
    (lambda counts: counts.sort(descending=True).values, ""),
    (lambda counts: counts, "The counts are taken as they stand: the most bought ones have to come first."),
    (lambda counts: counts.sort().values, "The order is upside down: these are the least bought items."),
    (lambda counts: counts.sort(descending=True).values[1:], "The most bought item is skipped: places count from 0."),
)  # fmt: skip
NUMBERS = (
    (lambda counts, part: math.ceil(part * len(counts)), ""),
    (lambda counts, part: math.ceil(part * int((counts > 0).sum())),
     "Items that were never bought are left out: `part` is a part of all items."),
    (lambda counts, part: round(part * len(counts)), "The number of items is rounded to the nearest, not up."),
    (lambda counts, part: max(1, round(part * len(counts))),
     "The number of items is rounded to the nearest, not up."),
    (lambda counts, part: int(part * len(counts)), "The number of items is rounded down, not up."),
    (lambda counts, part: max(1, int(part * len(counts))), "The number of items is rounded down, not up."),
    (lambda counts, part: int(part * len(counts)) + 1,
     "One item too many where `part` of the items is a whole number: rounded up, a whole number stays as it is."),
    (lambda counts, part: math.ceil(part * len(counts)) + 1, "One item too many: a slice ends before its second end."),
    (lambda counts, part: math.ceil(part * len(counts)) - 1, "One item too few: a slice ends before its second end."),
    (lambda counts, part: math.ceil(part * int(counts.sum())),
     "`part` is taken of the purchases: it is the part of the items that are counted."),
    (lambda counts, part: math.ceil(100 * part), "`part` is a part of 1, and says nothing of how many until it is "
     "multiplied by the number of items."),
    (lambda counts, part: 1, "Only the most bought item counts: `part` is not used."),
    (lambda counts, part: len(counts), "All items count: `part` is not used."),
)  # fmt: skip
SHARES = (
    (lambda top, counts: top.sum() / counts.sum(), ""),
    (lambda top, counts: top.sum(), "Purchases are counted: divide them by all purchases for a share."),
    (lambda top, counts: top.sum() / len(counts), "It is divided by the number of items, not of purchases."),
    (lambda top, counts: top.double().mean() / counts.sum(), "The mean of the best is taken, where their sum is due."),
    (lambda top, counts: top.double().mean() / counts.double().mean(),
     "Two means are compared, so this says how much more the best sell: a share compares sums."),
    (lambda top, counts: len(top) / len(counts), "This is a share of the items, not of the purchases."),
    (lambda top, counts: 1 - top.sum() / counts.sum(), "This is the share of all the others."),
    (lambda top, counts: 100 * top.sum() / counts.sum(), "A share is a part of 1, not of 100."),
    (lambda top, counts: float(top.sum() // counts.sum()), "`//` drops what stands after the point: use `/`."),
    (lambda top, counts: top[-1] / counts.sum(), "This is the share of the last of them alone: add them up."),
    (lambda top, counts: top / counts.sum(), "Each item's share stands alone: add them up."),
    (lambda top, counts: top.cumsum(0) / counts.sum(), "All sums on the way are given: only the last is asked for."),
    (lambda top, counts: top.sum() / (counts.sum() - top.sum()), "It is divided by the others' purchases, not by all."),
)  # fmt: skip


def _share(order: Callable, number: Callable, share: Callable) -> Callable:
    return lambda counts, part: share(order(counts)[: number(counts, part)], counts)


def _at_least_as_bought(counts: torch.Tensor, part: float) -> float:
    """Of all items from the last of the best on, with those that sell as often as it."""
    last = counts.sort(descending=True).values[max(1, math.ceil(part * len(counts))) - 1]
    return float(counts[counts >= last].sum() / counts.sum())


def _above_quantile(counts: torch.Tensor, part: float) -> float:
    return float(counts[counts >= torch.quantile(counts.float(), 1 - part)].sum() / counts.sum())


_TIES = "Items that sell as often as the last of the best are counted too: take no more items than asked for."

SHARE_OF_TOP = Exercise(
    name="share_of_top",
    signature=(
        "share_of_top(counts, part): (N,) whole numbers, how often each item was bought, a number above 0 and up to 1 "
        "-> the share of all purchases that falls to the `part` most bought items, `part` of N rounded up"
    ),
    oracle=_share_by_hand,
    cases=_share_cases,
    mistakes=(
        *mistakes(_share, ORDERS, NUMBERS, SHARES),
        Mistake(_at_least_as_bought, _TIES),
        Mistake(_above_quantile, "A quantile lies between two items: count the items, and take so many of the best."),
    ),
    hints=(
        "Do it by hand for the counts 1, 6, 2, 1 and half of the items: which two are they, and how much do they sell?",
        "Three steps: the counts in falling order, how many of them to take, and their sum as a share of all.",
        "math.ceil rounds up. A slice of a sorted tensor, [:number], holds its first `number` values.",
    ),
    drawn=_counts_drawn,
)


def share_of_top(answer: object) -> Verdict:
    """Check share_of_top(counts, part): the share of all purchases that falls to the most bought items."""
    return check(SHARE_OF_TOP, answer)
