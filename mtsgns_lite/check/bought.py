"""Lesson 06: where the finally bought item ranks, asked by the last clicks."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

CLICKED = (
    "The clicked items are still in the ranking: they are near themselves, and nobody needs to be shown them again."
)
LENGTHS = "The clicks are averaged as they are, so that long vectors count more: bring each to length 1 first."


def _rank_by_hand(vectors: torch.Tensor, clicks: list[int], bought: int) -> int:
    rows = [[value / max(sum(x * x for x in row) ** 0.5, 1e-12) for value in row] for row in vectors.double().tolist()]
    asking = [sum(rows[item][place] for item in clicks) for place in range(len(rows[0]))]
    scores = {item: sum(a * b for a, b in zip(asking, row)) for item, row in enumerate(rows) if item not in set(clicks)}
    return 1 + sum(score > scores[bought] for score in scores.values())


QUERIES = (  # of (v, clicks): what is compared with all items
    (lambda v, c: F.normalize(v, dim=1)[c].mean(0), ""),
    (lambda v, c: v[c].mean(0), LENGTHS),
    (lambda v, c: v[c].sum(0), LENGTHS),
    (lambda v, c: v[c[-1]], "Only the last click asks: the mean of all given ones is meant."),
    (lambda v, c: v[c[0]], "Only the first click asks: the mean of all given ones is meant."),
    (lambda v, c: F.normalize(v, dim=1)[sorted(set(c))].mean(0),
     "An item that was clicked twice asks once: the mean runs over the clicks, not over the items."),
    (lambda v, c: -F.normalize(v, dim=1)[c].mean(0), "The query points away from the clicks: is there a minus?"),
)  # fmt: skip
SCORES = (  # of (v, query)
    (lambda v, q: F.normalize(v, dim=1) @ q, ""),
    (lambda v, q: v @ q,
     "This ranks by dot product, so long vectors come first: a cosine divides by the items' lengths too."),
    (lambda v, q: -torch.cdist(v, q[None])[:, 0], "This ranks by distance: the cosine is meant."),
    (lambda v, q: -torch.cdist(F.normalize(v, dim=1), q[None])[:, 0], "This ranks by distance: the cosine is meant."),
)  # fmt: skip
RANKS = (  # of (scores, clicks, bought)
    (lambda s, c, b: 1 + _others(s, c).gt(s[b]).sum(), ""),
    (lambda s, c, b: 1 + s.gt(s[b]).sum(), CLICKED),
    (lambda s, c, b: _others(s, c).gt(s[b]).sum(), "The best rank is 1, not 0."),
    (lambda s, c, b: s.gt(s[b]).sum(), "The best rank is 1, not 0; and the clicked items are still in the ranking."),
    (lambda s, c, b: 1 + _others(s, c, torch.inf).lt(s[b]).sum(),
     "The ranking is upside down: the item with the highest score has rank 1."),
    (lambda s, c, b: 1 + s.lt(s[b]).sum(), "The ranking is upside down: the item with the highest score has rank 1."),
    (lambda s, c, b: 1 + s.gt(s[b]).sum() - len(c),
     "The number of clicks is subtracted: only clicked items that rank above the bought one take a place from it."),
    (lambda s, c, b: 1 + s.gt(s[b]).sum() - len(set(c)),
     "The number of clicks is subtracted: only clicked items that rank above the bought one take a place from it."),
    (lambda s, c, b: _others(s, c).argsort(descending=True)[b],
     "Ranks and items are mixed up: argsort tells which item stands at a place, not at which place an item stands."),
    (lambda s, c, b: 1 + _others(s, c).argsort(descending=True)[b],
     "Ranks and items are mixed up: argsort tells which item stands at a place, not at which place an item stands."),
    (lambda s, c, b: s.argsort(descending=True)[b],
     "Ranks and items are mixed up: argsort tells which item stands at a place, not at which place an item stands."),
    (lambda s, c, b: s[b], "This is the score of the bought item: its rank is asked for."),
)  # fmt: skip


def _others(scores: torch.Tensor, clicks: list[int], away: float = -torch.inf) -> torch.Tensor:
    scores = scores.clone()
    scores[clicks] = away
    return scores


def _rank(query: Callable, score: Callable, rank: Callable) -> Callable:
    return lambda vectors, clicks, bought: rank(score(vectors, query(vectors, clicks)), clicks, bought)


def _drawn(seed: int) -> list[Case]:
    """Items of very different lengths, one click twice."""
    draw, number = generator(8000 + seed), 25 + seed % 6
    cases = []
    for clicks in (3, 5):
        vectors = torch.randn(number, 4, generator=draw) * torch.rand(number, 1, generator=draw).mul(4).exp()
        places = torch.randperm(number, generator=draw)[: clicks + 1].tolist()
        cases.append(
            Case(f"{number} items, {clicks + 1} clicks, drawn anew", (vectors, [places[0], *places[:-1]], places[-1]))
        )
    return cases


def _cases() -> list[Case]:
    tensor = torch.tensor
    flat = tensor([[1.0, 0.0], [0.9, 0.2], [0.6, 0.5], [0.0, 1.0], [-1.0, 0.1]])
    longer = flat * tensor([[1.0], [0.1], [9.0], [2.0], [5.0]])
    return [
        Case("five items, one click, the next item bought", (flat, [0], 1)),
        Case("five items, one click, the second next bought", (flat, [0], 2)),
        Case("five items, the farthest bought", (flat, [0], 4)),
        Case("two clicks", (flat, [0, 3], 1)),
        Case("items of different lengths", (longer, [0], 1)),
        Case("two clicks of different lengths", (longer, [0, 2], 3)),
        Case("an item clicked twice", (flat, [0, 0, 3], 2)),
        Case("an item clicked again and again", (longer, [3, 1, 3, 3], 2)),
        *_drawn(0),
        *_drawn(3),
    ]


BOUGHT_RANK = Exercise(
    name="bought_rank",
    signature="bought_rank(vectors, clicks, bought): (items, d), a list of items, an item -> its rank, from 1",
    oracle=_rank_by_hand,
    cases=_cases,
    drawn=_drawn,
    kept=(0, 1),
    mistakes=mistakes(_rank, QUERIES, SCORES, RANKS) + (
        Mistake(lambda vectors, clicks, bought: 1, "The bought item is always first: is it compared with itself?"),
    ),
    hints=(
        "What asks is the mean of the clicks' vectors, each brought to length 1. F.normalize does that to all rows.",
        "A cosine is a dot product of vectors of length 1: one score for each item, (items,).",
        "The rank is one more than the number of items with a higher score, the clicked ones left out.",
        "Set the clicked items' scores to minus infinity, then count the scores above that of the bought item.",
    ),
)  # fmt: skip


def bought_rank(answer: object) -> Verdict:
    """Check bought_rank(vectors, clicks, bought): the rank by cosine with the mean of the clicks' unit vectors."""
    return check(BOUGHT_RANK, answer)
