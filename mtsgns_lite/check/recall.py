"""The share of what is wanted that is among the k best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict


def recall_by_hand(scores: torch.Tensor, wanted: list[list[int]], k: int) -> float:
    """Query by query, item by item; a query that wants nothing is left out."""
    shares = []
    for row, items in zip(scores.tolist(), wanted):
        order = sorted(range(len(row)), key=lambda item: -row[item])
        if items:
            shares.append(sum(item in order[:k] for item in items) / len(items))
    return sum(shares) / len(shares)


EMPTY = "A query that wants nothing has no recall, neither 0 nor 1 nor NaN: it is left out of the mean."
ALL = "k may be larger than the number of items: then all of them are among the k best."
LARGER = "It is right on small inputs only: does anything in it count on there being so many queries or items?"


def recall_cases() -> list[Case]:
    """At least one query wants something; items of the same score are never parted by the k-th place."""

    def case(name: str, scores: list, wanted: list, k: int, hint: str = "") -> Case:
        return Case(name, (torch.tensor(scores), wanted, k), hint)

    row, other = [0.1, 0.9, 0.4, -0.3], [2.0, -1.0, 0.5, 1.0]
    return [
        case("one query, the best item wanted", [row], [[1]], 1),
        case("one query, the second of two items wanted", [row], [[2]], 2),
        case("one query, its item not among the two best", [row], [[0]], 2),
        case("one query, one of its two items found", [row], [[3, 1]], 2),
        case("one query that wants more than k items", [row], [[1, 2, 0]], 1),
        case("two queries that want one item and three", [row, other], [[1], [1, 0, 2]], 2),
        case("a query that wants nothing", [row, other, row], [[1, 3], [], [2]], 2, EMPTY),
        case("k larger than the number of items", [row, other], [[3], [0, 1]], 6, ALL),
        case("two items of the same score", [[0.5, 2.0, 2.0, 0.1], other], [[2, 0], [1, 0]], 2),
        case("all scores equal, k the number of items", [[1.0, 1.0, 1.0]], [[0, 2]], 3),
        *(replace(one, hint=LARGER) for one in recall_drawn(0)),
    ]


def recall_drawn(seed: int) -> list[Case]:
    """Nine queries over thirty items."""
    more = 1 + seed % 4 if seed else 0  # of another size than the example, which is that of seed 0
    random, k = generator(seed), 5 + more
    wanted = [torch.randperm(30, generator=random)[:number].tolist() for number in (1, 2, 3, 4, 7, 9, 12, 1, 2)]
    return [Case("nine queries, thirty items", (torch.randn(9, 30, generator=random), wanted, k))]


def recall_of(best: Callable, judge: Callable) -> Callable:
    """The answer made of a choice of items (scores, k) -> (Q, ...), and what is said of hits, wanted items and k."""

    def wrong(scores: torch.Tensor, wanted: list[list[int]], k: int) -> float:
        chosen = best(scores, k).tolist()
        hits = [[item in row for item in items] for row, items in zip(chosen, wanted)]
        return float(judge(hits, min(k, scores.shape[1]), k))

    return wrong


def ranked(scores: torch.Tensor) -> torch.Tensor:
    """Items from the best to the worst."""
    return scores.argsort(dim=1, descending=True, stable=True)


def above(scores: torch.Tensor, k: int) -> torch.Tensor:
    """Items whose score is above the k-th best, then -1."""
    best = scores.sort(dim=1, descending=True, stable=True)
    last = best.values[:, min(k, scores.shape[1]) - 1 :][:, :1]
    return best.indices.masked_fill(best.values <= last, -1)


def mean_of(share: Callable, nothing: float | None = None) -> Callable:
    """The mean over queries of `share` (hits, places, k); for a query that wants nothing `nothing`, or left out."""

    def judge(hits: list[list[bool]], places: int, k: int) -> float:
        shares = [share(row, places, k) if row else nothing for row in hits]
        found = [one for one in shares if one is not None]
        return sum(found) / len(found)

    return judge


def both(share: Callable, hint: str) -> list[tuple[Callable, str]]:
    """`share` with the queries that want nothing left out, and as 0."""
    return [(mean_of(share), hint), (mean_of(share, 0.0), hint)]


NEVER = (
    "Nothing is ever found: what a loop takes out of a tensor is a tensor, and in a set or a dictionary that is never "
    "the same as a number."
)
NOTHING = "A query that wants nothing has no recall, and is left out of the mean; here it counts as"
ASCENDING = "The ranking is upside down: the lowest scores come first."

CHOSEN = [
    (lambda scores, k: ranked(scores)[:, :k], ""),
    (lambda scores, k: scores.argsort(dim=1, stable=True)[:, :k], ASCENDING),
    (lambda scores, k: ranked(scores)[:, : k - 1], "One item too few: the list ends before place k."),
    (above, "One item too few: the list ends before place k."),
    (lambda scores, k: ranked(scores)[:, : k + 1], "One item too many: the list ends after place k."),
    (lambda scores, k: ranked(scores)[:, 1 : k + 1], "The best item is skipped: the list starts at the second place."),
    (lambda scores, k: ranked(scores)[:, 1:k], "The best item is skipped: the list starts at the second place."),
    (
        lambda scores, k: ranked(scores).argsort(dim=1)[:, :k],
        "Ranks and items are mixed up: what argsort gives is which item stands at a place, not at which place an item "
        "stands.",
    ),
    (
        lambda scores, k: scores.argsort(dim=1, stable=True).argsort(dim=1)[:, :k],
        "Ranks and items are mixed up: what argsort gives is which item stands at a place, not at which place an item "
        "stands.",
    ),
    (
        lambda scores, k: ranked(scores[:1]).expand(scores.shape)[:, :k],
        "The first query's ranking is used for all: each query has its own.",
    ),
    (
        lambda scores, k: scores.argsort(dim=0, descending=True, stable=True)[:k].T,
        "The ranking runs over the wrong axis: items are ranked for a query, not queries for an item.",
    ),
]
JUDGED = [
    (mean_of(lambda hits, places, k: sum(hits) / len(hits)), ""),
    (mean_of(lambda hits, places, k: sum(hits) / len(hits), 0.0), f"{NOTHING} 0."),
    (mean_of(lambda hits, places, k: sum(hits) / len(hits), 1.0), f"{NOTHING} 1."),
    (mean_of(lambda hits, places, k: sum(hits) / len(hits), float("nan")), f"{NOTHING} NaN."),
    *both(
        lambda hits, places, k: sum(hits) / k,
        "Divided by k it is precision: recall is the share of the wanted items that were found.",
    ),
    *both(
        lambda hits, places, k: sum(hits) / places,
        "Divided by k it is precision: recall is the share of the wanted items that were found.",
    ),
    *both(
        lambda hits, places, k: float(any(hits)),
        "This is the hit rate, whether anything was found: recall is the share of the wanted items that was.",
    ),
    *both(
        lambda hits, places, k: float(all(hits)),
        "A query counts only where all it wants was found: recall is the share of the wanted items that was.",
    ),
    *both(
        lambda hits, places, k: sum(hits) / min(len(hits), k),
        "Divided by no more than k: recall asks for all wanted items, also where there are more than k.",
    ),
    *both(
        lambda hits, places, k: float(hits[0]),
        "Only the first of the wanted items is looked for: a query may want several.",
    ),
    *both(lambda hits, places, k: float(sum(hits)), "Hits are counted: recall is their share of the wanted items."),
    *both(lambda hits, places, k: 100 * sum(hits) / len(hits), "A share is a part of 1, not of 100."),
    (
        lambda hits, places, k: sum(map(sum, hits)) / sum(map(len, hits)),
        "A mean over all wanted items: a query that wants many counts more. First each query's share, then their mean.",
    ),
    (
        lambda hits, places, k: sum(hits[0]) / len(hits[0]),
        "Only the first query counts: does the function return inside its loop?",
    ),
    (
        lambda hits, places, k: sum(sum(row) / len(row) for row in hits if row),
        "The queries' shares are added up: their mean is asked for.",
    ),
]

RECALL_AT_K = Exercise(
    name="recall_at_k",
    signature="recall_at_k(scores, wanted, k): (Q, N), a list of Q lists of items, a number -> a number; "
    "a query that wants nothing is left out, and k may be larger than N",
    oracle=recall_by_hand,
    cases=recall_cases,
    drawn=recall_drawn,
    mistakes=(Mistake(lambda scores, wanted, k: 0.0, NEVER),) + mistakes(recall_of, CHOSEN, JUDGED),
    hints=(
        "Take one query by hand: which k items have the highest scores, and which of the wanted ones are among them?",
        "What if a query wants three items and k is 1? The best that can be had is a third.",
        "Each query has a share of its own, and counts once, however much it wants. What of one that wants nothing?",
        "For each query with wanted items: how many of them are among the first min(k, N) of its items by falling "
        "score, over how many there are; then the mean of these.",
    ),
)


def recall_at_k(answer: object) -> Verdict:
    """Check recall_at_k(scores, wanted, k): the share of what each query wants that is among its k best, on average."""
    return check(RECALL_AT_K, answer)
