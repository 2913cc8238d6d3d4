"""The loss of skip-gram with negative sampling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, check, generator, mistakes
from .verdict import Verdict

OVERFLOW = (
    "Only scores of 1000 and -1000 fail: the sigmoid of -1000 is 0 in floating point, and the logarithm of 0 is not "
    "finite, or is whatever was added to avoid that. Look for the logarithm of a sigmoid as one function."
)
_UNTIED = "The negatives are scored against v: they are false contexts of u."
SCORES = (  # of (u, v, n): the scores of the pairs (P,) and of their negatives (P, k)
    (lambda u, v, n: ((u * v).sum(1), (n @ u[:, :, None])[:, :, 0]), ""),
    (lambda u, v, n: ((u * v).sum(1), (n @ v[:, :, None])[:, :, 0]), _UNTIED),
    (lambda u, v, n: ((u * v).mean(1), (n * u[:, None]).mean(2)),
     "A mean over the d numbers is taken: a dot product adds."),
    (lambda u, v, n: ((u * v).sum(1), (n * u[:, None]).sum(1)),
     "The negatives' scores are summed over the wrong axis."),
    (lambda u, v, n: ((u * v).sum(0), (n * u[:, None]).sum(2)), "The pairs' scores are summed over the wrong axis."),
    (lambda u, v, n: ((u * v).sum(1), (n * u[None, :]).sum(2)),
     "The negatives meet other pairs' u: axis 0 of noise is the pair."),
    (lambda u, v, n: ((u * v).sum(1), (n[:1] @ u[:, :, None])[:, :, 0]),
     "The first pair's negatives are used for all pairs."),
    (lambda u, v, n: ((u * v).sum(1), (n[:, :1] @ u[:, :, None])[:, :, 0]),
     "Only the first negative of each pair counts."),
    (lambda u, v, n: (F.cosine_similarity(u, v), F.cosine_similarity(n, u[:, None], dim=2)),
     "This is the cosine, not a dot product."),
    (lambda u, v, n: (u @ v.T, (n @ u[:, :, None])[:, :, 0]),
     "Every u meets every v: only rows of the same pair belong together."),
    (lambda u, v, n: ((u * v).sum(), (n @ u[:, :, None])[:, :, 0]),
     "The positive scores are summed over the batch before the loss."),
)  # fmt: skip
POSITIVES = (
    (lambda s: F.softplus(-s), ""),
    (lambda s: F.softplus(s), "The positive term has the wrong sign in its sigmoid: a true pair should score high."),
    (lambda s: -F.softplus(-s), "The positive term has the wrong sign: minus the logarithm of the chance."),
    (lambda s: 0 * s, "The positive term is missing."),
    (lambda s: -torch.sigmoid(s), "The positive term has no logarithm."),
    (lambda s: 1 - torch.sigmoid(s), "The positive term has no logarithm."),
    (lambda s: -s, "The positive term has no sigmoid: it is the score itself."),
)  # fmt: skip
_OF_SUM = "The negatives' scores are added up inside the logarithm: each negative has a logarithm of its own."
NEGATIVES = (
    (lambda t: F.softplus(t).sum(1), ""),
    (lambda t: F.softplus(-t).sum(1),
     "The negatives' term has the sign of the positives': negatives should score low."),
    (lambda t: -F.softplus(t).sum(1), "The negatives' term has the wrong sign: it is subtracted, and lowers the loss."),
    (lambda t: -F.softplus(-t).sum(1), "The negatives' term has the wrong sign, inside the sigmoid and before it."),
    (lambda t: F.softplus(t).mean(1), "The negatives are averaged: a pair's loss adds all its negatives up."),
    (lambda t: 0 * t.sum(1),
     "The negatives' term is missing: all vectors could grow alike and the loss would be content."),
    (lambda t: F.softplus(t.sum(1)), _OF_SUM),
    (lambda t: F.softplus(t.mean(1)),
     "The negatives' scores are averaged inside the logarithm: each has one of its own."),
    (lambda t: torch.sigmoid(t).sum(1), "The negatives' term has no logarithm."),
    (lambda t: -torch.sigmoid(-t).sum(1), "The negatives' term has no logarithm."),
    (lambda t: t.sum(1), "The negatives' term has no sigmoid: it is the score itself."),
    (lambda t: F.softplus(t).amax(1), "Only the negative with the highest score counts: all do."),
    (lambda t: F.softplus(t[:, -1]), "Only the last negative counts: is the total overwritten in a loop?"),
)  # fmt: skip
ENDS = (
    (lambda a, b, k: (a + b).mean(), ""),
    (lambda a, b, k: (a + b).sum(), "The mean over the pairs is missing: this is their sum."),
    (lambda a, b, k: a + b, "The mean over the pairs is missing: there is one number for each pair."),
    (lambda a, b, k: (a + b).mean() / (1 + k),
     "This is the mean over pairs and negatives: only over the pairs is meant."),
    (lambda a, b, k: (a + b).mean() / k, "The sum is divided by the number of negatives too."),
    (lambda a, b, k: -(a + b).mean(), "The sign: a loss is minus the logarithm of a chance, and never negative."),
    (lambda a, b, k: a.sum() + b.mean(), "The mean over the pairs is missing in the positive term."),
    (lambda a, b, k: a.mean() + b.sum(), "The mean over the pairs is missing in the negatives' term."),
    (lambda a, b, k: (a + b)[0], "Only the first pair counts: does the function return inside its loop?"),
    (lambda a, b, k: (a + b)[-1], "Only the last pair counts: is the total overwritten in a loop?"),
    (lambda a, b, k: (a + b).mean() / np.log(2), "The logarithm is to base 2: the natural one is meant."),
)  # fmt: skip


def _loss(scores: Callable, positive: Callable, negative: Callable, end: Callable) -> Callable:
    def loss(u, v, noise):
        true, false = scores(u, v, noise)
        return end(positive(true), negative(false), noise.shape[1])

    return loss


def _oracle(u: torch.Tensor, v: torch.Tensor, noise: torch.Tensor) -> float:
    total = 0.0
    for target, context, negatives in zip(u.double().numpy(), v.double().numpy(), noise.double().numpy()):
        total += np.logaddexp(0, -target @ context) + sum(np.logaddexp(0, target @ row) for row in negatives)
    return float(total / len(u))


def _random(seed: int, pairs: int, negatives: int, dim: int) -> tuple[torch.Tensor, ...]:
    draw = generator(seed)
    return tuple(torch.randn(shape, generator=draw) for shape in ((pairs, dim), (pairs, dim), (pairs, negatives, dim)))


def _cases() -> list[Case]:
    u, v, n = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.75]]), torch.tensor([[[1.0, -1.0]]])
    far, away = torch.tensor([[1000.0, 0.0]]), torch.tensor([[-1.0, 3.0]])
    return [
        Case("one pair, one negative", (u, v, n)),
        Case("one pair, two negatives", (u, v, torch.cat([n, -0.5 * n], dim=1))),
        Case("three pairs, three negatives, three numbers", _random(1, 3, 3, 3)),
        Case("six pairs, four negatives", _random(2, 6, 4, 5)),
        Case("a true pair whose score is -1000", (far, away, away[None]), OVERFLOW),
        Case("a negative whose score is 1000", (far, -away, -away[None]), OVERFLOW),
    ]


SGNS_LOSS = Exercise(
    name="sgns_loss",
    signature="sgns_loss(u, v, noise): (P, d), (P, d), (P, k, d) -> one number",
    oracle=_oracle,
    cases=_cases,
    mistakes=mistakes(_loss, SCORES, POSITIVES, NEGATIVES, ENDS),
    hints=(
        "Do it by hand for one pair and one negative: two scores, two chances, two logarithms.",
        "Shapes: the pairs' scores are (P,), the negatives' (P, k). Sum over k, then take the mean over P.",
        "-log sigma(x) is softplus(-x); for a negative x is minus its score.",
    ),
    gradient=(0, 1, 2),
    reference=_loss(SCORES[0][0], POSITIVES[0][0], NEGATIVES[0][0], ENDS[0][0]),
    drawn=lambda seed: [
        Case(f"{n} pairs, drawn anew", _random(5000 + seed, n, 2 + seed % 3, 4)) for n in (4 + seed % 4, 12)
    ],
)


def sgns_loss(answer: object) -> Verdict:
    """Check sgns_loss(u, v, noise): the mean over pairs of -log sigma(u.v) - sum_k log sigma(-u.n_k)."""
    return check(SGNS_LOSS, answer)
