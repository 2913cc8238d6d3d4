"""Appendix A1: the gradient of the skip-gram loss, by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, check, generator, mistakes
from .parts import same_parts, show_parts
from .verdict import Verdict

OVERFLOW = (
    "Only scores of 1000 and -1000 fail: exp(1000) is not finite, and infinity over infinity is no number. Look for "
    "the sigmoid as one function."
)
_OTHER = "Of a product the factor stays that is not asked for: `du` has v in it, `dv` has u."
POSITIVES = (  # the slope of a true pair's loss in its score
    (lambda s: s.sigmoid() - 1, ""),
    (lambda s: 1 - s.sigmoid(), "The true pair's slope has the wrong sign: a higher score lowers its loss."),
    (lambda s: s.sigmoid(), "The true pair's slope is that of a negative: its loss is softplus(-score)."),
    (lambda s: -s.sigmoid(),
     "The true pair's slope is minus sigma(s), where sigma(-s) is due: softplus(-s) has -s in it."),
    (lambda s: -s.sigmoid() * (1 - s.sigmoid()), "The slope of the sigmoid is taken: that of softplus is the sigmoid."),
    (lambda s: -1 / s.sigmoid(), "Only the logarithm's slope is taken: the sigmoid inside it has one as well."),
    (lambda s: 0 * s, "The true pair has no part in the gradient."),
    (lambda s: F.softplus(-s), "This multiplies by the loss of the true pair: its slope in the score is due."),
    (lambda s: s - 1, "The true pair's sigmoid is missing: the slope is a chance less 1."),
)  # fmt: skip
NEGATIVES = (
    (lambda s: s.sigmoid(), ""),
    (lambda s: s.sigmoid() - 1, "The negatives' slope is that of a true pair: a negative's loss is softplus(score)."),
    (lambda s: -s.sigmoid(), "The negatives' slope has the wrong sign: a higher score raises their loss."),
    (lambda s: 1 - s.sigmoid(), "The negatives' slope is 1 - sigma: a negative's loss is softplus(score)."),
    (lambda s: s.sigmoid() * (1 - s.sigmoid()), "The slope of the sigmoid is taken: that of softplus is the sigmoid."),
    (lambda s: 0 * s, "The negatives have no part in the gradient."),
    (lambda s: F.softplus(s), "This multiplies by the loss of the negatives: its slope in the score is due."),
    (lambda s: s, "The negatives' sigmoid is missing: their slope is a chance."),
    (lambda s: s.sigmoid() / s.shape[1],
     "The negatives' slopes are averaged: a pair's loss adds its negatives up."),
)  # fmt: skip
MEANS = (  # of (u, noise): what all slopes are divided by
    (lambda u, n: len(u), ""),
    (lambda u, n: 1, "The mean over the pairs is missing: these are the gradients of the sum."),
    (lambda u, n: -len(u), "The sign: these gradients point to where the loss falls; the gradient itself rises."),
    (lambda u, n: len(u) * n.shape[1], "It is divided by the negatives too: the mean is over the pairs."),
    (lambda u, n: len(u) * (1 + n.shape[1]), "It is divided by pairs and negatives: the mean is over the pairs."),
    (lambda u, n: u.numel(), "It is divided by all numbers of u: the mean is over the pairs."),
    (lambda u, n: len(u) ** 2, "It is divided by the number of pairs twice."),
)  # fmt: skip


def _ones(u: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(u)


PARTS = (  # of (u, v, n, a, b): the gradients, from slopes a (P, 1) and b (P, k, 1)
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, b * u[:, None]), ""),
    (lambda u, v, n, a, b: (a * v, a * u, b * u[:, None]), "`du` lacks the negatives: u is in their scores too."),
    (lambda u, v, n, a, b: ((b * n).sum(1), a * u, b * u[:, None]), "`du` lacks the true pair."),
    (lambda u, v, n, a, b: (a * u + (b * n).sum(1), a * v, b * u[:, None]), _OTHER),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * v, b * u[:, None]), _OTHER),
    (lambda u, v, n, a, b: (a * u + (b * n).sum(1), a * u, b * u[:, None]), _OTHER),
    (lambda u, v, n, a, b: (a * v + (b * u[:, None]).sum(1), a * u, b * u[:, None]),
     "`du` has u in it: the score of a negative is u times n, so n stays."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, b * n),
     "`dnoise` has the negatives in it: the score of a negative is u times n, so u stays."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, b * v[:, None]),
     "`dnoise` has v in it: a negative is scored against u."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u + b.sum(1) * u, b * u[:, None]),
     "`dv` has the negatives in it: v is in the true pair's score alone."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u + (b * n).sum(1), b * u[:, None]),
     "`dv` has the negatives in it: v is in the true pair's score alone."),
    (lambda u, v, n, a, b: (a * v + (b * n).mean(1), a * u, b * u[:, None]),
     "In `du` the negatives are averaged: it adds one part for each."),
    (lambda u, v, n, a, b: (a * v + b.sum(1) * n.sum(1), a * u, b * u[:, None]),
     "In `du` slopes and negatives are summed apart: each negative goes with its own slope."),
    (lambda u, v, n, a, b: (a * v + b[:, 0] * n[:, 0], a * u, b * u[:, None]),
     "In `du` only the first negative counts."),
    (lambda u, v, n, a, b: (a * v + b[:, -1] * n[:, -1], a * u, b * u[:, None]),
     "In `du` only the last negative counts: is the total overwritten in a loop?"),
    (lambda u, v, n, a, b: (a * v - (b * n).sum(1), a * u, b * u[:, None]),
     "In `du` the negatives are subtracted: a sum's slopes add up."),
    (lambda u, v, n, a, b: (a * u, a * v + (b * n).sum(1), b * u[:, None]), "`du` and `dv` are swapped."),
    (lambda u, v, n, a, b: (a * _ones(u) + (b * _ones(n)).sum(1), a * _ones(v), b * _ones(n)),
     "The slopes in the scores are not yet those in the rows: each is multiplied by the other row."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, (b * u[:, None]).sum(1)),
     "`dnoise` is summed over the negatives: each has a gradient of its own, (P, k, d)."),
    (lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, (b * u[:, None]).sum(1, keepdim=True).expand(n.shape)),
     "`dnoise` is summed over the negatives: each has a gradient of its own."),
    (lambda u, v, n, a, b: (a.T * v + (b * n).sum(1), a.T * u, b * u[:, None]),
     "Slopes (P,) times rows (P, d) run along the d numbers: they need one more axis, of length 1."),
    (lambda u, v, n, a, b: (a * v[:1] + (b * n).sum(1), a * u[:1], b * u[:1, None]),
     "The first pair's rows are used for all pairs."),
)  # fmt: skip


def _gradient(positive: Callable, negative: Callable, mean: Callable, parts: Callable) -> Callable:
    def gradient(u, v, noise):
        count = mean(u, noise)
        a = positive((u * v).sum(1, keepdim=True)) / count
        b = negative((noise * u[:, None]).sum(2)) / count
        return parts(u, v, noise, a, b[:, :, None])

    return gradient


def _oracle(u: torch.Tensor, v: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Autograd's, of the loss written down in float64."""
    leaves = [part.detach().double().requires_grad_() for part in (u, v, noise)]
    target, context, negatives = leaves
    scores = torch.einsum("pd,pkd->pk", target, negatives)
    loss = (F.softplus(-(target * context).sum(1)) + F.softplus(scores).sum(1)).mean()
    return torch.autograd.grad(loss, leaves)


def _random(seed: int, pairs: int, negatives: int, dim: int) -> tuple[torch.Tensor, ...]:
    draw = generator(seed)
    return tuple(torch.randn(shape, generator=draw) for shape in ((pairs, dim), (pairs, dim), (pairs, negatives, dim)))


def _cases() -> list[Case]:
    u, v, n = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.75]]), torch.tensor([[[1.0, -1.0]]])
    far, away = torch.tensor([[1000.0, 2.0]]), torch.tensor([[-1.0, 0.0]])
    return [
        Case("one pair, one negative", (u, v, n)),
        Case("one pair, two negatives", (u, v, torch.cat([n, -0.5 * n], dim=1))),
        Case("three pairs, three negatives, three numbers", _random(1, 3, 3, 3)),
        Case("six pairs, four negatives", _random(2, 6, 4, 5)),
        Case("a true pair and a negative with a score of -1000", (far, away, away[None]), OVERFLOW),
        Case("a true pair and a negative with a score of 1000", (far, -away, -away[None]), OVERFLOW),
    ]


_NAMES = ("du", "dv", "dnoise")
SGNS_GRADIENT = Exercise(
    name="sgns_gradient",
    signature="sgns_gradient(u, v, noise): (P, d), (P, d), (P, k, d) -> (du, dv, dnoise), of the same three shapes",
    oracle=_oracle,
    cases=_cases,
    mistakes=mistakes(_gradient, POSITIVES, NEGATIVES, MEANS, PARTS),
    hints=(
        "Do it by hand for one pair and one negative: two scores, the slope of the loss in each, then the rows.",
        "Shapes: a slope for each pair is (P,), for each negative (P, k). Each needs one more axis to multiply rows.",
        "A score u.v with slope a gives a v to u and a u to v. u stands in 1 + k scores, so it gets 1 + k parts.",
    ),
    same=same_parts(*_NAMES),
    show=show_parts(*_NAMES),
    drawn=lambda seed: [
        Case(f"{n} pairs, drawn anew", _random(8000 + seed, n, 2 + seed % 3, 4)) for n in (4 + seed % 4, 12)
    ],
)


def sgns_gradient(answer: object) -> Verdict:
    """Check sgns_gradient(u, v, noise): the gradients of the mean loss of P pairs, each with its k negatives."""
    return check(SGNS_GRADIENT, answer)
