"""How often guesses are right, where each group counts the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict


def balanced_by_hand(labels: np.ndarray, guesses: np.ndarray) -> float:
    """Group by group, example by example."""
    shares = []
    for group in dict.fromkeys(labels.tolist()):
        own = [guess for label, guess in zip(labels.tolist(), guesses.tolist()) if label == group]
        shares.append(sum(guess == group for guess in own) / len(own))
    return sum(shares) / len(shares)


STRANGER = (
    "A group that is guessed and that no example belongs to is no group of its own here: the mean runs over the groups "
    "of the labels."
)
LARGER = "It is right on small inputs only: does anything in it count on there being so many examples or groups?"


def balance_cases() -> list[Case]:
    """Groups are numbered from 1, and not all numbers are there."""

    def case(name: str, labels: list[int], guesses: list[int], hint: str = "") -> Case:
        return Case(name, (np.array(labels), np.array(guesses)), hint)

    return [
        case("one group, half of it right", [1, 1], [1, 2]),
        case("two groups, one always right, the other never", [1, 1, 1, 2], [1, 1, 1, 1]),
        case("a group of four and one of one", [2, 1, 1, 1, 1], [2, 1, 2, 2, 2]),
        case("three groups, one of them never guessed", [1, 1, 3, 3, 3, 4], [1, 3, 3, 3, 1, 1]),
        case("a guess that is nobody's label", [1, 1, 2, 2, 2], [1, 5, 2, 2, 1], STRANGER),
        case("all right", [3, 1, 1, 3, 6], [3, 1, 1, 3, 6]),
        case("all wrong", [1, 2, 2], [2, 1, 1]),
        *(replace(one, hint=LARGER) for one in balance_drawn(0)),
    ]


def balance_drawn(seed: int) -> list[Case]:
    """Sixty examples and more of five groups, the first much larger than the last."""
    more = 3 + seed % 7 if seed else 0  # of another size than the example, which is that of seed 0
    random, number = generator(seed), 60 + more
    weights = torch.tensor([0.0, 16.0, 8.0, 0.0, 4.0, 2.0, 1.0])
    labels = torch.multinomial(weights, number, replacement=True, generator=random)
    guesses = torch.where(
        torch.rand(number, generator=random) < 0.6,
        labels,
        torch.multinomial(weights, number, replacement=True, generator=random),
    )
    return [Case(f"{number} examples of several groups", (labels.numpy(), guesses.numpy()))]


def _recalls(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    return np.array([(guesses[labels == group] == group).mean() for group in np.unique(labels)])


def _precisions(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    return np.array([(labels[guesses == group] == group).mean() for group in np.unique(guesses)])


def _counts(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    return np.array([((guesses == group) & (labels == group)).sum() for group in np.unique(labels)], dtype=float)


def _over_union(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    groups = np.union1d(labels, guesses)
    return np.array([(guesses[labels == g] == g).mean() if (labels == g).any() else 0.0 for g in groups])


def _over_numbers(first: int) -> Callable:
    def shares(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
        groups = range(first, int(labels.max()) + 1)
        return np.array([(guesses[labels == g] == g).mean() if (labels == g).any() else 0.0 for g in groups])

    return shares


def _f1(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    groups = np.unique(labels)
    both = [((guesses == g) & (labels == g)).sum() for g in groups]
    return np.array([2 * b / ((labels == g).sum() + (guesses == g).sum()) for b, g in zip(both, groups)])


def _found_of_guessed(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    counts = [(guesses == group).sum() for group in np.unique(labels)]
    return np.array([hits / max(1, count) for hits, count in zip(_counts(labels, guesses), counts)])


PRECISION = (
    "It asks which guesses of a group were right, which is precision: ask which examples of a group were guessed right."
)
NUMBERS = "Group numbers that no example has count as 0: the mean runs over the groups that are there."
SHARES = (
    (_recalls, ""),
    (_precisions, PRECISION),
    (_found_of_guessed, PRECISION),
    (_counts, "Right answers are counted, so that a large group counts more: take the share within each group."),
    (lambda labels, guesses: _counts(labels, guesses) / len(labels),
     "Divided by all examples: the share of right answers within each group is asked for."),
    (_over_union, STRANGER),
    (_over_numbers(0), NUMBERS),
    (_over_numbers(1), NUMBERS),
    (_f1, "This is the F1 score, which mixes precision in: only the share of each group's examples that is right."),
    (lambda labels, guesses: 1 - _recalls(labels, guesses), "These are wrong answers: the right ones are asked for."),
    (lambda labels, guesses: np.sqrt(_recalls(labels, guesses)), "No root is due: the share itself is asked for."),
)  # fmt: skip
ENDS = (
    (lambda shares: shares.mean(), ""),
    (lambda shares: shares.sum(), "The groups' shares are added up: their mean is asked for."),
    (lambda shares: shares, "One number is asked for, the mean over the groups: here each group has its own."),
    (lambda shares: shares.max(), "This is the best group: the mean over the groups is asked for."),
    (lambda shares: shares.min(), "This is the worst group: the mean over the groups is asked for."),
    (lambda shares: np.median(shares), "This is the median of the groups: their mean is asked for."),
    (lambda shares: shares[0], "Only the first group counts: does the function return inside its loop?"),
    (lambda shares: shares[-1], "Only the last group counts: is the total overwritten in a loop?"),
    (lambda shares: 100 * shares.mean(), "A share is a part of 1, not of 100."),
)  # fmt: skip


def _judge(shares: Callable, end: Callable) -> Callable:
    return lambda labels, guesses: end(shares(labels, guesses))


PLAIN = "This is the plain accuracy, in which a large group counts more: first a share for each group, then their mean."

BALANCED_ACCURACY = Exercise(
    name="balanced_accuracy",
    signature="balanced_accuracy(labels, guesses): (n,), (n,) whole numbers -> the mean over the groups of the labels "
    "of the share that is guessed right",
    oracle=balanced_by_hand,
    cases=balance_cases,
    drawn=balance_drawn,
    mistakes=(
        Mistake(lambda labels, guesses: (labels == guesses).mean(), PLAIN),
        Mistake(lambda labels, guesses: 100 * (labels == guesses).mean(), PLAIN + " And a share is a part of 1."),
        Mistake(lambda labels, guesses: (labels == guesses).sum(), "Right answers are counted: a share is asked for."),
        *mistakes(_judge, SHARES, ENDS),
    ),
    hints=(
        "Three examples of group 1, all right, and one of group 2, wrong: the groups score 1 and 0. And their mean?",
        "For one group: which examples have this label, and how many of these were guessed right?",
        "np.unique(labels) names the groups; labels == group is a mask of one group's examples.",
    ),
)


def balanced_accuracy(answer: object) -> Verdict:
    """Check balanced_accuracy(labels, guesses): the share of right answers, each group counting the same."""
    return check(BALANCED_ACCURACY, answer)
