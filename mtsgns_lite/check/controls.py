"""Two controls as exercises: scores that survive a batch of one, and baskets whose company is by lot."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .lots import Lot, by_lot, company, same_lot, seeded, show_lot, twice
from .verdict import Verdict

Batch = tuple[torch.Tensor, torch.Tensor]

NOTHING = (
    "Only a batch without pairs fails. Nothing can't be stacked, and a -1 in a shape can't be worked out from nothing: "
    "say all sizes."
)
ONE = "Every axis of length 1 is dropped, P or k too where there is one of them: say which axis is to go."
FIRST = "The first axis is dropped where P is 1: say which axis is to go."
MIDDLE = "The axis of the negatives is dropped where k is 1: say which axis is to go."

EVERY = "Every target meets the negatives of all pairs, not just its own."


def _rows(target: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    return target[:, None, :] * noise


PRODUCTS: tuple[tuple[Callable, str], ...] = (
    (lambda t, n: _rows(t, n).sum(dim=2), ""),
    (lambda t, n: _rows(t, n).mean(dim=2), "A dot product adds the d products up: here their mean is taken."),
    (lambda t, n: F.cosine_similarity(t[:, None, :], n, dim=2), "This is the cosine: a dot product has no lengths."),
    (lambda t, n: -(t[:, None, :] - n).square().sum(dim=2), "This is a distance: the score is the dot product."),
    (lambda t, n: (t[:, None, :] + n).sum(dim=2), "The vectors are added: a dot product multiplies them."),
    (lambda t, n: _rows(t[:1], n).sum(dim=2), "The first target is used for all pairs: each has its own."),
    (lambda t, n: _rows(t, n[:1]).sum(dim=2), "The first pair's negatives are used for all: each has its own."),
    (lambda t, n: _rows(t, n[:, :1].expand(n.shape)).sum(dim=2), "Only the first negative of each pair is scored."),
    (lambda t, n: _rows(t, n)[:, :, 0], "Only the first of the d numbers is used."),
    (lambda t, n: _rows(t, n.reshape(len(t), n.shape[2], -1).transpose(1, 2)).sum(dim=2),
     "A `reshape` was meant to swap two axes: it deals the numbers out anew. Swapping is `transpose`."),
    (lambda t, n: _rows(t, n).sum(dim=1), "The sum runs over the k negatives: over the d numbers is meant."),
    (lambda t, n: _rows(t, n), "The d products are not added up."),
    (lambda t, n: torch.einsum("pd,qkd->pqk", t, n), EVERY),
    (lambda t, n: torch.einsum("pd,qkd->qpk", t, n), EVERY),
    (lambda t, n: (t * n).sum(dim=2),
     "The targets are laid along the negatives, as if they were k: each belongs to all negatives of its own pair."),
)  # fmt: skip
SIGNS = (
    (lambda s: s, ""),
    (lambda s: -s, "The sign is turned round: the loss may do that, the scores don't."),
    (lambda s: s.sigmoid(), "A sigmoid was taken: the scores themselves are due."),
    (lambda s: F.softplus(s), "This is a loss already: the scores themselves are due."),
)
SHAPES: tuple[tuple[Callable, str], ...] = (
    (lambda s: s, ""),
    (lambda s: s.squeeze(), ONE),
    (lambda s: s.squeeze(0), FIRST),
    (lambda s: s.squeeze(1), MIDDLE),
    (lambda s: s[:, :, None], "An axis too many: what is left of d is an axis of length 1."),
    (lambda s: s[:, None], "An axis too many: one of length 1 was put in and not taken out."),
    (lambda s: s.mT, "The axes are the wrong way round: a row for each pair, a column for each negative."),
    (lambda s: s.reshape(-1), "The scores stand in a single row: one for each pair is due."),
    (lambda s: s.sum(dim=1), "The scores of a pair are added up: each negative has its own."),
    (lambda s: s.mean(dim=1), "The scores of a pair are averaged: each negative has its own."),
    (lambda s: s.sum(), "The scores are added up: each pair and negative has its own."),
)  # fmt: skip


def _scores(product: Callable, sign: Callable, shape: Callable) -> Callable:
    return lambda target, noise: shape(sign(product(target, noise)))


def _score_oracle(target: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    rows = [
        [sum(a * b for a, b in zip(u, v)) for v in negatives] for u, negatives in zip(target.tolist(), noise.tolist())
    ]
    return torch.tensor(rows, dtype=torch.double).reshape(noise.shape[:2])


def _batch(seed: int, pairs: int, negatives: int, dim: int) -> Batch:
    draw = generator(seed)
    return torch.randn(pairs, dim, generator=draw), torch.randn(pairs, negatives, dim, generator=draw)


def _score_cases() -> list[Case]:
    one = (torch.tensor([[1.0, 2.0]]), torch.tensor([[[3.0, -1.0]]]))
    return [
        Case("a batch of one pair, one negative", one),
        Case("a batch of one pair, four negatives", _batch(1, 1, 4, 3)),
        Case("three pairs, one negative each", _batch(2, 3, 1, 2)),
        Case("three pairs, two negatives each", _batch(3, 3, 2, 4)),
        Case("as many pairs as negatives and numbers", _batch(4, 3, 3, 3)),
        Case("vectors of a single number", _batch(5, 2, 3, 1)),
        Case("a batch of no pairs", _batch(6, 0, 5, 2), NOTHING),
    ]


BATCH_SCORES = Exercise(
    name="batch_scores",
    signature="batch_scores(target, noise): (P, d), (P, k, d) -> (P, k), also where P or k is 1, or P is 0",
    oracle=_score_oracle,
    cases=_score_cases,
    mistakes=mistakes(_scores, PRODUCTS, SIGNS, SHAPES)
    + (Mistake(lambda target, noise: torch.zeros(0), NOTHING),),
    hints=(
        "Write the three shapes down: which axis do the two inputs share, which belongs to one of them, which goes?",
        "Give `target` an axis of length 1 where `noise` has k, and torch repeats it along there.",
        "The axis that goes is the last one, d. Name it where you sum, and nothing else can be lost.",
    ),
    gradient=(0, 1),
    reference=_scores(PRODUCTS[0][0], SIGNS[0][0], SHAPES[0][0]),
    drawn=lambda seed: [
        Case(f"{p} pairs, {k} negatives", _batch(6000 + seed, p, k, 5)) for p, k in ((4 + seed % 5, 6), (1, 2), (7, 1))
    ],
)  # fmt: skip


def _lots_oracle(baskets: list[list[int]], generator: torch.Generator) -> Lot:
    return by_lot(baskets)


def _lot_cases() -> list[Case]:
    def case(name: str, baskets: list[list[int]]) -> Case:
        return Case(name, (baskets, generator(len(baskets))))

    return [
        case("one basket of one item", [[7]]),
        case("two baskets", [[4, 5, 6], [8]]),
        case("items that are bought again", [[1, 2], [1, 3, 2], [1]]),
        case("an item twice in a basket", [[5, 5], [6, 7]]),
        case("an empty basket", [[], [3, 4], [5]]),
        case("no baskets", []),
        case("fifty baskets of up to seven items", _shop(50)),
    ]


def _shop(number: int, seed: int = 0) -> list[list[int]]:
    """Baskets of different sizes, of items with many different counts."""
    draw = generator(seed)
    sizes = torch.randint(1, 8, (number,), generator=draw).tolist()
    items = (40 * torch.rand(sum(sizes), generator=draw) ** 2).long()
    return [part.tolist() for part in items.split(sizes)]


SHUFFLED_BASKETS = Exercise(
    name="shuffled_baskets",
    signature="shuffled_baskets(baskets, generator): a list of lists of items, torch.Generator -> a list of lists",
    oracle=_lots_oracle,
    cases=_lot_cases,
    hints=(
        "Put all purchases on one heap, as many of each item as there were. Shuffle the heap, and fill the baskets.",
        "Three steps: one flat list of all items; its order drawn with the generator; pieces of the old lengths.",
        "torch.randperm gives a random order and takes a generator; `split` cuts a tensor into pieces of given sizes.",
    ),
    same=same_lot,
    extra=(seeded, company, twice),
    show=show_lot,
    drawn=lambda seed: [Case("drawn anew", (_shop(51 + seed % 9, seed), generator(seed)))],
)


def batch_scores(answer: object) -> Verdict:
    """Check batch_scores(target, noise): the dot product of each target with each of its negatives."""
    return check(BATCH_SCORES, answer)


def shuffled_baskets(answer: object) -> Verdict:
    """Check shuffled_baskets(baskets, generator): the same sizes and the same purchases, in a company by lot."""
    return check(SHUFFLED_BASKETS, answer)
