"""What an exercise is, and `check`, which holds an answer against it and says what is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from .comparing import close
from .running import shown
from .verdict import Verdict


@dataclass(frozen=True)
class Case:
    """An input. `name` is shown to the learner: "a batch of one pair"; `arguments` are copied before every call.

    `hint` says what it means where only inputs that have one fail, or where nothing else is known of the first failing.
    """

    name: str
    arguments: tuple
    hint: str = ""


@dataclass(frozen=True)
class Mistake:
    """An implementation with a mistake in it, or several `faults`, and a hint that names it without mending it."""

    wrong: Callable
    hint: str
    faults: int = 1


@dataclass(frozen=True)
class Finding:
    """What a probe found: a hint, and where it helps the input and what was expected and got there."""

    hint: str
    case: str = ""
    expected: str = ""
    got: str = ""


def none_drawn(seed: int) -> list[Case]:
    """No further cases."""
    return []


@dataclass(frozen=True)
class Exercise:
    """All that a check knows of an exercise.

    Parameters
    ----------
    name, signature : "mf_score", and "mf_score(first, second): (P, d), (P, d) -> (P,)".
    oracle : a right answer, slow and plain.
    cases : the same inputs every time, from the smallest to the largest.
    mistakes : an answer that equals one of these on all failing inputs has made that mistake; the first one counts,
        and one of several faults only where the answer is no constant.
    hints : one more is shown with every failed try.
    gradient, reference : which arguments must get a gradient, equal to that through `reference`, in torch.
    same : (got, expected) -> True, False, or a sentence where the answer is of the wrong kind.
    extra : probes (function) -> None or a `Finding`; what they are given copies its arguments and works under limits.
    kept : which arguments, tensors or lists, the answer must leave as they are, for others go on using them.
    show : an answer in a line of text.
    drawn : inputs drawn anew from a seed; an answer that is right on `cases` and wrong on these is hard-coded.
    """

    name: str
    signature: str
    oracle: Callable
    cases: Callable[[], list[Case]]
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, ...] = ()
    gradient: tuple[int, ...] = ()
    reference: Callable | None = None
    same: Callable[[object, object], bool | str] = close
    extra: tuple[Callable, ...] = ()
    kept: tuple[int, ...] = ()
    show: Callable[[object], str] = shown
    drawn: Callable[[int], list[Case]] = none_drawn


def mistakes(
    build: Callable[..., Callable], *parts: Sequence[tuple[object, str]], most: int = 2
) -> tuple[Mistake, ...]:
    """One for every choice of parts of which one, or up to `most`, are wrong, those with the fewest faults first.

    Each of `parts` is a list of (part, what is wrong with it), "" for the right one; `build` makes an answer of one of
    each.
    """
    wrong = []
    for choice in itertools.product(*parts):
        hints = [hint for _, hint in choice if hint]
        if 0 < len(hints) <= most:
            wrong.append(Mistake(build(*(part for part, _ in choice)), " ".join(hints), len(hints)))
    return tuple(sorted(wrong, key=lambda mistake: mistake.faults))


def generator(seed: int) -> torch.Generator:
    """For the numbers of a case."""
    return torch.Generator().manual_seed(seed)


def check(exercise: Exercise, answer: object, seconds: float = 5.0) -> Verdict:
    """The `Verdict` on an answer; `seconds` is the limit for each call. Never raises for a mistake of the learner's."""
    from .judging import judge  # which knows of exercises

    return judge(exercise, answer, seconds)
