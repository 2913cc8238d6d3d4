"""The loss of matrix factorisation, and its score with biases."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, check, generator, mistakes
from .verdict import Verdict

OVERFLOW = (
    "Only large scores fail: in float32 the sigmoid of 200 is exactly 1, and the logarithm of 1 - 1 is not finite, or "
    "is whatever was added to avoid that. Look for a form of the logarithm of a sigmoid that is computed in one step."
)
DOTS = (
    (lambda p, q: (p * q).sum(dim=1), ""),
    (lambda p, q: (p * q).mean(dim=1), "The dot product adds the d products up: here their mean is taken."),
    (lambda p, q: F.cosine_similarity(p, q), "This is the cosine: the dot product does not divide by the lengths."),
    (lambda p, q: (p * q).sum(dim=0), "The sum runs over the wrong axis: a score adds up one pair's numbers."),
    (lambda p, q: p @ q.T, "Every first row meets every second row: only rows of the same pair belong together."),
    (lambda p, q: (p * q)[:, 0], "Only the first of the d numbers is used."),
    (lambda p, q: -(p - q).square().sum(dim=1), "This is a distance: the score is the dot product."),
    (lambda p, q: (p * q).sum(), "The sum runs over the whole batch: each pair has its own dot product."),
    (lambda p, q: (p + q).sum(dim=1), "The rows are added: a dot product multiplies them number by number."),
)  # fmt: skip
COSTS = (
    (lambda s, y: F.softplus(s) - y * s, ""),
    (lambda s, y: F.softplus(-s) + y * s, "The labels are the wrong way round: 1 is a true pair."),
    (lambda s, y: y * s - F.softplus(s), "The sign: a loss is minus the logarithm of the chance, and never negative."),
    (lambda s, y: y * F.softplus(-s), "The pairs labelled 0 don't count: a high score has to cost them something."),
    (lambda s, y: (1 - y) * F.softplus(s), "The pairs labelled 1 don't count: a low score has to cost them something."),
    (lambda s, y: F.softplus(-s), "The label is ignored: all pairs are taken for true."),
    (lambda s, y: F.softplus(-s) * y - F.softplus(s) * (1 - y), "The part for label 0 has the wrong sign."),
    (lambda s, y: F.softplus(s.sigmoid()) - y * s.sigmoid(), "The sigmoid is taken twice: once is enough."),
    (lambda s, y: (s - y).square(), "This is the score's squared error: the cross-entropy takes a logarithm."),
    (lambda s, y: (s.sigmoid() - y).square(), "This is the chance's squared error: cross-entropy takes a logarithm."),
    (lambda s, y: (s.sigmoid() - y).abs(), "This is label minus chance: the cross-entropy takes a logarithm."),
    (lambda s, y: -(y * s.sigmoid() + (1 - y) * (1 - s.sigmoid())), "The logarithm is missing."),
    (lambda s, y: -(y * s.log() + (1 - y) * (1 - s).log()), "The sigmoid is missing: this is the score's logarithm."),
    (lambda s, y: (F.softplus(s) - y * s) / np.log(2), "The logarithm is to base 2: the natural one is meant."),
    (lambda s, y: (F.softplus(s) - y * s) / np.log(10), "The logarithm is to base 10: the natural one is meant."),
)  # fmt: skip
ENDS = (
    (lambda each, y: each.mean(), ""),
    (lambda each, y: each.sum(), "The mean over the pairs is missing: this is their sum."),
    (lambda each, y: each, "The mean over the pairs is missing: there is one number for each pair."),
    (lambda each, y: each.sum() / 2, "The sum is divided by 2: the mean divides by the number of pairs."),
    (lambda each, y: each.sum() / y.sum(), "The sum is divided by the number of true pairs, not of all."),
    (lambda each, y: each[y > 0].mean() + each[y == 0].mean(),
     "True and false pairs are averaged apart and added: one mean over all pairs is meant."),
    (lambda each, y: each.max(), "This is the largest loss of a pair: the mean over the pairs is meant."),
    (lambda each, y: each[-1], "Only the last pair counts: is the total overwritten in a loop?"),
    (lambda each, y: each[0], "Only the first pair counts: does the function return inside its loop?"),
)  # fmt: skip


def _loss(dot: Callable, cost: Callable, end: Callable) -> Callable:
    return lambda first, second, label: end(cost(dot(first, second), label), label)


def _loss_oracle(first: torch.Tensor, second: torch.Tensor, label: torch.Tensor) -> float:
    total = 0.0
    for p, q, true in zip(first.tolist(), second.tolist(), label.tolist()):
        score = sum(a * b for a, b in zip(p, q))
        total += float(np.logaddexp(0.0, -score if true else score))
    return total / len(label)


def _pairs(seed: int, pairs: int, dim: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = generator(seed)
    label = (torch.arange(pairs) % 3 != 1).float()[torch.randperm(pairs, generator=draw)]
    return torch.randn(pairs, dim, generator=draw), torch.randn(pairs, dim, generator=draw), label


def _loss_cases() -> list[Case]:
    one, two = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    high, low = torch.tensor([[200.0, 0.0]]), torch.tensor([[-1.0, 5.0]])
    return [
        Case("one pair, label 1", (one, two, torch.ones(1))),
        Case("one pair, label 0", (one, two, torch.zeros(1))),
        Case("three pairs of three numbers each", _pairs(1, 3, 3)),
        Case("eight pairs", _pairs(2, 8, 5)),
        Case("a true pair whose score is -200", (high, low, torch.ones(1)), OVERFLOW),
        Case("a false pair whose score is 200", (high, -low, torch.zeros(1)), OVERFLOW),
    ]


MF_LOSS = Exercise(
    name="mf_loss",
    signature="mf_loss(first, second, label): (P, d), (P, d), (P,) of 0 and 1 -> one number",
    oracle=_loss_oracle,
    cases=_loss_cases,
    mistakes=mistakes(_loss, DOTS, COSTS, ENDS),
    hints=(
        "Do it by hand for one pair: the score, the chance, and minus the logarithm of the chance of what happened.",
        "Three steps: a score for each pair (P,), a cost for each pair (P,), and one number in the end.",
        "torch.nn.functional has the binary cross-entropy of raw scores as one function, and softplus to write it.",
    ),
    gradient=(0, 1),
    reference=_loss(DOTS[0][0], COSTS[0][0], ENDS[0][0]),
    drawn=lambda seed: [Case(f"{n} pairs, drawn anew", _pairs(1000 + seed, n, n // 2)) for n in (5 + seed % 4, 14)],
)


D = 99  # stands for "d times"
_BIASES = ("the first's bias", "the second's bias", "the common bias")


def _signs() -> list[tuple[tuple[int, ...], str]]:
    """How often each of the three biases is added, and what is wrong with that."""
    inside = "{} is added before the sum over the d numbers, so it counts d times."
    said = {0: "{} is forgotten.", -1: "{} has the wrong sign: it is added.", 2: "{} is added twice.", D: inside}
    chosen = []
    for times in itertools.product((1, *said), repeat=3):
        hints = [said[n].format(name).capitalize() for n, name in zip(times, _BIASES) if n != 1]
        chosen.append((times, " ".join(hints)))
    return sorted(chosen, key=lambda pair: sum(n != 1 for n in pair[0]))


SCORE_ENDS = (
    (lambda s, b, d: s + b, ""),
    (lambda s, b, d: torch.sigmoid(s + b), "A sigmoid is taken: the score itself is asked for."),
    (lambda s, b, d: s[:, None] + b, "The sum keeps its axis, (P, 1), so adding (P,) makes P x P scores of it."),
    (lambda s, b, d: s * b, "The biases are multiplied: they are added to the dot product."),
    (lambda s, b, d: (s + b).mean(), "One number is given for the batch: each pair has a score of its own."),
    (lambda s, b, d: (s + b).sum(), "One number is given for the batch: each pair has a score of its own."),
    (lambda s, b, d: -(s + b), "The sign: a higher dot product is a higher score."),
    (lambda s, b, d: (s + b)[:, None], "The scores are a column, (P, 1): they are asked for as (P,)."),
    (lambda s, b, d: s + b.sum(), "The biases are summed over the batch: each pair gets its own two."),
    (lambda s, b, d: s + b.mean(), "The biases are averaged over the batch: each pair gets its own two."),
)  # fmt: skip


def _score(dot: Callable, times: tuple[int, ...], end: Callable) -> Callable:
    def score(first, second, bias_first, bias_second, bias):
        dim = first.shape[1]
        a, b, c = (dim if n == D else n for n in times)
        return end(dot(first, second), a * bias_first + b * bias_second + c * bias, dim)

    return score


def _score_oracle(first, second, bias_first, bias_second, bias) -> np.ndarray:
    p, q = first.double().numpy(), second.double().numpy()
    rows = [float(a @ b) + float(x) + float(y) + float(bias) for a, b, x, y in zip(p, q, bias_first, bias_second)]
    return np.array(rows, dtype=np.float64)


def _scored(seed: int, pairs: int, dim: int) -> tuple[torch.Tensor, ...]:
    draw = generator(seed)
    shapes = ((pairs, dim), (pairs, dim), (pairs,), (pairs,), ())
    return tuple(torch.randn(shape, generator=draw) for shape in shapes)


def _score_cases() -> list[Case]:
    number = torch.tensor
    one = (number([[1.0, 2.0]]), number([[3.0, 0.5]]), number([0.25]), number([-0.5]), number(10.0))
    return [
        Case("one pair", one),
        Case("no pair at all", _scored(3, 0, 2)),
        Case("three pairs of three numbers each", _scored(4, 3, 3)),
        Case("six pairs", _scored(5, 6, 4)),
    ]


MF_SCORE = Exercise(
    name="mf_score",
    signature=(
        "mf_score(first, second, bias_first, bias_second, bias): (P, d), (P, d), (P,), (P,), a single number -> (P,)"
    ),
    oracle=_score_oracle,
    cases=_score_cases,
    mistakes=mistakes(_score, DOTS, _signs(), SCORE_ENDS),
    hints=(
        "Do it by hand for one pair: multiply number by number, add up, and add three more numbers.",
        "Write down the shape of each part: what is left of (P, d) after the sum should be (P,), as the biases are.",
        "The products (P, d) are summed over their last axis, and only then is anything added.",
    ),
    gradient=(0, 1, 2, 3, 4),
    reference=_score(DOTS[0][0], (1, 1, 1), SCORE_ENDS[0][0]),
    drawn=lambda seed: [Case(f"{n} pairs, drawn anew", _scored(2000 + seed, n, n // 2)) for n in (4 + seed % 5, 13)],
)


def mf_loss(answer: object) -> Verdict:
    """Check mf_loss(first, second, label): the mean binary cross-entropy of the pairs' dot products."""
    return check(MF_LOSS, answer)


def mf_score(answer: object) -> Verdict:
    """Check mf_score(first, second, bias_first, bias_second, bias): dot products with three biases added."""
    return check(MF_SCORE, answer)
