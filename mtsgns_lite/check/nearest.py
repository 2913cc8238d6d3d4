"""The nearest items that may be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict


def nearest_by_hand(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray) -> np.ndarray:
    """(m,) an item at a time; m is k, or fewer where fewer may be found."""
    found = []
    for item, (row, may) in enumerate(zip(vectors.tolist(), allowed.tolist())):
        length = sum(x * x for x in row) ** 0.5
        if may and length:
            found.append((sum(x * y for x, y in zip(row, query.tolist())) / length, item))
    return np.array([item for _, item in sorted(found, reverse=True)[:k]], dtype=np.int64)


ZERO = (
    "A row of zeros is an item without a vector, which is never found: its score is 0 or NaN, and 0 beats every "
    "negative cosine."
)
FEWER = (
    "Where fewer than k may be found, the answer has fewer than k: what is not allowed must not fill it up, nor may it "
    "fail."
)
LARGER = "It is right on small inputs only: does anything in it count on there being so many items?"


def nearest_cases() -> list[Case]:
    """No two items have the same cosine."""
    five = np.array([[3.0, 4.0], [0.5, 0.1], [8.0, 6.0], [-1.0, 0.3], [-4.0, -1.0]])
    east, holed = np.array([2.0, 0.0]), np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 2.0], [-1.0, 0.5]])

    def case(name: str, vectors: np.ndarray, k: int, allowed: list[int], hint: str = "") -> Case:
        return Case(name, (vectors, east, k, np.array(allowed) > 0), hint)

    return [
        case("the nearest of two items", five[:2], 1, [1, 1]),
        case("the three nearest of five items", five, 3, [1, 1, 1, 1, 1]),
        case("the nearest is not allowed", five, 1, [1, 0, 1, 1, 1]),
        case("two of five, the two nearest not allowed", five, 2, [1, 0, 0, 1, 1]),
        case("three of five, the nearest and the farthest not allowed", five, 3, [1, 0, 1, 1, 0]),
        case("all five of five", five, 5, [1, 1, 1, 1, 1]),
        case("only items that point away are allowed", five, 2, [0, 0, 0, 1, 1]),
        case("two allowed, three asked for", five, 3, [0, 1, 0, 0, 1], FEWER),
        case("nothing allowed", five, 2, [0, 0, 0, 0, 0], FEWER),
        case("k larger than the number of items", five[:3], 9, [1, 1, 1], FEWER),
        case("an item without a vector", holed, 2, [1, 1, 1, 1], ZERO),
        case("an item without a vector, all others asked for", holed, 4, [1, 1, 1, 1], ZERO),
        *(replace(one, hint=LARGER) for one in nearest_drawn(0)),
    ]


def nearest_drawn(seed: int) -> list[Case]:
    """Forty items and more, of which two in three are allowed and three have no vector."""
    more = 1 + seed % 6 if seed else 0  # of another size than the example, which is that of seed 0
    random, number = generator(seed), 40 + more
    vectors = torch.randn(number, 5, generator=random) * (0.1 + 3 * torch.rand(number, 1, generator=random))
    vectors[torch.randperm(number, generator=random)[:3]] = 0
    allowed = torch.rand(number, generator=random) < 0.66
    query = torch.randn(5, generator=random)
    parts = (vectors.double().numpy(), query.double().numpy(), 8 + more, allowed.numpy())
    return [Case(f"{number} items", parts)]


def _cosine(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors @ query / np.where(lengths > 0, lengths, 1)


def _falling(scores: np.ndarray) -> np.ndarray:
    return np.argsort(-scores, kind="stable")


def _masked(scores: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    return np.where(allowed, scores, -np.inf)


def _in_the_part(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray) -> np.ndarray:
    return _falling(_cosine(vectors[allowed & vectors.any(axis=1)], query))[:k]


PART = "The numbers count among the allowed items only: say which items of all these are."
SCORES = (
    (_cosine, ""),
    (lambda v, q: v @ q, "It is the dot product, which long vectors win: the cosine divides by their lengths."),
    (lambda v, q: -np.linalg.norm(v - q, axis=1),
     "It is the distance, which hangs on lengths: two vectors are near where they point the same way."),
    (lambda v, q: np.abs(_cosine(v, q)), "The sign is lost: an item that points the other way is far, not near."),
    (lambda v, q: v.sum(axis=1), "The query is not used."),
)  # fmt: skip
FILTERS = (
    (lambda s, allowed, k: _falling(_masked(s, allowed))[: min(k, allowed.sum())], ""),
    (lambda s, allowed, k: (lambda best: best[allowed[best]])(_falling(s)[:k]),
     "The filter comes too late: it leaves out some of the k best, where the next ones should take their place."),
    (lambda s, allowed, k: _falling(s)[:k], "`allowed` is not used."),
    (lambda s, allowed, k: _falling(_masked(s, ~allowed))[: min(k, (~allowed).sum())],
     "The mask is the wrong way round: True means that an item may be found."),
    (lambda s, allowed, k: _falling(np.where(allowed, s, 0))[:k],
     "What is not allowed gets a score of 0, which beats every negative cosine: it needs one that nothing is below."),
    (lambda s, allowed, k: _falling(_masked(s, allowed))[:k], FEWER),
    (lambda s, allowed, k: _falling(s[allowed])[:k],
     PART),
)  # fmt: skip
ORDERS = (
    (lambda found, s, k: found, ""),
    (lambda found, s, k: found[::-1], "The order is upside down: the nearest comes first."),
    (lambda found, s, k: np.sort(found), "The items are the right ones, in the wrong order: the nearest comes first."),
    (lambda found, s, k: found[: k - 1], "One item too few: a slice ends before its second end."),
    (lambda found, s, k: found[1:], "The nearest item is left out: it may be found like the others."),
    (lambda found, s, k: s[found], "These are the scores: the numbers of the items are asked for."),
    (lambda found, s, k: found + 1, "Items are numbered from 0."),
)  # fmt: skip
HOLES = (
    ((-np.inf, True), ""),
    ((0.0, False), ZERO),
    ((-np.inf, False), "An item without a vector is put last, and found all the same where all others are."),
)  # fmt: skip  # what such an item scores, and whether it is left out in the end
SIDES = (
    (lambda s: s, ""),
    (lambda s: -s, "These are the farthest items: the highest cosines come first."),
)  # fmt: skip


def _answer(score: Callable, choose: Callable, order: Callable, hole: tuple[float, bool], side: Callable) -> Callable:
    def wrong(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray) -> np.ndarray:
        there, (lowest, left_out) = (vectors != 0).sum(axis=1) > 0, hole
        scores = np.where(there, side(score(vectors, query)), lowest)
        found = choose(scores, allowed, k)
        return order(found[there[found]] if left_out else found, scores, k)

    return wrong


TOP_K = Exercise(
    name="top_k",
    signature=(
        "top_k(vectors, query, k, allowed): (N, d) array, (d,), a number, (N,) booleans -> the numbers of the k "
        "allowed items of the highest cosine, the nearest first; fewer where there are fewer"
    ),
    oracle=nearest_by_hand,
    cases=nearest_cases,
    drawn=nearest_drawn,
    mistakes=(Mistake(_in_the_part, PART), *mistakes(_answer, SCORES, FILTERS, ORDERS, HOLES, SIDES)),
    hints=(
        "Take two items by hand: the cosine of each with the query, and the number of the one that has more.",
        "First say which items may be found at all, then score them, then sort. In which order does yours do it?",
        "np.flatnonzero(mask) gives the numbers of the items in a mask: it leads back from a part to the whole.",
        "The numbers of the items that are allowed and have a vector; their cosines; these sorted from the highest on; "
        "the first k of the numbers in that order.",
    ),
)


def top_k(answer: object) -> Verdict:
    """Check top_k(vectors, query, k, allowed): the nearest items that may be shown, the nearest first."""
    return check(TOP_K, answer)
