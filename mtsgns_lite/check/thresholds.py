"""Precision and recall of the pairs whose scores reach a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from .comparing import close
from .exercise import Case, Exercise, check, generator, mistakes
from .verdict import Verdict

LARGER = "It is right on small inputs only: does anything in it count on there being so many pairs?"
NONE_FOUND = "Where no score reaches the threshold, nothing is found, and precision is 0 by agreement."
NONE_TRUE = "Where no pair is true, nothing could be found, and recall is 0 by agreement."
REACHED = "A score that equals the threshold has reached it: that pair is found."


def _by_hand(scores: torch.Tensor, labels: torch.Tensor, threshold: float) -> tuple[float, float]:
    hits = found = 0
    for score, label in zip(scores.tolist(), labels.tolist()):
        if score >= threshold:
            found += 1
            hits += label == 1
    true = int(labels.sum())
    return hits / found if found else 0.0, hits / true if true else 0.0


def _cases() -> list[Case]:
    """Scores are eighths, so that those at a threshold equal it whatever they are computed in."""

    def case(name: str, scores: list, labels: list, threshold: float, hint: str = "") -> Case:
        return Case(name, (torch.tensor(scores), torch.tensor(labels), threshold), hint)

    scores, labels = [0.875, 0.75, 0.625, 0.25, 0.125], [1, 0, 1, 1, 0]
    return [
        case("five pairs, three of them true", scores, labels, 0.7),
        case("the same, the threshold lower", scores, labels, 0.2),
        case("a threshold below all scores", scores, labels, 0.0),
        case("all that is found is true", scores, [1, 1, 1, 1, 0], 0.5),
        case("all that is found is false", scores, [0, 0, 0, 1, 1], 0.5),
        case("scores in no order, below 0 and above 1", [-1.5, 3.0, 0.25, -0.5, 2.0], [0, 1, 1, 1, 0], -0.75),
        case("scores that equal the threshold", [0.5, 0.5, 0.25, 0.75, 0.5], [1, 0, 1, 1, 1], 0.5, REACHED),
        case("a threshold above all scores", scores, labels, 0.9, NONE_FOUND),
        case("no true pair", [0.875, 0.25], [0, 0], 0.5, NONE_TRUE),
        case("no true pair, and nothing found", [0.25, 0.125], [0, 0], 0.5, f"{NONE_FOUND} {NONE_TRUE}"),
        *(replace(one, hint=LARGER) for one in _drawn(0)),
    ]  # fmt: skip


def _drawn(seed: int) -> list[Case]:
    """Pairs of which about a third is true, and those score a little higher."""
    more = 1 + seed % 7 if seed else 0  # of another size than the example, which is that of seed 0
    random, pairs = generator(seed), 60 + more
    labels = (torch.rand(pairs, generator=random) < 0.35).long()
    scores = torch.randn(pairs, generator=random) + labels
    return [Case(f"{pairs} pairs", (scores, labels, 0.31)), Case(f"{pairs} pairs", (scores, labels, -0.27))]


FOUND = (
    (lambda scores, threshold: scores >= threshold, ""),
    (lambda scores, threshold: scores > threshold, REACHED),
    (lambda scores, threshold: scores < threshold, "The pairs below the threshold are taken for found."),
    (lambda scores, threshold: scores <= threshold, "The pairs below the threshold are taken for found."),
    (lambda scores, threshold: scores >= 0.5, "The line is always drawn at 0.5: `threshold` is not used."),
    (lambda scores, threshold: scores > 0.5, "The line is always drawn at 0.5: `threshold` is not used."),
    (lambda scores, threshold: scores > 0, "The line is always drawn at 0: `threshold` is not used."),
    (lambda scores, threshold: torch.sigmoid(scores) >= threshold,
     "A sigmoid is taken: the scores are held against the threshold as they are."),
)  # fmt: skip
LABELS = (
    (lambda labels: labels == 1, ""),
    (lambda labels: labels == 0, "The labels are the wrong way round: 1 is a true pair."),
)


def _over(above: float, below: float, none: float) -> float:
    return above / below if below else none


# Each of (true and found, found, true, all, precision of nothing, recall of nothing).
_FALSE_FOUND = "It is divided by the false pairs that were found: precision divides by all that were found."
_MISSED = "It is divided by the true pairs that were missed: recall divides by all that are true."
PRECISIONS = (
    (lambda hit, found, true, n, none: _over(hit, found, none), ""),
    (lambda hit, found, true, n, none: _over(hit, true, none),
     "The first number is recall too: precision divides by the pairs that were found."),
    (lambda hit, found, true, n, none: (n - true - found + 2 * hit) / n,
     "The first number is accuracy, which counts the false pairs that were not found as well."),
    (lambda hit, found, true, n, none: hit / n, "The first number is divided by all pairs: precision by those found."),
    (lambda hit, found, true, n, none: _over(hit, found - hit, none), _FALSE_FOUND),
    (lambda hit, found, true, n, none: found / n, "The first number is the share of pairs found, true or not."),
    (lambda hit, found, true, n, none: float(hit), "The first number is a count: divide by the pairs that were found."),
    (lambda hit, found, true, n, none: _over(found - hit, found, none),
     "The first number is the share of the found pairs that are false."),
)  # fmt: skip
RECALLS = (
    (lambda hit, found, true, n, none: _over(hit, true, none), ""),
    (lambda hit, found, true, n, none: _over(hit, found, none),
     "The second number is precision too: recall divides by the pairs that are true."),
    (lambda hit, found, true, n, none: (n - true - found + 2 * hit) / n,
     "The second number is accuracy, which counts the false pairs that were not found as well."),
    (lambda hit, found, true, n, none: hit / n, "The second number is divided by all pairs: recall by the true ones."),
    (lambda hit, found, true, n, none: _over(hit, true - hit, none), _MISSED),
    (lambda hit, found, true, n, none: found / n, "The second number is the share of pairs found, true or not."),
    (lambda hit, found, true, n, none: float(hit), "The second number is a count: divide by the true pairs."),
    (lambda hit, found, true, n, none: _over(found - hit, n - true, none),
     "The second number is the share of the false pairs that are found."),
    (lambda hit, found, true, n, none: _over(n - true - found + hit, n - true, none),
     "The second number is the share of the false pairs that are not found."),
    (lambda hit, found, true, n, none: _over(true - hit, true, none),
     "The second number is the share of the true pairs that are missed."),
    (lambda hit, found, true, n, none: _over(2 * hit, found + true, none),
     "The second number is F1, which mixes the two: recall stands alone."),
)  # fmt: skip
NONES = (
    ((0.0, 0.0), ""),
    *(((one, 0.0), NONE_FOUND) for one in (1.0, math.nan)),
    *(((0.0, one), NONE_TRUE) for one in (1.0, math.nan)),
    *(((one, one), f"{NONE_FOUND} {NONE_TRUE}") for one in (1.0, math.nan)),
)
ENDS = (
    (lambda precision, recall: (precision, recall), ""),
    (lambda precision, recall: (recall, precision), "The two are swapped: precision comes first."),
    (lambda precision, recall: (100 * precision, 100 * recall), "A share is a part of 1, not of 100."),
    (lambda precision, recall: (precision // 1, recall // 1), "`//` drops what stands after the point: use `/`."),
    (lambda precision, recall: precision, "Precision alone is returned: recall is asked for as well."),
    (lambda precision, recall: recall, "Recall alone is returned: precision is asked for as well."),
)


def _same(got: object, expected: object) -> bool | str:
    """As `close`, where 0 and 1 may be whole numbers, as in `return 0, 0`."""
    if isinstance(got, tuple | list):
        got = [float(part) if isinstance(part, int) else part for part in got]
    return close(got, expected)


def _answer(
    reach: Callable, label: Callable, first: Callable, second: Callable, nones: tuple, end: Callable
) -> Callable:
    def precision_recall(scores: torch.Tensor, labels: torch.Tensor, threshold: float):
        found, true = reach(scores, threshold), label(labels)
        counts = int((found & true).sum()), int(found.sum()), int(true.sum()), len(labels)
        return end(first(*counts, nones[0]), second(*counts, nones[1]))

    return precision_recall


PRECISION_RECALL = Exercise(
    name="precision_recall",
    signature=(
        "precision_recall(scores, labels, threshold): (P,), (P,) whole numbers 0 and 1, a number -> (precision, "
        "recall) of the pairs at or above the threshold; 0 for precision where nothing is found, for recall where "
        "nothing is true"
    ),
    oracle=_by_hand,
    cases=_cases,
    mistakes=mistakes(_answer, FOUND, LABELS, PRECISIONS, RECALLS, NONES, ENDS),
    hints=(
        "Do it by hand for the first input: which pairs are found, which are true, and which are both?",
        "Three counts: pairs found, pairs true, pairs found and true. Both shares have the same number above the line.",
        "`scores >= threshold` is True or False for each pair, and True counts as 1 in a sum. Ask first whether a "
        "count is 0.",
    ),
    same=_same,
    drawn=_drawn,
)


def precision_recall(answer: object) -> Verdict:
    """Check precision_recall(scores, labels, threshold): (precision, recall) of the pairs that reach the threshold."""
    return check(PRECISION_RECALL, answer)
