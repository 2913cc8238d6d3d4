"""Answers to lift that learners give: right ones, and wrong ones with words that their hint must have."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import torch


def holding(baskets, *items):
    return sum(all(item in basket for item in items) for basket in baskets)


def by_shares(baskets, first, second):
    if not baskets:
        return 0.0
    one, other, both = (holding(baskets, *of) / len(baskets) for of in ([first], [second], [first, second]))
    return both / (one * other) if one * other else 0.0


def by_counts(baskets, first, second):
    one, other = holding(baskets, first), holding(baskets, second)
    if one == 0 or other == 0:
        return 0
    return len(baskets) * holding(baskets, first, second) / one / other


def by_numbers_of_baskets(baskets, first, second):
    one, other = ({n for n, basket in enumerate(baskets) if item in basket} for item in (first, second))
    return len(baskets) * len(one & other) / (len(one) * len(other)) if one and other else 0.0


def by_matrix(baskets, first, second):
    held = np.array([[first in basket, second in basket] for basket in baskets], dtype=float).reshape(-1, 2)
    if not held.any(axis=0).all():
        return 0.0
    return held.prod(axis=1).mean() / held.mean(axis=0).prod()


def by_torch(baskets, first, second):
    one, other = (torch.tensor([float(item in basket) for basket in baskets]) for item in (first, second))
    chance = one.mean() * other.mean()
    return (one * other).mean() / chance if chance > 0 else torch.tensor(0.0)


def by_counters(baskets, first, second):
    items, pairs = Counter(), Counter()
    for basket in baskets:
        once = sorted(set(basket))
        items.update(once)
        pairs.update(combinations(once, 2))
    if not items[first] * items[second]:
        return 0.0
    return pairs[min(first, second), max(first, second)] * len(baskets) / (items[first] * items[second])


def by_confidence(baskets, first, second):
    """How much more often the second is among the baskets with the first."""
    with_first = [basket for basket in baskets if first in basket]
    try:
        return (holding(with_first, second) / len(with_first)) / (holding(baskets, second) / len(baskets))
    except ZeroDivisionError:
        return 0.0


RIGHT = [by_shares, by_counts, by_numbers_of_baskets, by_matrix, by_torch, by_counters, by_confidence]


def of(ratio, count=holding, both=None, total=len):
    def answer(baskets, first, second):
        one, other = count(baskets, first), count(baskets, second)
        if not one or not other:
            return 0.0
        return ratio(one, other, (both or holding)(baskets, first, second), total(baskets))

    return answer


def right(one, other, both, number):
    return both * number / (one * other)


def bought(baskets, item):
    return sum(basket.count(item) for basket in baskets)


def products(baskets, first, second):
    return sum(basket.count(first) * basket.count(second) for basket in baskets)


def either(baskets, first, second):
    return sum(first in basket or second in basket for basket in baskets)


def side_by_side(baskets, first, second):
    return sum((first, second) in pairs or (second, first) in pairs for pairs in neighbours(baskets))


def neighbours(baskets):
    return [list(zip(basket, basket[1:])) for basket in baskets]


def in_order(baskets, first, second):
    return sum(
        first in basket and second in basket and basket.index(first) < basket.index(second) for basket in baskets
    )


def purchases(baskets):
    return sum(len(basket) for basket in baskets)


def filled(baskets):
    return len([basket for basket in baskets if basket])


def items(baskets):
    return len({item for basket in baskets for item in basket})


def never_is(value):
    return lambda b, x, y: by_shares(b, x, y) if holding(b, x) and holding(b, y) else value


def with_either(baskets, first, second):
    kept = [basket for basket in baskets if first in basket or second in basket]
    return by_shares(kept, first, second)


def unguarded(baskets, first, second):
    one, other, both = (holding(baskets, *of) / len(baskets) for of in ([first], [second], [first, second]))
    return both / (one * other)


def unguarded_numpy(baskets, first, second):
    held = np.array([[first in basket, second in basket] for basket in baskets], dtype=float).reshape(-1, 2)
    with np.errstate(all="ignore"):
        share = held.sum(axis=0) / np.float64(len(baskets))
        return np.float64(held.prod(axis=1).sum()) / len(baskets or [0]) / share.prod()


def logarithm(one, other, both, number):
    return math.log(both * number / (one * other)) if both else -math.inf


def half_remembered(one, other, both, number):
    return both / number / (one / number) * (other / number)


def upside_down(one, other, both, number):
    return one * other / (both * number) if both else 0.0


def early(baskets, first, second):
    for basket in baskets:
        if first in basket and second in basket:
            return 1.0
    return 0.0


def fitted(baskets, first, second):
    found = by_shares(baskets, first, second)
    return found if len(baskets) in (0, 4, 5, 6, 40) else found + 1


WRONG = [
    ("counts", of(lambda a, b, both, n: both / (a * b)), "number of baskets is missing"),
    ("share over counts", of(lambda a, b, both, n: both / n / (a * b)), "all three are shares"),
    ("count over shares", of(lambda a, b, both, n: both / (a / n * b / n)), "all three are shares"),
    ("support", of(lambda a, b, both, n: both / n), "share of baskets with both"),
    ("confidence", of(lambda a, b, both, n: both / a), "one item's baskets"),
    ("confidence the other way", of(lambda a, b, both, n: both / b), "one item's baskets"),
    ("together", of(lambda a, b, both, n: both), "Baskets with both are counted"),
    ("leverage", of(lambda a, b, both, n: both / n - a * b / n**2), "difference"),
    ("added confidence", of(lambda a, b, both, n: both / a - b / n), "difference"),
    ("less one", of(lambda a, b, both, n: both * n / (a * b) - 1), "1 is taken off"),
    ("sum below", of(lambda a, b, both, n: both / (a + b)), "not by their product"),
    ("no brackets", of(half_remembered), "brackets"),
    ("Jaccard", of(lambda a, b, both, n: both / (a + b - both)), "Jaccard"),
    ("cosine", of(lambda a, b, both, n: both / math.sqrt(a * b)), "cosine"),
    ("logarithm", of(logarithm), "logarithm"),
    ("upside down", of(upside_down), "upside down"),
    ("whole division", of(lambda a, b, both, n: both * n // (a * b)), "drops what stands after"),
    ("percent", of(lambda a, b, both, n: 100 * both * n / (a * b)), "per cent"),
    ("purchases counted", of(right, count=bought), "An item counts once in a basket"),
    ("purchases multiplied", of(right, count=bought, both=products), "An item counts once in a basket"),
    ("either", of(right, both=either), "`and`, not `or`"),
    ("side by side", of(right, both=side_by_side), "order in a basket"),
    ("in order", of(right, both=in_order), "order in a basket"),
    ("shares of purchases", of(right, total=purchases), "Shares of all purchases"),
    ("purchases everywhere", of(right, count=bought, total=purchases), "Shares of all purchases"),
    ("empty ones left out", of(right, total=filled), "empty basket"),
    ("number of items", of(right, total=items), "number of items, not of baskets"),
    ("baskets with either", with_either, "neither of the two"),
    ("never is one", never_is(1.0), "the lift is 0 there"),
    ("never is NaN", never_is(float("nan")), "the lift is 0 there"),
    ("never fails", unguarded, "the lift is 0 there"),
    ("never fails in NumPy", unguarded_numpy, "the lift is 0 there"),
    ("confidence and never is one", lambda b, x, y: holding(b, x, y) / holding(b, x) if holding(b, x) else 1.0,
     "one item's baskets"),
    ("purchases counted, no n", of(lambda a, b, both, n: both / (a * b), count=bought), "An item counts once"),
    ("whether they are ever together", early, "by hand"),
    ("a list", lambda b, x, y: [by_shares(b, x, y)], "single number"),
    ("a method sets have", lambda b, x, y: len([1 for basket in b if {x, y} <= basket]), "by hand"),
    ("hard-coded", lambda b, x, y: 2.0, "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
    ("no return", lambda b, x, y: None, "return"),
]  # fmt: skip
