"""Lesson 07: filters that slide over a text, and the largest answer of each."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict


def windows(rows: torch.Tensor, width: int) -> torch.Tensor:
    """(U, T, d) -> (U, T - w + 1, w, d): each run of `width` rows."""
    return rows.unfold(1, width, 1).transpose(2, 3)


def _every(rows: torch.Tensor, width: int) -> torch.Tensor:
    return windows(rows, width)


def _but_last(rows: torch.Tensor, width: int) -> torch.Tensor:
    return windows(rows, width)[:, :-1]


def _around(rows: torch.Tensor, width: int) -> torch.Tensor:
    return windows(torch.cat([rows, rows[:, : width - 1]], dim=1), width)


def _margins(rows: torch.Tensor, width: int) -> torch.Tensor:
    return windows(F.pad(rows, (0, 0, width - 1, width - 1)), width)


ZEROS = "Zeros are put beside the text: a filter answers only where all its w pieces are there."
PLACES: tuple[tuple[Callable, str], ...] = (
    (_every, ""),
    (_but_last, "The last place is missing: a text of T pieces has T - w + 1 places for a filter of width w."),
    (lambda rows, w: windows(rows, w)[:, 1:], "The first place is missing: begin at 0."),
    (lambda rows, w: windows(rows, w)[:, ::w], "The filter jumps: it slides on by one piece, so its places overlap."),
    (lambda rows, w: windows(rows, w)[:, :1], "The filter is held against the beginning of the text only."),
    (lambda rows, w: windows(rows, w)[:, -1:],
     "Only the text's last place counts: is the answer overwritten in a loop?"),
    (_around, "The text is taken for a ring: its last pieces are not beside its first ones."),
    (_margins, ZEROS),
    (lambda rows, w: windows(F.pad(rows, (0, 0, 0, w - 1)), w), ZEROS),
    (lambda rows, w: windows(F.pad(rows, (0, 0, (w - 1) // 2, w // 2)), w), ZEROS),
)  # fmt: skip
ORDER = "The filter is turned round: its first row belongs to the first of the w pieces, as in torch's conv1d."
DOTS: tuple[tuple[Callable, str], ...] = (
    (lambda seen, filters: torch.einsum("utwd,wdf->utf", seen, filters), ""),
    (lambda seen, filters: torch.einsum("utwd,wdf->utf", seen, filters.flip(0)), ORDER),
    (lambda seen, filters: torch.einsum("utd,df->utf", seen[:, :, 0], filters[0]),
     "Only the filter's first row is used: all its w rows answer, each to its own piece."),
    (lambda seen, filters: torch.einsum("utd,df->utf", seen.mean(dim=2), filters.sum(dim=0)),
     "The pieces are averaged first, so their order is lost: each row of the filter meets its own piece."),
    (lambda seen, filters: torch.einsum("utd,df->utf", seen.sum(dim=2), filters.sum(dim=0)),
     "Every row of the filter meets every piece, so their order is lost: each row meets its own piece."),
    (lambda seen, filters: torch.einsum("utwd,wdf->utf", seen, filters) / filters[..., 0].numel(),
     "A mean of the products is taken: a dot product adds them up."),
    (lambda seen, filters: torch.einsum("utwd,wdf->utf", seen, filters) / len(filters),
     "The answers of the filter's rows are averaged: they are added up."),
    (lambda seen, filters: torch.einsum("utwd,wdf->utwf", seen, filters).amax(dim=2),
     "The largest row of the filter answers alone: its w rows are added up."),
    (lambda seen, filters: torch.einsum("utwd,wdf->utf", F.normalize(seen.flatten(2), dim=2).view(seen.shape), filters),
     "The pieces are made unit vectors: a plain dot product is meant."),
)  # fmt: skip
OVER_FILTERS = "The largest is taken over the filters: each filter keeps its own answer."
RECTIFIED = (
    "Answers below 0 are lost: is there a ReLU, or does a running maximum begin at 0? They stay as they are here."
)
POOLS: tuple[tuple[Callable, str], ...] = (
    (lambda answers: answers.amax(dim=1), ""),
    (lambda answers: answers.mean(dim=1), "The mean over the places is taken: the largest answer is meant."),
    (lambda answers: answers.sum(dim=1), "The answers are added up over the places: the largest one is meant."),
    (lambda answers: answers.amin(dim=1), "The smallest answer is taken: the largest one is meant."),
    (lambda answers: answers.abs().amax(dim=1), "The sign is lost: the largest answer is meant, not the strongest."),
    (lambda answers: answers.argmax(dim=1), "This is where the largest answer is: the answer itself is meant."),
    (lambda answers: answers.amax(dim=2), OVER_FILTERS),
    (lambda answers: answers.amax(dim=0), "The largest is taken over the texts: each text keeps its own answers."),
    (lambda answers: answers.amax(), "The largest is taken over everything: one for each text and filter is due."),
    (lambda answers: answers, "The largest answer over the places is still to be taken: (U, F) is due."),
)
BIASES: tuple[tuple[Callable, str], ...] = (
    (lambda best, bias, width: best + bias, ""),
    (lambda best, bias, width: best, "The bias is forgotten."),
    (lambda best, bias, width: best - bias, "The bias has the wrong sign: it is added."),
    (lambda best, bias, width: best * bias, "The bias is multiplied: it is added."),
    (lambda best, bias, width: best + bias.sum(), "The biases are summed: each filter has its own."),
    (lambda best, bias, width: (best + bias).relu(), RECTIFIED),
    (lambda best, bias, width: best.relu() + bias, RECTIFIED),
    (lambda best, bias, width: (best + bias).tanh(), "A tanh is taken: the answer itself is meant."),
    (lambda best, bias, width: (best + bias).sigmoid(), "A sigmoid is taken: the answer itself is meant."),
    (lambda best, bias, width: best + 2 * bias, "The bias is added twice."),
    (lambda best, bias, width: best + width * bias,
     "The bias is added once for each row of the filter: it is added to their sum, once."),
    (lambda best, bias, width: best + bias[:1], "The first filter's bias is added everywhere."),
)  # fmt: skip


def _over_filters(rows: torch.Tensor, filters: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return (DOTS[0][0](windows(rows, len(filters)), filters) + bias).amax(dim=2)


def _answer(places: Callable, dot: Callable, pool: Callable, end: Callable) -> Callable:
    return lambda rows, filters, bias: end(pool(dot(places(rows, len(filters)), filters)), bias, len(filters))


def _oracle(rows, filters, bias) -> torch.Tensor:
    texts, width, found = rows.double().tolist(), len(filters), []
    each = filters.double().permute(2, 0, 1).tolist()  # (F, w, d)
    for text in texts:
        places = range(len(text) - width + 1)
        dots = [
            [sum(a * b for x, y in zip(text[at : at + width], one) for a, b in zip(x, y)) for at in places]
            for one in each
        ]
        found.append([max(answers) + float(own) for answers, own in zip(dots, bias)])
    return torch.tensor(found, dtype=torch.float64)


def _case(name: str, seed: int, texts: int, length: int, dim: int, width: int, filters: int, lower: float = 0) -> Case:
    draw = generator(7200 + seed)
    rows, each = torch.randn(texts, length, dim, generator=draw), torch.randn(width, dim, filters, generator=draw)
    return Case(name, (rows, each, torch.randn(filters, generator=draw) - lower))


def _cases() -> list[Case]:
    number = torch.tensor
    text = number([[[1.0, 0.0], [0.0, 1.0], [-1.0, 3.0]]])
    return [
        Case("one text of three pieces, one filter of width 2",
             (text, number([[[1.0], [0.0]], [[0.0], [1.0]]]), number([0.5]))),
        Case("one text of three pieces, one filter of width 1", (text, number([[[2.0], [-1.0]]]), number([-1.0]))),
        _case("a text just as long as the filters are wide", 1, 1, 3, 2, 3, 2),
        _case("one text, four filters, all answers below 0", 2, 1, 5, 3, 2, 4, lower=30),
        _case("three texts, five filters of width 3", 3, 3, 6, 4, 3, 5),
        *_drawn(0),
    ]  # fmt: skip


def _drawn(seed: int) -> list[Case]:
    return [_case("eight texts, drawn anew", 10 + seed, 8, 9 + seed % 4, 5, 2 + seed % 3, 6)]


CONV_MAX = Exercise(
    name="conv_max",
    signature="conv_max(rows, filters, bias): (U, T, d), (w, d, F), (F,) -> (U, F)",
    oracle=_oracle,
    reference=_answer(PLACES[0][0], DOTS[0][0], POOLS[0][0], BIASES[0][0]),
    gradient=(0, 1, 2),
    cases=_cases,
    drawn=_drawn,
    mistakes=(Mistake(_over_filters, OVER_FILTERS), *mistakes(_answer, PLACES, DOTS, POOLS, BIASES)),
    hints=(
        "One text and one filter first: at how many places does a filter of w rows fit on T pieces?",
        "At place t the pieces t to t + w - 1 meet the filter's w rows: products of (w, d) with (w, d), all added up.",
        "All places at once: rows[:, at : at + T - w + 1] @ filters[at] is (U, T - w + 1, F). Add these up over the w "
        "rows of the filter, then take the largest over the places.",
    ),
)


def conv_max(answer: object) -> Verdict:
    """Check conv_max(rows, filters, bias): each filter's largest answer over the places of a text."""
    return check(CONV_MAX, answer)
