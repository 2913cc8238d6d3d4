"""All pairs of a centre and a context within the window of a walk, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import torch

from .comparing import as_tensor
from .exercise import Case, Exercise, Mistake, check, generator
from .running import short, shown
from .verdict import Verdict


def counted(got: object) -> Counter | str:
    """How often each pair occurs, or a sentence where these are no pairs."""
    if isinstance(got, torch.Tensor | np.ndarray):
        array = as_tensor(got)
        if array is None or (array.numel() and (array.ndim != 2 or array.shape[1] != 2)):
            shape = tuple(array.shape) if array is not None else "?"
            return f"The answer is of shape {shape}, where pairs are due: (pairs, 2), or a list of pairs."
        return Counter(tuple(row) for row in array.tolist()) if array.numel() else Counter()
    if not isinstance(got, list | tuple | set | frozenset):
        return f"The answer is a {type(got).__name__}, where a list of pairs is due."
    if any(not hasattr(pair, "__len__") or len(pair) != 2 for pair in got):
        return "The answer holds something that is no pair: each is (centre, context), two items."
    return Counter((int(centre), int(context)) for centre, context in got)


def same_pairs(got: object, expected: object) -> bool | str:
    """As many of each pair, in any order."""
    given, wanted = counted(got), counted(expected)
    return given if isinstance(given, str) else given == wanted


def show_pairs(got: object) -> str:
    """The pairs in order, so that two lists can be compared by eye."""
    pairs = counted(got)
    if isinstance(pairs, str):
        return shown(got)
    return f"{sum(pairs.values())} pairs: {short(', '.join(str(pair) for pair in sorted(pairs.elements())), 200)}"


def _places(keep: Callable[[list, int, int, int], bool], give: Callable = lambda w, i, j: (w[i], w[j])) -> Callable:
    """An answer that keeps some pairs (i, j) of places, of (walk, window, i, j)."""

    def pairs(walk, window) -> list[tuple[int, int]]:
        walk, places = [int(item) for item in walk], range(len(walk))
        return [give(walk, i, j) for i in places for j in places if keep(walk, window, i, j)]

    return pairs


def _near(w, k, i, j) -> bool:
    return 0 < abs(i - j) <= k


def _unique(walk, window) -> list:
    return sorted(set(PAIRS(walk, window)))


def _wrapped(walk, window) -> list:
    walk = [int(item) for item in walk]
    around = [step for step in range(-window, window + 1) if step]
    return [(walk[i], walk[i + step]) for i in range(len(walk)) for step in around if i + step < len(walk)]


def _sliced(walk, window) -> list:
    walk = [int(item) for item in walk]
    return [(walk[i], c) for i in range(len(walk)) for c in walk[i - window : i] + walk[i + 1 : i + 1 + window]]


PAIRS = _places(_near)
_MISTAKES = (
    (_places(lambda w, k, i, j: abs(i - j) <= k), "A place is paired with itself: only other places are contexts."),
    (_places(lambda w, k, i, j: 0 < j - i <= k),
     "Only contexts after the centre are found: those before it count too."),
    (_places(lambda w, k, i, j: 0 < i - j <= k),
     "Only contexts before the centre are found: those after it count too."),
    (_places(lambda w, k, i, j: 0 <= j - i <= k), "Only contexts after the centre are found, and the centre itself."),
    (_places(lambda w, k, i, j: 0 < abs(i - j) < k), "The window is one too small."),
    (_places(lambda w, k, i, j: -k <= j - i < k and i != j), "The window is one too small after the centre."),
    (_places(lambda w, k, i, j: -k < j - i <= k and i != j), "The window is one too small before the centre."),
    (_places(lambda w, k, i, j: -k <= j - i < k),
     "The window is one too small after the centre, which is paired with itself."),
    (_places(lambda w, k, i, j: 0 < abs(i - j) <= k + 1), "The window is one too large."),
    (_places(lambda w, k, i, j: abs(i - j) == 1), "Only next neighbours are found: the window is ignored."),
    (_places(lambda w, k, i, j: j - i == 1),
     "Only the next item is found: contexts before the centre count, and the window."),
    (_places(lambda w, k, i, j: abs(i - j) == k),
     "Only places exactly `window` away are found: nearer ones count too."),
    (_places(lambda w, k, i, j: i != j), "The window is ignored: every place is paired with every other."),
    (_places(lambda w, k, i, j: 0 < abs(i - j) <= k // 2),
     "The window is shared between the two sides: it holds on each."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and w[i] != w[j]),
     "Equal items are left out: compare places, not items, for a walk may come back to an item."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and k <= i < len(w) - k),
     "Only centres with a whole window on both sides count."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and i >= k),
     "The first places are never centres: the window is cut off at the ends."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and i < len(w) - k),
     "The last places are never centres: the window is cut off at the ends."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and max(i, j) < len(w) - 1),
     "The last place of the walk is left out."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and i < len(w) - 1), "The last place of the walk is never a centre."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and j < len(w) - 1),
     "The last place of the walk is never a context."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and j > 0), "The first place of the walk is never a context."),
    (_places(lambda w, k, i, j: _near(w, k, i, j) and i > 0), "The first place of the walk is never a centre."),
    (_places(_near, lambda w, i, j: (i, j)), "These are places: the items that stand there are asked for."),
    (_wrapped, "A walk has no place before its first: a negative number counts from the end of a list."),
    (_sliced,
     "A slice that starts from a negative place is empty or starts near the end: a walk has no place before 0."),
    (_places(lambda w, k, i, j: i != j and min(abs(i - j), len(w) - abs(i - j)) <= k),
     "The walk is closed to a circle: its ends are no neighbours."),
    (_unique, "Pairs that occur again are lost: repeats count."),
    (lambda w, k: PAIRS(w, k) * 2, "Every pair is given twice."),
    (lambda w, k: PAIRS(w, k)[:1], "Only the first pair is given: does the function return inside its loop?"),
)  # fmt: skip


def _turned(wrong: Callable) -> Callable:
    """The same with centre and context the other way round, which is right in itself."""
    return lambda walk, window: [(b, a) for a, b in wrong(walk, window)]


def _oracle(walk, window) -> list[tuple[int, int]]:
    items, pairs = [int(item) for item in walk], []
    for place, centre in enumerate(items):
        for context in items[max(place - window, 0) : place] + items[place + 1 : place + window + 1]:
            pairs.append((centre, context))
    return pairs


def _cases() -> list[Case]:
    return [
        Case("two items", ([3, 8], 1)),
        Case("three items, window 1", ([5, 7, 9], 1)),
        Case("six items, window 2", ([11, 12, 13, 14, 15, 16], 2)),
        Case("a walk that comes back to an item", ([4, 6, 4, 6, 6], 2)),
        Case("a walk of one item", ([5], 2)),
        Case("a walk of no items", ([], 2)),
        Case("a window longer than the walk", ([1, 2, 3], 5)),
        Case("a walk as a tensor", (torch.tensor([9, 3, 7, 5, 1, 0, 2, 6]), 3)),
    ]


def _anew(seed: int) -> list[Case]:
    walk = torch.randint(0, 12, (9 + seed % 5,), generator=generator(4000 + seed))
    return [Case("a walk drawn anew", (walk.tolist(), 1 + seed % 4)), Case("a tensor drawn anew", (walk, 3))]


PAIRS_OF_WALK = Exercise(
    name="pairs_of_walk",
    signature="pairs_of_walk(walk, window): a list or tensor of items, int -> all pairs (centre, context)",
    oracle=_oracle,
    cases=_cases,
    mistakes=(
        *(Mistake(wrong, hint) for wrong, hint in _MISTAKES),
        *(Mistake(_turned(wrong), hint) for wrong, hint in _MISTAKES),
    ),
    hints=(
        "Write down all pairs of [5, 7, 9] for window 1 by hand: there are four.",
        "Go over the places, not the items; for each place, over those around it, as far as the walk has any.",
        "A context lies from the larger of 0 and place - window up to place + window, both included, and is not place.",
    ),
    same=same_pairs,
    show=show_pairs,
    drawn=_anew,
)


def pairs_of_walk(answer: object) -> Verdict:
    """Check pairs_of_walk(walk, window): each place with each other place at most `window` away."""
    return check(PAIRS_OF_WALK, answer)
