"""Lesson 06: what the bought item and the negatives of its market add to the loss of a session."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, check, generator, mistakes
from .skipgram import ENDS, NEGATIVES, POSITIVES
from .verdict import Verdict

OVERFLOW = (
    "Only scores of 1000 and -1000 fail: the sigmoid of -1000 is 0 in floating point, and the logarithm of 0 is not "
    "finite, or is whatever was added to avoid that. Look for the logarithm of a sigmoid as one function."
)
SCORES = (  # of (u, b, n): the scores of the clicks with the bought item (L,) and with the negatives (L, M)
    (lambda u, b, n: (u @ b, u @ n.T), ""),
    (lambda u, b, n: (u @ b, (n @ b).expand(len(u), -1)),
     "The negatives are scored against the bought item: they are false contexts of the clicks."),
    (lambda u, b, n: (u[-1:] @ b, u[-1:] @ n.T),
     "Only the last click counts: the bought item is a context of every click of the session, however far."),
    (lambda u, b, n: (u[:1] @ b, u[:1] @ n.T),
     "Only the first click counts: the bought item is a context of every click of the session."),
    (lambda u, b, n: (u.mean(0, keepdim=True) @ b, u.mean(0, keepdim=True) @ n.T),
     "The clicks are averaged before they are scored: each click has a loss of its own."),
    (lambda u, b, n: (u.sum(0, keepdim=True) @ b, u.sum(0, keepdim=True) @ n.T),
     "The clicks are added up before they are scored: each click has a loss of its own."),
    (lambda u, b, n: ((u * b).mean(1), (u[:, None] * n).mean(2)),
     "A mean over the d numbers is taken: a dot product adds."),
    (lambda u, b, n: (F.cosine_similarity(u, b[None]), F.cosine_similarity(u[:, None], n[None], dim=2)),
     "This is the cosine, not a dot product."),
    (lambda u, b, n: (u @ b, u @ n[:1].T), "Only the first negative counts: each click meets all of them."),
    (lambda u, b, n: (u @ b, (u @ n.T).sum(1, keepdim=True)),
     "The negatives' scores are added up inside the logarithm: each negative has a logarithm of its own."),
)  # fmt: skip

CLICKS = (
    ("over the pairs", "over the clicks"), ("over pairs", "over clicks"), ("each pair", "each click"),
    ("first pair", "first click"), ("a pair's", "a click's"),
    ("last pair counts:", "last click counts, where the bought item is a context of every click:"),
)  # fmt: skip


def _words(hint: str) -> str:
    """The hints of skip-gram's loss, where a pair is a click with the bought item."""
    for old, new in CLICKS:
        hint = hint.replace(old, new)
    return hint


def _said(parts: tuple) -> tuple:
    return tuple((part, _words(hint)) for part, hint in parts)


def _loss(scores: Callable, positive: Callable, negative: Callable, end: Callable) -> Callable:
    def loss(clicks, bought, noise):
        true, false = scores(clicks, bought, noise)
        return end(positive(true), negative(false), noise.shape[0])

    return loss


def _oracle(clicks: torch.Tensor, bought: torch.Tensor, noise: torch.Tensor) -> float:
    goal, total = bought.double().numpy(), 0.0
    for click in clicks.double().numpy():
        total += np.logaddexp(0, -click @ goal) + sum(np.logaddexp(0, click @ row) for row in noise.double().numpy())
    return float(total / len(clicks))


def _random(seed: int, clicks: int, negatives: int, dim: int) -> tuple[torch.Tensor, ...]:
    draw = generator(seed)
    return tuple(torch.randn(shape, generator=draw) for shape in ((clicks, dim), (dim,), (negatives, dim)))


def _cases() -> list[Case]:
    u, b, n = torch.tensor([[1.0, 2.0]]), torch.tensor([0.5, 0.75]), torch.tensor([[1.0, -1.0]])
    far, away = torch.tensor([[1000.0, 0.0]]), torch.tensor([-1.0, 3.0])
    return [
        Case("one click, one negative", (u, b, n)),
        Case("one click, two negatives", (u, b, torch.cat([n, -0.5 * n]))),
        Case("two clicks, one negative", (torch.cat([u, -u]), b, n)),
        Case("three clicks, three negatives, three numbers", _random(11, 3, 3, 3)),
        Case("six clicks, four negatives", _random(12, 6, 4, 5)),
        Case("a bought item whose score is -1000", (far, away, away[None]), OVERFLOW),
        Case("a negative whose score is 1000", (far, -away, -away[None]), OVERFLOW),
    ]


GOAL_LOSS = Exercise(
    name="goal_loss",
    signature="goal_loss(clicks, bought, noise): (L, d), (d,), (M, d) -> one number",
    oracle=_oracle,
    cases=_cases,
    mistakes=mistakes(_loss, SCORES, _said(POSITIVES), _said(NEGATIVES), _said(ENDS)),
    hints=(
        "Do it by hand for one click: its score with the bought item, and one with each negative.",
        "The shapes: clicks @ bought is (L,), one score a click; with the negatives there are (L, M).",
        "The bought item should score high: softplus of minus its score. A negative should score low: softplus of its.",
        "A click's loss adds up the bought item's part and all negatives'; the session's is the mean over the clicks.",
    ),
    gradient=(0, 1, 2),
    reference=_loss(SCORES[0][0], POSITIVES[0][0], NEGATIVES[0][0], ENDS[0][0]),
    drawn=lambda seed: [Case(f"{n} clicks, drawn anew", _random(7000 + seed, n, 3 + seed % 3, 4)) for n in (4, 9)],
)


def goal_loss(answer: object) -> Verdict:
    """Check goal_loss(clicks, bought, noise): the bought item as context of every click, with given negatives."""
    return check(GOAL_LOSS, answer)
