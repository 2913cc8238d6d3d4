"""Lesson 08: dynamic routing, in which items vote and interests form where votes agree."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, check, generator, mistakes
from .verdict import Verdict

NOTHING = (
    "Of a history without items the sum is 0, and its direction is 0 divided by 0: zeros are due. z times |z| over "
    "1 + |z|^2 is the same formula, and divides by no 0."
)
FILLED = (
    "Filling b where there is padding doesn't keep it out: this softmax runs over the interests, so an item's own "
    "shares add up to 1. Of one number, they are even; of nothing but minus infinity, they are 0 / 0, which is NaN. "
    "The padding's weight has to be 0 after the softmax."
)
STARTED = (
    "Already the first round differs. b starts at 0, so that each item gives 1/K to each interest: is it drawn at "
    "random?"
)
DEFAULT = "Without `rounds`, three are meant: the signature says rounds=3."
OVER_ITEMS = "The softmax runs over the items: what one item gives to the K interests has to add up to 1."
# (B, K, L) b and (B, 1, L) booleans -> the weights; how they are kept from padding is another part
WEIGHTS: tuple[tuple[Callable, str], ...] = (
    (lambda b, there: b.softmax(dim=1), ""),
    (lambda b, there: b.softmax(dim=2), OVER_ITEMS),
    (lambda b, there: b.masked_fill(~there, -torch.inf).softmax(dim=2).nan_to_num(0.0), OVER_ITEMS),
    (lambda b, there: b.masked_fill(~there, -torch.inf).softmax(dim=2), OVER_ITEMS),
    (lambda b, there: b.softmax(dim=0), "The softmax runs over the batch: histories have nothing to share."),
    (lambda b, there: b.flatten(1).softmax(dim=1).view(b.shape),
     "The softmax runs over interests and items at once: each item shares itself out among the interests."),
    (lambda b, there: b, "b itself is used as weights: a softmax over the interests makes weights of it."),
    (lambda b, there: b.exp(), "The weights are not normalised: what an item gives to the interests adds up to 1."),
    (lambda b, there: b.sigmoid(), "A sigmoid looks at each interest alone: the interests compete for each item."),
    (lambda b, there: torch.ones_like(b), "All weights are 1: is the softmax taken over an axis of length 1?"),
)  # fmt: skip
HEARD: tuple[tuple[Callable, str], ...] = (  # b, the weights and the booleans -> the weights that count
    (lambda b, w, there: w * there, ""),
    (lambda b, w, there: w, "The padding votes: its weights have to be 0."),
    (lambda b, w, there: w * ~there, "The mask is the wrong way round: True in `present` is an item."),
    (lambda b, w, there: w.masked_fill(~there, torch.nan), FILLED),
    (lambda b, w, there: w * there.all(dim=2, keepdim=True),
     FILLED + " Where NaN is made 0 later, all of a history that has padding is lost."),
    (lambda b, w, there: w.masked_fill(~there, 1 / w.shape[1]), FILLED),
    (lambda b, w, there: (b - 1e9 * ~there).softmax(dim=1), FILLED),
    (lambda b, w, there: w * there[:1],
     "The first history's padding is taken for all: each history has its own length."),
)  # fmt: skip
SUMS: tuple[tuple[Callable, str], ...] = (  # (B, K, L) weights, (B, K, L, d) votes
    (lambda w, v: (w[..., None] * v).sum(dim=2), ""),
    (lambda w, v: (w[..., None] * v).mean(dim=2), "z is a mean: it is the sum of the weighted votes."),
    (lambda w, v: (w[..., None] * v).sum(dim=2) / w.sum(dim=2, keepdim=True).clamp(min=1e-9),
     "z is divided by the sum of the weights: it is the sum of the weighted votes."),
)  # fmt: skip


def _length(z: torch.Tensor, axis: int = 2) -> torch.Tensor:
    return torch.linalg.vector_norm(z, dim=axis, keepdim=True)


def _squash(z: torch.Tensor) -> torch.Tensor:
    return z * _length(z) / (1 + _length(z) ** 2)


UNIT = "z is made of length 1: squash keeps long ones near 1, and short ones near 0."
SQUASHES: tuple[tuple[Callable, str], ...] = (
    (_squash, ""),
    (lambda z: _length(z) ** 2 / (1 + _length(z) ** 2) * z / _length(z), NOTHING),
    (lambda z: z, "Nothing is squashed: |z|^2 / (1 + |z|^2) z / |z| keeps the direction, with a length below 1."),
    (lambda z: F.normalize(z, dim=2), UNIT),
    (lambda z: z / _length(z), UNIT),
    (lambda z: z / (1 + _length(z)), "The length is not squared: |z|^2 / (1 + |z|^2) is due, times the direction."),
    (lambda z: z / (1 + _length(z) ** 2),
     "The factor above the line is missing: z / (1 + |z|^2) makes long ones short again."),
    (lambda z: z * _length(z) ** 2 / (1 + _length(z) ** 2),
     "|z|^2 / (1 + |z|^2) is times the direction z / |z|, and not z itself."),
    (lambda z: z * _length(z) / (1 + _length(z)), "Below the line the length is not squared: 1 + |z|^2 is due."),
    (lambda z: F.normalize(z, dim=2) * (1 + _length(z) ** 2) / _length(z) ** 2,
     "The fraction is upside down: |z|^2 stands above 1 + |z|^2, so that the length stays below 1."),
    (lambda z: z * z.abs() / (1 + z**2),
     "Each number is squashed alone: |z| is the length of a whole vector, over the last axis."),
    (lambda z: z * _length(z, 1) / (1 + _length(z, 1) ** 2), "The length runs over the interests: each has its own."),
    (lambda z: z * z.norm() / (1 + z.norm() ** 2), "One length is taken of the whole batch: each interest has one."),
    (torch.tanh, "It is a tanh, number by number: squash keeps the direction of the whole vector."),
    (lambda z: _squash(_squash(z)), "It is squashed twice."),
)  # fmt: skip


def _agreement(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return torch.einsum("bkd,bkld->bkl", u, v)


COSINE = (
    "b grows by a cosine, or u or the votes are made of length 1: the product of u and the vote, as they are, is due."
)
ONCE = "Only the first round counts: is a return inside the loop, or does b stay, or grow alike for all interests?"
SHARED = "b is shared over the batch: each history has its own routing."
UPDATES: tuple[tuple[Callable, str], ...] = (  # b, the weights, z, u and the votes -> the next b
    (lambda b, w, z, u, v: b + _agreement(u, v), ""),
    (lambda b, w, z, u, v: _agreement(u, v), "b is set anew in every round: it adds up over the rounds."),
    (lambda b, w, z, u, v: b + _agreement(z, v), "b grows by the votes' product with z: the squashed u is due."),
    (lambda b, w, z, u, v: b + _agreement(F.normalize(u, dim=2), F.normalize(v, dim=3)), COSINE),
    (lambda b, w, z, u, v: b + _agreement(u / _length(u), v / _length(v, 3)), COSINE),
    (lambda b, w, z, u, v: b + _agreement(F.normalize(u, dim=2), v), COSINE),
    (lambda b, w, z, u, v: b + _agreement(u, F.normalize(v, dim=3)), COSINE),
    (lambda b, w, z, u, v: b, ONCE),
    (lambda b, w, z, u, v: b - _agreement(u, v), "b falls where votes agree, or the softmax takes minus b."),
    (lambda b, w, z, u, v: w + _agreement(u, v), "The weights go on in place of b: add to b, and leave its softmax."),
    (lambda b, w, z, u, v: b + _agreement(u, v).sum(dim=0, keepdim=True), SHARED),
    (lambda b, w, z, u, v: b + _agreement(u, v).mean(dim=0, keepdim=True), SHARED),
    (lambda b, w, z, u, v: b + _agreement(u, v).sum(dim=2, keepdim=True),
     "b is shared by the items: each item agrees with an interest or doesn't, so b is (B, K, L)."),
    (lambda b, w, z, u, v: b + _agreement(u, w[..., None] * v), "b grows by the weighted vote: take it unweighted."),
)  # fmt: skip
COUNTS: tuple[tuple[Callable, str], ...] = (
    (lambda rounds: rounds, ""),
    (lambda rounds: 1, ONCE),
    (lambda rounds: 3, "There are always three rounds: `rounds` says how many."),
    (lambda rounds: rounds + 1, "There is a round too many: rounds=1 is one softmax, one sum and one squash."),
    (lambda rounds: max(rounds - 1, 1), "There is a round too few: rounds=2 makes b grow once, and then sums again."),
)
ENDS: tuple[tuple[Callable, str], ...] = (  # the last weights, z and u
    (lambda w, z, u: u, ""),
    (lambda w, z, u: z, "What is returned is not squashed: u is due, and not z."),
    (lambda w, z, u: _squash(u), "The answer is squashed once too often."),
    (lambda w, z, u: F.normalize(u, dim=2), "The answer is made of length 1: leave the length that squash gave."),
    (lambda w, z, u: u.squeeze(), "An axis of length 1 is dropped: a batch of one, or one interest, is (B, K, d)."),
    (lambda w, z, u: u.sum(dim=1), "The interests are added up: each of the K stays by itself."),
    (lambda w, z, u: u.mT, "The axes are swapped: (B, K, d) is due, and this is (B, d, K)."),
    (lambda w, z, u: w, "These are the weights, (B, K, L): the interests are due."),
)


def _answer(*parts: Callable) -> Callable:
    weigh, heard, added, squash, update, count, end = parts

    def wrong(votes, present, rounds=3) -> torch.Tensor:
        there, b = present[:, None], votes.new_zeros(votes.shape[:3])
        for _ in range(count(rounds)):
            w = heard(b, weigh(b, there), there)
            z = added(w, votes)
            u = squash(z)
            b = update(b, w, z, u, votes)
        return end(w, z, u)

    return wrong


def _oracle(votes, present, rounds=3) -> torch.Tensor:
    found = votes.new_zeros(votes.shape[0], votes.shape[1], votes.shape[3], dtype=torch.float64)
    for user, there in enumerate(present):
        own = votes[user][:, there].double()  # (K, items, d)
        b = own.new_zeros(own.shape[:2])
        for _ in range(rounds):
            for k in range(len(own)):
                z = b.softmax(dim=0)[k] @ own[k]
                found[user, k] = z * (z @ z).sqrt() / (1 + z @ z)
            b = b + torch.stack([own[k] @ found[user, k] for k in range(len(own))])
    return found


def _made(
    name: str, seed: int, lengths: list[int], steps: int, interests: int, dim: int, *rounds: int, hint: str = ""
) -> Case:
    """What stands in the padding is no zero."""
    votes = torch.randn(len(lengths), interests, steps, dim, generator=generator(8300 + seed))
    return Case(name, (votes, torch.arange(steps) < torch.tensor(lengths)[:, None], *rounds), hint)


def _cases() -> list[Case]:
    wide = _made("in float64, three rounds", 8, [5, 2, 4], 5, 2, 3, 3)
    return [
        _made("one history of two items, two interests, one round", 1, [2], 2, 2, 3, 1, hint=STARTED),
        _made("one history of three items, two interests, two rounds", 2, [3], 3, 2, 2, 2),
        _made("one history of one item, three interests, three rounds", 3, [1], 1, 3, 2, 3),
        _made("one interest, three rounds", 4, [3], 3, 1, 2, 3),
        _made("one history of two items, and padding, three rounds", 5, [2], 4, 2, 3, 3),
        _made("two histories of unequal length, four rounds", 6, [4, 2], 4, 3, 2, 4),
        _made("an empty history beside one of two items", 7, [0, 2], 3, 2, 3, 3, hint=NOTHING),
        Case(wide.name, (wide.arguments[0].double(), *wide.arguments[1:])),
        *_drawn(0),
        _made("two histories, and no word on the rounds", 9, [3, 2], 3, 2, 2, hint=DEFAULT),
    ]


def _drawn(seed: int) -> list[Case]:
    lengths, interests = [6, 1, 3 + seed % 4, 5, 2], 2 + seed % 3
    return [_made(f"five histories, {interests} interests", 10 + seed, lengths, 6, interests, 4, 2 + seed % 4)]


ROUTE = Exercise(
    name="route",
    signature="route(votes, present, rounds=3): (B, K, L, d), (B, L) booleans, a number -> (B, K, d)",
    oracle=_oracle,
    cases=_cases,
    drawn=_drawn,
    kept=(0, 1),
    mistakes=mistakes(_answer, WEIGHTS, HEARD, SUMS, SQUASHES, UPDATES, COUNTS, ENDS),
    hints=(
        "One round by hand: b is 0, so each item gives 1/K to each interest. Add its votes up, and squash the sum.",
        "The shapes: b and the weights are (B, K, L), votes (B, K, L, d), z and u (B, K, d). A softmax over the "
        "interests is one over axis 1.",
        "What is not there must weigh nothing in z: the weights times `present`, which needs an axis for the "
        "interests, (B, 1, L).",
        "The end of a round: u (B, K, 1, d) times the votes, summed over d, is (B, K, L), and is added to b.",
    ),
)


def route(answer: object) -> Verdict:
    """Check route(votes, present, rounds=3): interests by dynamic routing."""
    return check(ROUTE, answer)
