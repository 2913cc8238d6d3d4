"""Lesson 08: several summaries of a history by self-attention, which no padding enters."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

NOTHING = (
    "A history without items has nothing to attend to, and zeros are due. A softmax of nothing but minus infinity is "
    "NaN, one of nothing but -1e9 weighs the padding evenly."
)
PADDED = "The padding is given weight: what is not there must not take part in the softmax."
LATE = (
    "The padding is struck out after the softmax, so what it took is lost: the weights of the items don't add up to 1."
)
ZERO = "The padding's logit is set to 0, and exp(0) is 1: it still takes a weight. Minus infinity takes none."
OVER_INTERESTS = (
    "The softmax runs over the interests: the weights of one interest add up to 1 over the history's items."
)
OVER_BATCH = "The softmax runs over the batch: each history has weights of its own, which add up to 1 over its items."
HIDDENS: tuple[tuple[Callable, str], ...] = (
    (lambda x, w, v: torch.tanh(x @ w.T) @ v.T, ""),
    (lambda x, w, v: x @ w.T @ v.T, "The tanh is missing: without it, W_2 W_1 is but a single matrix."),
    (lambda x, w, v: torch.tanh(torch.tanh(x @ w.T) @ v.T), "There is a tanh too many: it comes after W_1 only."),
    (lambda x, w, v: torch.tanh(x @ w.T @ v.T), "The tanh comes between W_1 and W_2, and not after both."),
    (lambda x, w, v: torch.sigmoid(x @ w.T) @ v.T, "It is a sigmoid, where a tanh is meant."),
    (lambda x, w, v: F.relu(x @ w.T) @ v.T, "It is a ReLU, where a tanh is meant."),
    (lambda x, w, v: torch.softmax(x @ w.T, dim=2) @ v.T,
     "A softmax runs over the h hidden numbers, where a tanh is meant: the softmax comes last, over the items."),
    (lambda x, w, v: torch.tanh(x) @ w.T @ v.T, "The tanh comes after W_1, not before it."),
    (lambda x, w, v: torch.tanh(x @ v.T) @ w.T, "W_1 and W_2 are swapped: the first one meets the items."),
    (lambda x, w, v: torch.tanh(x @ w) @ v.T, "W_1 is (h, d) and maps d numbers to h: its transpose is due here."),
    (lambda x, w, v: torch.tanh(x @ w.T) @ v, "W_2 is (K, h) and maps h numbers to K: its transpose is due here."),
    (lambda x, w, v: torch.tanh(x @ w) @ v, "W_1 (h, d) and W_2 (K, h) stand to the right of rows: transpose both."),
    (lambda x, w, v: torch.tanh(x @ w.T) @ v.T / x.shape[2] ** 0.5,
     "The logits are divided by the root of d, which is another attention: nothing divides them here."),
    (lambda x, w, v: torch.tanh(x @ w.T) @ v.T / w.shape[0] ** 0.5,
     "The logits are divided by the root of h, which is another attention: nothing divides them here."),
)  # fmt: skip
WEIGHTS: tuple[tuple[Callable, str], ...] = (  # (B, L, K) logits, (B, L, 1) booleans
    (lambda a, there: a.masked_fill(~there, -torch.inf).softmax(dim=1), ""),
    (lambda a, there: a.masked_fill(~there, -1e9).softmax(dim=1), NOTHING),
    (lambda a, there: a.softmax(dim=1), PADDED),
    (lambda a, there: a.softmax(dim=1) * there, LATE),
    (lambda a, there: (a * there).softmax(dim=1), ZERO),
    (lambda a, there: (a * there).softmax(dim=1) * there, ZERO + " Striking it out afterwards loses what it took."),
    (lambda a, there: a.softmax(dim=2) * there, OVER_INTERESTS),
    (lambda a, there: a.masked_fill(~there, -torch.inf).softmax(dim=2), OVER_INTERESTS),
    (lambda a, there: a.masked_fill(~there, -1e9).softmax(dim=2), OVER_INTERESTS),
    (lambda a, there: a.softmax(dim=2), OVER_INTERESTS + " And the padding is given weight."),
    (lambda a, there: a.masked_fill(~there, -torch.inf).softmax(dim=0), OVER_BATCH),
    (lambda a, there: a.masked_fill(~there, -1e9).softmax(dim=0), OVER_BATCH),
    (lambda a, there: a.softmax(dim=0) * there, OVER_BATCH),
    (lambda a, there: a.softmax(dim=0), OVER_BATCH),
    (lambda a, there: a.masked_fill(there, -torch.inf).softmax(dim=1),
     "The mask is the wrong way round: True in `present` is an item, and `masked_fill` fills where it is True."),
    (lambda a, there: a * there, "The logits are used as weights: a softmax over the items makes weights of them."),
    (lambda a, there: a.exp() * there, "The weights are not normalised: over the items they have to add up to 1."),
    (lambda a, there: a.sigmoid() * there,
     "A sigmoid looks at each item alone: the items compete, so that their weights add up to 1 (a softmax)."),
    (lambda a, there: there / there.sum(dim=1, keepdim=True).clamp(min=1) * torch.ones_like(a),
     "All items weigh the same: the logits have no say."),
    (lambda a, there: (-a).masked_fill(~there, -torch.inf).softmax(dim=1),
     "The sign of the logits: the larger one gets the larger weight."),
    (lambda a, there: F.one_hot(a.masked_fill(~there, -torch.inf).argmax(dim=1), a.shape[1]).mT.to(a),
     "Only the item of the largest logit counts: a softmax lets the others have a say."),
    (lambda a, there: a.masked_fill(~there[:1], -torch.inf).softmax(dim=1),
     "The first history's padding is taken for all: each history has its own length."),
)  # fmt: skip
FILLS: tuple[tuple[Callable, str], ...] = (
    (lambda weights: weights.nan_to_num(0.0), ""),
    (lambda weights: weights, NOTHING),
)
MIXED: tuple[tuple[Callable, str], ...] = (
    (lambda x, w, there: x, ""),
    (lambda x, w, there: torch.tanh(x @ w.T),
     "It is the hidden rows, tanh(W_1 H), that are mixed: the weights mix the inputs, of d numbers."),
    (lambda x, w, there: x @ w.T, "It is W_1 H that is mixed: the weights mix the inputs, of d numbers."),
    (lambda x, w, there: torch.tanh(x), "The inputs are mixed as they are, without a tanh."),
    (lambda x, w, there: F.normalize(x, dim=2), "The inputs are made unit vectors: they are mixed as they are."),
)  # fmt: skip
MEAN = "A mean is taken where the sum is due: the weights already share out what each item may say."
SQUEEZED = "An axis of length 1 is dropped: a batch of one, or one interest, is still (B, K, d)."
ENDS: tuple[tuple[Callable, str], ...] = (  # (B, L, K) weights, (B, L, d) rows, (B, L, 1) booleans
    (lambda w, x, there: w.mT @ x, ""),
    (lambda w, x, there: w.mT @ x / x.shape[1], MEAN),
    (lambda w, x, there: w.mT @ x / there.sum(dim=1, keepdim=True).clamp(min=1), MEAN),
    (lambda w, x, there: (w.mT @ x).squeeze(), SQUEEZED),
    (lambda w, x, there: (w.mT @ x).squeeze(0), SQUEEZED),
    (lambda w, x, there: (w.mT @ x).squeeze(1), SQUEEZED),
    (lambda w, x, there: (w.mT @ x).sum(dim=1), "The interests are added up: each of the K stays by itself."),
    (lambda w, x, there: (w.mT @ x).mean(dim=1), "The interests are averaged: each of the K stays by itself."),
    (lambda w, x, there: x.mT @ w, "The axes are swapped: (B, K, d) is due, and this is (B, d, K)."),
    (lambda w, x, there: F.normalize(w.mT @ x, dim=2), "The answer is made of length 1: leave its length."),
    (lambda w, x, there: torch.tanh(w.mT @ x), "A tanh is taken at the end: it belongs between W_1 and W_2 only."),
    (lambda w, x, there: w.mT, "These are the weights, (B, K, L): the inputs are still to be mixed by them."),
    (lambda w, x, there: w, "These are the weights, (B, L, K): the inputs are still to be mixed by them."),
    (lambda w, x, there: (w.mT[..., None] * x[:, None]).amax(dim=2), "The largest is taken: a sum is due."),
)  # fmt: skip


def _answer(hidden: Callable, weigh: Callable, fill: Callable, mixed: Callable, end: Callable) -> Callable:
    def wrong(inputs, present, first, second) -> torch.Tensor:
        there = present[:, :, None]
        weights = fill(weigh(hidden(inputs, first, second), there))
        return end(weights, mixed(inputs, first, there), there)

    return wrong


def _nan_beside(axis: int, end: Callable) -> Callable:
    """The softmax runs over another axis: what is NaN comes of that, and of no empty history."""

    def wrong(inputs, present, first, second) -> torch.Tensor:
        logits = HIDDENS[0][0](inputs, first, second).masked_fill(~present[:, :, None], -torch.inf)
        return end(logits.softmax(dim=axis).mT @ inputs)

    return wrong


def _oracle(inputs, present, first, second) -> torch.Tensor:
    found = inputs.new_zeros(len(inputs), len(second), inputs.shape[2], dtype=torch.float64)
    for user, row in enumerate(inputs.double()):
        rows = [item for item, there in zip(row, present[user].tolist()) if there]
        logits = [(second.double() @ (first.double() @ item).tanh()).tolist() for item in rows]
        for k in range(len(second)):
            size = [torch.tensor(each[k], dtype=torch.float64).exp() for each in logits]
            for item, own in zip(rows, size):
                found[user, k] += own / sum(size) * item
    return found


def _made(name: str, seed: int, lengths: list[int], steps: int, sizes: tuple[int, int, int], hint: str = "") -> Case:
    """Of `sizes` (d, h, K); what stands in the padding is no zero."""
    draw, (dim, hidden, count) = generator(8200 + seed), sizes
    shapes = ((len(lengths), steps, dim), (hidden, dim), (count, hidden))
    inputs, first, second = (torch.randn(shape, generator=draw) for shape in shapes)
    return Case(name, (inputs, torch.arange(steps) < torch.tensor(lengths)[:, None], first, second), hint)


def _cases() -> list[Case]:
    number = torch.tensor
    one, other = number([[[1.0, 0.0], [0.0, 2.0], [3.0, -1.0]]]), number([[[0.5, 1.0], [2.0, -1.0], [-1.5, 0.5]]])
    first, second = number([[1.0, -0.5], [0.25, 0.5]]), number([[2.0, 0.0], [-1.0, 1.5]])
    wide = _made("in float64", 7, [5, 2, 4], 5, (3, 6, 2))
    return [
        Case("one history of three items, d = h = K = 2", (one, torch.ones(1, 3) > 0, first, second)),
        Case("one history of two items, and padding", (other, number([[True, True, False]]), first, second)),
        _made("one history of four items, one interest", 1, [4], 4, (3, 2, 1)),
        _made("one history of one item", 2, [1], 1, (2, 3, 2)),
        _made("two histories of unequal length", 3, [4, 2], 4, (3, 5, 2)),
        _made("an empty history beside one of two items", 4, [0, 2], 3, (2, 4, 2), NOTHING),
        Case(wide.name, tuple(part.double() if part.is_floating_point() else part for part in wide.arguments)),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    sizes, lengths = (4 + seed % 2, 7, 3 + seed % 3), [6, 1, 3 + seed % 4, 5, 2]
    return [_made(f"five histories, {sizes[2]} interests", 10 + seed, lengths, 6, sizes)]


ATTEND = Exercise(
    name="attend",
    signature="attend(inputs, present, first, second): (B, L, d), (B, L) booleans, (h, d), (K, h) -> (B, K, d)",
    oracle=_oracle,
    reference=_answer(HIDDENS[0][0], WEIGHTS[0][0], FILLS[0][0], MIXED[0][0], ENDS[0][0]),
    gradient=(0, 2, 3),
    cases=_cases,
    drawn=_drawn,
    mistakes=(
        *(
            Mistake(_nan_beside(axis, end), hint)
            for axis, hint in ((2, OVER_INTERESTS), (0, OVER_BATCH))
            for end in (torch.clone, torch.nan_to_num)
        ),
        *mistakes(_answer, HIDDENS, WEIGHTS, FILLS, MIXED, ENDS),
    ),
    hints=(
        "One history and one interest first: a logit for each item, a softmax of these, and the items times their "
        "weights, added up.",
        "The shapes on the way: inputs @ first.T is (B, L, h), and times second.T it is (B, L, K). Which axis is that "
        "of the items?",
        "`masked_fill` puts minus infinity where `present` is False, before the softmax; for (B, L, K) the mask needs "
        "a third axis.",
        "(B, L, K) turned to (B, K, L), times inputs (B, L, d), is (B, K, d). For a history of nothing, `nan_to_num` "
        "the weights.",
    ),
)


def attend(answer: object) -> Verdict:
    """Check attend(inputs, present, first, second): K summaries of each history by self-attention."""
    return check(ATTEND, answer)
