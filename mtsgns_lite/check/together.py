"""How much more often two items are in a basket together than chance would have it: their lift."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from .exercise import Case, Exercise, check, generator, mistakes
from .verdict import Verdict

LARGER = "It is right on small inputs only: does anything in it count on there being so many baskets or items?"


def _lift_by_hand(baskets: list[list[int]], first: int, second: int) -> float:
    sets = [set(basket) for basket in baskets]
    with_first, with_second = [first in basket for basket in sets], [second in basket for basket in sets]
    if not any(with_first) or not any(with_second):
        return 0.0
    both = sum(a and b for a, b in zip(with_first, with_second)) / len(sets)
    return both / (sum(with_first) / len(sets) * sum(with_second) / len(sets))


NEVER = "An item that is in no basket has the share 0, and by that nothing can be divided: the lift is 0 there."


def _lift_cases() -> list[Case]:
    week = [[1, 2, 7], [2, 1], [3, 2], [1], [5, 3], [2, 6, 4, 3]]
    return [
        Case("four baskets, two items often together", ([[1, 2], [1, 2, 3], [3], [2, 4]], 1, 2)),
        Case("six baskets", (week, 3, 2)),
        Case("two items that are never together", (week, 1, 3)),
        Case("an item twice in a basket", ([[2, 1, 1], [1, 3, 2], [3], [3, 3], [2, 2]], 1, 2)),
        Case("a basket with nothing in it", ([[1, 2], [2], [], [3, 1], [2, 1]], 2, 1)),
        Case("a first item that is never bought", (week, 9, 2), NEVER),
        Case("a second item that is never bought", (week, 2, 9), NEVER),
        Case("no basket at all", ([], 1, 2), NEVER),
        *(replace(one, hint=LARGER) for one in _baskets_drawn(0)),
    ]


def _baskets_drawn(seed: int) -> list[Case]:
    more = 1 + seed % 6 if seed else 0  # of another size than the example, which is that of seed 0
    random = generator(seed)
    lengths = torch.randint(0, 6, (40 + more,), generator=random).tolist()
    baskets = [torch.randint(0, 6, (length,), generator=random).tolist() for length in lengths]
    return [Case(f"{len(baskets)} baskets", (baskets, 4, 1)), Case(f"{len(baskets)} baskets", (baskets, 0, 3))]


def _counted(single: Callable, together: Callable, total: Callable) -> Callable:
    """(baskets, first, second) -> how many hold the first, the second, both, and how many there are."""

    def count(baskets: list[list[int]], a: int, b: int) -> tuple[float, float, float, float]:
        held = [sum(single(basket, item) for basket in baskets) for item in (a, b)]
        return *held, sum(together(basket, a, b) for basket in baskets), total(baskets, a, b)

    return count


def _once(basket: list[int], item: int) -> int:
    return item in basket


def _both(basket: list[int], a: int, b: int) -> int:
    return a in basket and b in basket


def _number(baskets: list[list[int]], a: int, b: int) -> int:
    return len(baskets)


def _next_to(basket: list[int], a: int, b: int) -> int:
    return any({a, b} == {*pair} for pair in zip(basket, basket[1:]))


COUNTS = (
    (_counted(_once, _both, _number), ""),
    (_counted(list.count, _both, _number), "An item counts once in a basket, however often it is in it."),
    (_counted(list.count, lambda basket, a, b: basket.count(a) * basket.count(b), _number),
     "An item counts once in a basket, however often it is in it."),
    (_counted(_once, lambda basket, a, b: a in basket or b in basket, _number),
     "A basket with one of the two counts as one with both: `and`, not `or`."),
    (_counted(_once, _next_to, _number), "Only items side by side count: the order in a basket means nothing."),
    (_counted(_once, lambda basket, a, b: _both(basket, a, b) and basket.index(a) < basket.index(b), _number),
     "Only baskets with the first before the second count: the order in a basket means nothing."),
    (_counted(_once, _both, lambda baskets, a, b: sum(map(len, baskets))),
     "Shares of all purchases are taken: shares of the baskets are asked for."),
    (_counted(list.count, _both, lambda baskets, a, b: sum(map(len, baskets))),
     "Shares of all purchases are taken: shares of the baskets are asked for."),
    (_counted(_once, _both, lambda baskets, a, b: sum(map(bool, baskets))),
     "An empty basket is left out: it is a basket, too."),
    (_counted(_once, _both, lambda baskets, a, b: sum(a in basket or b in basket for basket in baskets)),
     "Baskets with neither of the two are left out: they count among all baskets."),
    (_counted(_once, _both, lambda baskets, a, b: len({item for basket in baskets for item in basket})),
     "It is divided by the number of items, not of baskets."),
)  # fmt: skip
_LESS = "This is a difference: the lift is how many times as often."
_ONE = "This is the share of one item's baskets that hold the other: no more than one of the two shares is divided out."
RATIOS = (
    (lambda a, b, both, n: both * n / (a * b), ""),
    (lambda a, b, both, n: both / (a * b), "Counts are divided, not shares: the number of baskets is missing."),
    (lambda a, b, both, n: both / n / (a * b), "The share of both is divided by counts: all three are shares."),
    (lambda a, b, both, n: both / (a / n * b / n), "A count is divided by shares: all three are shares."),
    (lambda a, b, both, n: both / n, "This is the share of baskets with both, not divided by what chance makes of it."),
    (lambda a, b, both, n: both / a, _ONE),
    (lambda a, b, both, n: both / b, _ONE),
    (lambda a, b, both, n: both, "Baskets with both are counted: it is their share, divided by what is due by chance."),
    (lambda a, b, both, n: both / n - a / n * b / n, _LESS),
    (lambda a, b, both, n: both / a - b / n, _LESS),
    (lambda a, b, both, n: both * n / (a * b) - 1, "1 is taken off: items that only chance brings together have 1."),
    (lambda a, b, both, n: both / (a + b), "It is divided by the sum of the two shares, not by their product."),
    (lambda a, b, both, n: both / n / (a / n) * (b / n), "It is multiplied by the second share: are brackets missing?"),
    (lambda a, b, both, n: both / (a + b - both), "This is the Jaccard index: it compares with baskets with either."),
    (lambda a, b, both, n: both / min(a, b), _ONE),
    (lambda a, b, both, n: both / max(a, b), _ONE),
    (lambda a, b, both, n: both / (a * b) ** 0.5, "This is the cosine: the product of the shares has no root."),
    (lambda a, b, both, n: math.log(both * n / (a * b)) if both else -math.inf,
     "This is the logarithm of the lift: the lift itself is asked for."),
    (lambda a, b, both, n: math.log2(both * n / (a * b)) if both else -math.inf,
     "This is the logarithm of the lift: the lift itself is asked for."),
    (lambda a, b, both, n: a * b / (both * n) if both else 0.0, "It is upside down: what is due by chance goes below."),
    (lambda a, b, both, n: both * n // (a * b), "`//` drops what stands after the point: use `/`."),
    (lambda a, b, both, n: 100 * both * n / (a * b), "The lift is a number of times, not of per cent."),
)  # fmt: skip
NEVERS = ((0.0, ""), *((value, NEVER) for value in (1.0, math.nan, math.inf, -math.inf)))


def _lift(count: Callable, ratio: Callable, never: float) -> Callable:
    def lift(baskets: list[list[int]], first: int, second: int) -> float:
        a, b, both, n = count(baskets, first, second)
        return ratio(a, b, both, n) if a and b else never

    return lift


LIFT = Exercise(
    name="lift",
    signature=(
        "lift(baskets, first, second): a list of lists of items, two items -> the share of baskets with both, divided "
        "by the product of the shares of baskets with each"
    ),
    oracle=_lift_by_hand,
    cases=_lift_cases,
    mistakes=mistakes(_lift, COUNTS, RATIOS, NEVERS),
    hints=(
        "Do it by hand for the baskets [1, 2], [1, 2, 3], [3], [2, 4] and the items 1 and 2: three shares of four.",
        "Three counts: baskets with the first, with the second, with both. Each divided by the number of baskets.",
        "`item in basket` is True or False, and True counts as 1 in a sum. Ask first whether a count is 0.",
    ),
    drawn=_baskets_drawn,
)


def lift(answer: object) -> Verdict:
    """Check lift(baskets, first, second): how much more often two items are together than chance would have it."""
    return check(LIFT, answer)
