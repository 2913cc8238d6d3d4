"""What the mistakes in `trait_embedding` and `cold_embedding` are made of."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .exercise import Mistake

# The mistakes are made of two halves, the weights and what they are multiplied by; a learner may
# have one of them wrong, or both. `sources` picks the columns that count: all of them, or the traits alone.


def over(known: torch.Tensor, logits: torch.Tensor, axis: int = 1) -> torch.Tensor:
    """(U, s) the softmax of the logits where `known`; 0 elsewhere."""
    return logits.expand(known.shape).masked_fill(~known, -torch.inf).softmax(dim=axis)


def whole(known: torch.Tensor) -> torch.Tensor:
    """The mask as it is."""
    return known


def traits(known: torch.Tensor) -> torch.Tensor:
    """The mask without the item's own row, which is source 0."""
    return known & (torch.arange(known.shape[1], device=known.device) > 0)


def itself(mask: torch.Tensor) -> torch.Tensor:
    """A mask of traits, and the item's own row again."""
    return mask | (torch.arange(mask.shape[1], device=mask.device) == 0)


AXIS = (
    "The softmax runs over the wrong axis: the weights of one item's sources add up to 1, not those of one source over "
    "the items."
)
INVERTED = "The mask is the wrong way round: unknown sources are mixed, known ones are left out."
COUNTED = "m counts all sources: it is the number of the known ones, item by item."


def weight_faults(sources: Callable) -> list[tuple[Callable, str]]:
    """(mask, logits) -> weights (U, s), and what is wrong with them; the right ones first."""

    def every(mask: torch.Tensor) -> torch.Tensor:
        return sources(torch.ones_like(mask))

    return [
        (over, ""),
        (
            lambda mask, a: over(every(mask), a),
            "The mask is forgotten in the softmax: an unknown trait is treated as a value.",
        ),
        (
            lambda mask, a: over(every(mask), a) * mask,
            "The softmax comes before the mask: what the unknown sources took is lost, so the weights of the known "
            "ones do not add up to 1.",
        ),
        (
            lambda mask, a: (a * mask).softmax(dim=1),
            "An unknown source has its logit set to 0, and exp(0) is 1: it still takes a weight.",
        ),
        (
            lambda mask, a: (a * mask).softmax(dim=1) * mask,
            "An unknown source has its logit set to 0, and exp(0) is 1: what it took in the softmax is lost.",
        ),
        (lambda mask, a: over(mask, a, axis=0), AXIS),
        (lambda mask, a: over(mask, a, axis=0).nan_to_num(0.0), AXIS),
        (lambda mask, a: a.expand(mask.shape).masked_fill(~mask, -1e9).softmax(dim=0), AXIS),
        (
            lambda mask, a: mask / mask.sum(dim=1, keepdim=True),
            "The logits have no say: every known source gets the same weight.",
        ),
        (lambda mask, a: a * mask, "The logits are used as weights: a softmax has to make weights of them first."),
        (
            lambda mask, a: a.exp() * mask,
            "The weights are not normalised: they have to add up to 1 over the known sources.",
        ),
        (
            lambda mask, a: a.sigmoid() * mask,
            "A sigmoid looks at each logit alone: the sources compete, so that their weights add up to 1 (a softmax).",
        ),
        (lambda mask, a: over(mask, -a), "The sign of the logits: the larger one gets the larger weight."),
        (lambda mask, a: over(sources(~mask), a), INVERTED),
        (lambda mask, a: over(sources(~mask), a).nan_to_num(0.0), INVERTED),
        (
            lambda mask, a: over(mask[:1].expand(mask.shape), a),
            "The first item's mask is used for all: each item knows its own sources.",
        ),
    ]


def factor_faults(sources: Callable) -> list[tuple[Callable, str]]:
    """(mask) -> what the weights are multiplied by, a number or (U, 1), and what is wrong with it."""

    def m(mask: torch.Tensor) -> torch.Tensor:
        return mask.sum(dim=1, keepdim=True)

    def total(mask: torch.Tensor) -> int:
        return int(sources(torch.ones_like(mask[:1])).sum())

    return [
        (m, ""),
        (lambda mask: 1.0, "The factor m is missing."),
        (total, COUNTED),
        (lambda mask: mask.shape[1], COUNTED),
        (lambda mask: mask[:1].sum(), "m is the first item's for all: each item has its own."),
        (lambda mask: mask.sum(), "m is counted over the whole batch: each item has its own."),
        (
            lambda mask: m(mask) / mask.shape[1],
            "A mean over the sources where the sum is due: the weights already share out what each may say.",
        ),
        (
            lambda mask: 1 / mask.shape[1],
            "A mean over the sources where the sum is due, and the factor m is missing.",
        ),
    ]


def mixture_of(sources: Callable) -> Callable:
    """Makes an answer of three parts: how to weigh the sources, what to multiply by, and what to say without any."""

    def answer(weigh: Callable, count: Callable, fill: Callable) -> Callable:
        def wrong(rows: torch.Tensor, known: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
            mask = sources(known)
            mixed = ((count(mask) * weigh(mask, logits))[:, :, None] * rows).sum(dim=1)
            return torch.where(mask.any(dim=1, keepdim=True), mixed, fill(rows, mixed))

        return wrong

    return answer


def along(sources: Callable) -> tuple[Mistake]:
    """m (U,) along the d dimensions, which goes unseen where U = d."""

    def wrong(rows: torch.Tensor, known: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        mask = sources(known)
        return mask.sum(dim=1) * (over(mask, logits).nan_to_num(0.0)[:, :, None] * rows).sum(dim=1)

    return (Mistake(wrong, "m (U,) times (U, d) runs along the wrong axis: it needs a second axis, of length 1."),)
