"""Lesson 08: a list chosen greedily, by score and by how unlike it is to what stands on it already."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .comparing import as_tensor, close
from .exercise import Case, Exercise, Finding, Mistake, check, generator, mistakes
from .running import shown
from .verdict import Verdict

TIES = "Where two are equally good, the first counts: compare with > and not with >=, or take `argmax`."
PLACES = "The places are of type {}: whole numbers are due, which can stand in brackets."
SHIFTED = (
    "What is chosen is taken out of the list, so that later places count in what is left: say where it stood at first."
)
AGAIN = "An item is chosen twice: each place comes once. Minus infinity in place of its score keeps it out."
AS_ZERO = "What is chosen gets a score of 0, which beats every score below 0: minus infinity is below them all."
RECOUNTED = (
    "What was added in earlier rounds is added again: count all the chosen each round and begin from the scores, or "
    "add only for the one chosen last."
)
# (N,) categories, the places chosen, k -> (N,) what the weight is multiplied by
COUNTS: tuple[tuple[Callable, str], ...] = (
    (lambda c, chosen, k: (c[:, None] != c[chosen]).sum(dim=1), ""),
    (lambda c, chosen, k: (c[:, None] == c[chosen]).sum(dim=1),
     "The list gets more of the same: are those of the same category counted, or those of another subtracted?"),
    (lambda c, chosen, k: torch.zeros(len(c)),
     "It is the plain order by score: what is chosen has to change what the others are worth."),
    (lambda c, chosen, k: (c[:, None] != c).sum(dim=1),
     "All candidates are counted: only those already chosen count, of which there are none at first."),
    (lambda c, chosen, k: (c[:, None] != c[chosen[-1:]]).sum(dim=1),
     "Only the one chosen last counts: all those chosen so far do."),
    (lambda c, chosen, k: (c[:, None] != c[chosen[:1]]).sum(dim=1),
     "Only the one chosen first counts: all those chosen so far do."),
    (lambda c, chosen, k: (c[:, None] != c[chosen]).any(dim=1),
     "It counts whether any of the chosen differs: count how many."),
    (lambda c, chosen, k: (c[:, None] != c[chosen]).all(dim=1) & (len(chosen) > 0),
     "It counts whether the category is a new one, or how many categories there are: count the items chosen, of which "
     "several may have the same one."),
    (lambda c, chosen, k: (c[:, None] != c[chosen]).sum(dim=1) / max(len(chosen), 1),
     "It is divided by how many are chosen: count them, and don't take their share."),
    (lambda c, chosen, k: (c[:, None] != c[chosen]).sum(dim=1) / k,
     "It is divided by k, or by another number that stays: the count itself is meant."),
    (lambda c, chosen, k: 2 * (c[:, None] != c[chosen]).sum(dim=1), "Every pair is counted twice: once is meant."),
    (lambda c, chosen, k: (c[:, None] - c[chosen]).abs().sum(dim=1),
     "Categories are subtracted: their numbers are only names, which are the same or not."),
)  # fmt: skip
WORTHS: tuple[tuple[Callable, str], ...] = (
    (lambda scores, count, weight: scores + weight * count, ""),
    (lambda scores, count, weight: scores + count, "The weight is not used."),
    (lambda scores, count, weight: weight * count, "The scores are not used: both parts are added."),
    (lambda scores, count, weight: scores * weight * count, "Score and count are multiplied: they are added."),
    (lambda scores, count, weight: scores * (1 + weight * count), "The score is multiplied: weight * count is added."),
    (lambda scores, count, weight: (1 - weight) * scores + weight * count,
     "The score is weighed too, by 1 - weight: it is taken whole."),
    (lambda scores, count, weight: weight * scores + count, "It is the score that is weighed: weigh the count."),
)  # fmt: skip
CHOICES: tuple[tuple[Callable, str], ...] = (
    (lambda worth, chosen: int(worth.scatter(0, chosen, -torch.inf).argmax()), ""),
    (lambda worth, chosen: int(worth.argmax()), AGAIN),
    (lambda worth, chosen: int(worth.scatter(0, chosen, 0.0).argmax()), AS_ZERO),
    (lambda worth, chosen: int(worth.scatter(0, chosen, torch.inf).argmin()),
     "The least worthy is chosen: the most worthy is due."),
)  # fmt: skip
ENDS: tuple[tuple[Callable, str], ...] = (
    (lambda chosen, scores, c: chosen, ""),
    (lambda chosen, scores, c: chosen.sort().values,
     "The places are the right ones, sorted: they are due in the order chosen."),
    (lambda chosen, scores, c: chosen[scores[chosen].argsort(descending=True, stable=True)],
     "The places are the right ones, sorted by score: they are due in the order chosen."),
    (lambda chosen, scores, c: chosen.flip(0), "The order is upside down: what is chosen first comes first."),
    (lambda chosen, scores, c: scores[chosen], "These are the scores: the places of the chosen are due."),
    (lambda chosen, scores, c: c[chosen], "These are the categories: the places of the chosen are due."),
    (lambda chosen, scores, c: chosen[:-1], "There is one too few: k are due."),
    (lambda chosen, scores, c: chosen[1:], "The first one is missing: k are due, and the best score begins."),
    (lambda chosen, scores, c: chosen[0], "Only one place is returned: is there a return inside the loop?"),
    (lambda chosen, scores, c: chosen[-1], "Only the last place is returned: gather all k."),
    (lambda chosen, scores, c: chosen + 1, "Places are counted from 0."),
    (lambda chosen, scores, c: torch.zeros(len(c), dtype=torch.bool).scatter(0, chosen, True),
     "This says of each candidate whether it is chosen: the places are due, in the order chosen."),
)  # fmt: skip


def _answer(count: Callable, worth: Callable, choose: Callable, end: Callable) -> Callable:
    def wrong(scores, category, weight, k) -> torch.Tensor:
        chosen = torch.zeros(0, dtype=torch.long)
        for _ in range(k):
            best = choose(worth(scores, count(category, chosen, k), weight), chosen)
            chosen = torch.cat([chosen, torch.tensor([best])])
        return end(chosen, scores, category)

    return wrong


def _repeated(scores, category, weight, k) -> torch.Tensor:
    """Whatever is added, the best is never struck out, and stays the best."""
    return scores.argmax().repeat(k)


def _shifted(scores, category, weight, k) -> torch.Tensor:
    worth, left, chosen = scores.clone(), category.clone(), []
    for _ in range(k):
        chosen.append(int(worth.argmax()))
        rest = torch.arange(len(worth)) != chosen[-1]
        worth, left = (worth + weight * (left != left[chosen[-1]]))[rest], left[rest]
    return torch.tensor(chosen)


def _recounted(scores, category, weight, k) -> torch.Tensor:
    worth, chosen = scores.clone(), []
    for _ in range(k):
        chosen.append(int(worth.argmax()))
        worth = worth + weight * (category[:, None] != category[chosen]).sum(dim=1)
        worth[chosen[-1]] = -torch.inf
    return torch.tensor(chosen)


def _oracle(scores, category, weight, k) -> torch.Tensor:
    own, names = scores.double().tolist(), category.tolist()
    chosen: list[int] = []
    for _ in range(k):
        worth = [own[i] + weight * sum(names[j] != names[i] for j in chosen) for i in range(len(own))]
        chosen.append(max((i for i in range(len(own)) if i not in chosen), key=worth.__getitem__))
    return torch.tensor(chosen)


def _same(got: object, expected: object) -> bool | str:
    """Equal; then a sentence where the places are no whole numbers."""
    verdict, given, wanted = close(got, expected), as_tensor(got), as_tensor(expected)
    if verdict is True and given is not None and wanted is not None and given.is_floating_point():
        return PLACES.format(given.dtype) if not wanted.is_floating_point() else True
    return verdict


def _cases() -> list[Case]:
    number = torch.tensor
    five, kinds = number([0.9, 0.8, 0.75, 0.3, 0.1]), number([2, 2, 2, 5, 7])
    return [
        Case("the first of three", (number([0.2, 0.7, 0.4]), number([4, 4, 6]), 0.5, 1)),
        Case("three of five, weight 0", (five, kinds, 0.0, 3)),
        Case("two of five", (five, kinds, 0.6, 2)),
        Case("all five", (number([0.31, 0.9, 0.13, 0.74, 0.82]), number([5, 2, 7, 2, 2]), 0.29, 5)),
        Case("one category only", (number([0.1, 0.4, 0.3]), number([3, 3, 3]), 1.0, 3)),
        Case("scores below 0", (number([-3.1, -1.0, -1.25, -2.0, -2.3]), number([1, 3, 3, 1, 6]), 0.4, 4)),
        Case("in float64", (number([0.5, 3.0, 2.51, 2.24]).double(), number([1, 9, 9, 4]), 0.37, 3)),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    draw, most = generator(8400 + seed), 20 + seed % 5
    scores, category = torch.rand(most, generator=draw), torch.randint(1, 7, (most,), generator=draw).clamp(max=4)
    return [Case(f"ten of {most}, weight {weight}", (scores, category, weight, 10)) for weight in (0.07, 0.21)]


def _ties(answer: Callable) -> Finding | None:
    """Of equals the first counts; apart from the cases, for an answer that is wrong may have other ties."""
    scores, category = torch.tensor([0.5, 1.0, 0.25, 0.5]), torch.tensor([1, 2, 3, 1])
    given, due = answer(scores, category, 0.5, 2), [1, 0]
    return None if close(given, due) is True else Finding(TIES, "two that are equally good", str(due), shown(given))


DIVERSIFY = Exercise(
    name="diversify",
    signature="diversify(scores, category, weight, k): (N,), (N,) whole numbers, a number, k -> (k,) places",
    oracle=_oracle,
    cases=_cases,
    drawn=_drawn,
    same=_same,
    kept=(0, 1),
    extra=(_ties,),
    mistakes=(
        *mistakes(_answer, COUNTS, WORTHS, CHOICES, ENDS, most=1),
        Mistake(_repeated, AGAIN),
        Mistake(_shifted, SHIFTED),
        Mistake(_recounted, RECOUNTED),
        *(one for one in mistakes(_answer, COUNTS, WORTHS, CHOICES, ENDS) if one.faults == 2),
    ),
    hints=(
        "By hand: nothing is chosen at first, so the best score comes first. What are the others worth then?",
        "k rounds, and in each: what every candidate is worth, the place of the best, and a note that it is taken.",
        "category != category[best] says who differs from the one just chosen: those are worth `weight` more from now "
        "on.",
        "A copy of the scores; `argmax`, add to those that differ, minus infinity for the chosen; gather the places.",
    ),
)


def diversify(answer: object) -> Verdict:
    """Check diversify(scores, category, weight, k): k places chosen one by one, by score and variety."""
    return check(DIVERSIFY, answer)
