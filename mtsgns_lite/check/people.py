"""A person's vector, from the baskets that were bought."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

Baskets = list[list[int]]


def vector_by_hand(vectors: np.ndarray, baskets: Baskets, half_life: float) -> np.ndarray:
    """(d,) a basket at a time, an item at a time."""
    total = [0.0] * vectors.shape[1]
    for number, basket in enumerate(baskets):
        weight = 0.5 ** ((len(baskets) - 1 - number) / half_life) / len(basket)
        for item in basket:
            length = math.sqrt(sum(x * x for x in vectors[item].tolist()))
            total = [sum_so_far + weight * x / length for sum_so_far, x in zip(total, vectors[item].tolist())]
    length = math.sqrt(sum(x * x for x in total))
    return np.array([x / length if length else 0.0 for x in total], dtype=np.float64)


EMPTY = (
    "Somebody who bought nothing has no direction: give the zero vector, for a mean of nothing and a division by a "
    "length of 0 are NaN or an error."
)
LARGER = "It is right on small inputs only: does anything in it count on there being so many items or baskets?"


def people_cases() -> list[Case]:
    """Items have vectors of different lengths, and no basket is empty."""
    items = np.array([[3.0, 4.0], [0.5, 0.0], [8.0, 6.0], [-1.0, 2.0]])

    def case(name: str, baskets: Baskets, half_life: float, hint: str = "") -> Case:
        return Case(name, (items, baskets, half_life), hint)

    return [
        case("one basket of one item", [[0]], 1.0),
        case("one basket of two items", [[1, 2]], 1.0),
        case("two baskets of an item each, half-life 1", [[1], [3]], 1.0),
        case("two baskets of an item each, half-life 2", [[3], [0]], 2.0),
        case("an older basket of three items, a newer one of one", [[0, 1, 3], [2]], 1.0),
        case("three baskets, half-life 2", [[0], [1, 3], [2]], 2.0),
        case("four baskets, half-life a half", [[3, 2], [1], [0, 3], [1]], 0.5),
        case("no basket at all", [], 1.0, EMPTY),
        *(replace(one, hint=LARGER) for one in people_drawn(0)),
    ]


def people_drawn(seed: int) -> list[Case]:
    """Nine baskets and more of one to six items."""
    more = 1 + seed % 5 if seed else 0  # of another size than the example, which is that of seed 0
    random = generator(seed)
    vectors = torch.randn(30 + more, 4 + more, generator=random) * (
        0.2 + 3 * torch.rand(30 + more, 1, generator=random)
    )
    lengths = torch.randint(1, 7, (9 + more,), generator=random).tolist()
    baskets = [torch.randperm(30 + more, generator=random)[:length].tolist() for length in lengths]
    return [Case(f"{9 + more} baskets", (vectors.double().numpy(), baskets, 3.0 + more))]


def unit(rows: np.ndarray) -> np.ndarray:
    """(..., d), each of length 1."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


LONG = "The items' vectors are taken as they are, so a long one counts more: make each one a unit vector."
LENGTHS = (
    (unit, ""),
    (lambda rows: rows, LONG),
    (lambda rows: rows / np.linalg.norm(rows, axis=0), "The lengths run over the wrong axis: each item has its own."),
    (lambda rows: rows / np.abs(rows).sum(axis=-1, keepdims=True), "A length is the root of the sum of squares."),
)  # fmt: skip
BASKETS = (
    (lambda rows: rows.mean(axis=0), ""),
    (lambda rows: rows.sum(axis=0),
     "The items of a basket are added up, so that a large basket counts more: take their mean."),
    (lambda rows: unit(rows.mean(axis=0)),
     "Each basket is made a unit vector of its own: a basket's mean stays as it is, only the end is made one."),
    (lambda rows: rows[0], "Only the first item of a basket counts: take the mean of all."),
    (lambda rows: rows[-1], "Only the last item of a basket counts: take the mean of all."),
    (lambda rows: rows.max(axis=0), "The largest numbers of a basket are taken: its mean is due."),
)  # fmt: skip
AGES = (
    (lambda age, place, h: 0.5 ** (age / h), ""),
    (lambda age, place, h: 0.5 ** (place / h),
     "The oldest basket counts most: it comes first in the list, so its age is the highest, its weight the lowest."),
    (lambda age, place, h: 2.0 ** (age / h),
     "The oldest basket counts most: a weight halves with age, and does not double."),
    (lambda age, place, h: np.exp(-age / h), "The weight falls to 1/e within a half-life: it should fall to a half."),
    (lambda age, place, h: np.exp(-place / h), "The oldest basket counts most, and 1/e is left of a weight."),
    (lambda age, place, h: 0.5 ** (age * h), "With a longer half-life a weight should fall more slowly."),
    (lambda age, place, h: 0.5**age, "half_life is not used: a weight halves after so many baskets, not one."),
    (lambda age, place, h: np.ones(len(age)), "All baskets count the same: a weight should halve with the half-life."),
    (lambda age, place, h: 0.5 ** (age // h), "The weight falls in steps: `//` drops what stands after the point."),
    (lambda age, place, h: 1 / (1 + age / h), "The weight is a half after one half-life, and not a quarter after two."),
    (lambda age, place, h: (age == 0) * 1.0, "Only the last basket counts: the older ones count less, not nothing."),
    (lambda age, place, h: (place == 0) * 1.0, "Only the first basket counts: is there a return inside the loop?"),
)  # fmt: skip
ENDS = (
    (lambda total, weights: unit(total), ""),
    (lambda total, weights: total, "The end is missing: the sum is made a unit vector."),
    (lambda total, weights: total / weights.sum(), "A weighted mean is not of length 1: divide by its length instead."),
    (lambda total, weights: total / len(weights), "A mean is not of length 1: divide by its length instead."),
    (lambda total, weights: total / np.abs(total).sum(), "A length is the root of the sum of squares."),
)  # fmt: skip


def _person(lengths: Callable, basket: Callable, age: Callable, end: Callable) -> Callable:
    def wrong(vectors: np.ndarray, baskets: Baskets, half_life: float) -> np.ndarray:
        if not baskets:
            return np.zeros(vectors.shape[1])
        rows, places = lengths(vectors), np.arange(len(baskets), dtype=np.float64)
        weights = age(places[::-1], places, half_life)
        return end(weights @ np.stack([basket(rows[own]) for own in baskets]), weights)

    return wrong


def _poured(vectors: np.ndarray, baskets: Baskets, half_life: float) -> np.ndarray:
    """All items alike, whatever their basket."""
    return unit(unit(vectors)[[item for basket in baskets for item in basket]].mean(axis=0))


USER_VECTOR = Exercise(
    name="user_vector",
    signature=(
        "user_vector(vectors, baskets, half_life): (N, d) array, a list of lists of items, the oldest first, a number "
        "-> (d,) of length 1; zeros where there is no basket"
    ),
    oracle=vector_by_hand,
    cases=people_cases,
    drawn=people_drawn,
    mistakes=(
        Mistake(_poured, "All items are poured together: first a mean for each basket, then the baskets by their age."),
        *mistakes(_person, LENGTHS, BASKETS, AGES, ENDS),
    ),
    hints=(
        "Take one basket of one item: the answer is that item's vector, made as long as 1.",
        "Two baskets, half-life 1: the newer counts once, the older a half. Which of the list is the newer one?",
        "The age of a basket is how many come after it in the list; its weight is a half to the power of age over "
        "half_life.",
        "Unit vectors, a mean of each basket's rows, these times their weights, added up, and divided by the length.",
    ),
)


def user_vector(answer: object) -> Verdict:
    """Check user_vector(vectors, baskets, half_life): what somebody bought, later baskets counting more."""
    return check(USER_VECTOR, answer)
