"""What seeds are for: a verdict on two methods over several of them, and a stream of random numbers for each worker."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .exercise import Case, Exercise, Mistake, check
from .running import shown
from .streams import Streams, of_its_own, parted, repeats, streamed
from .verdict import Verdict

Signs = np.ndarray  # (S,) of 1, 0 and -1: better, tied, worse


def _signed(decide: Callable[[Signs], object]) -> Callable:
    """An answer that looks only at who is ahead in each seed."""
    return lambda first, second: decide(np.sign(np.asarray(first) - np.asarray(second)))


def _told(better: object, worse: object) -> int:
    return 1 if better else -1 if worse else 0


def _verdict_oracle(first, second) -> int:
    ahead = [a > b for a, b in zip(first.tolist(), second.tolist())]
    behind = [a < b for a, b in zip(first.tolist(), second.tolist())]
    return 1 if False not in ahead else -1 if False not in behind else 0


TIED = "A tie counts as better or as worse: it is neither, so a single one makes the verdict 0."
UNPAIRED = "Scores of different seeds are compared: luck falls on both methods within a seed, so compare there."
_DECISIONS: tuple[tuple[Callable, str], ...] = (  # those that are wrong on fewer cases come first
    (lambda a, b: np.sign(np.mean(a - b)) * (abs(np.mean(a - b)) > np.std(a - b)),
     "The mean is held against the spread of the seeds: ask each seed instead, and a tie does not agree."),
    (_signed(lambda s: int((s > 0).all())), "The answer is never -1: the first can also be worse in every seed."),
    (lambda a, b: _told(min(a) > max(b), max(a) < min(b)), UNPAIRED),
    (_signed(lambda s: _told((s >= 0).all(), (s < 0).all())), TIED),
    (_signed(lambda s: _told((s > 0).all(), (s <= 0).all())), TIED),
    (_signed(lambda s: _told((s >= 0).all(), (s <= 0).all())), TIED),
    (lambda a, b: _told((np.sort(a) > np.sort(b)).all(), (np.sort(a) < np.sort(b)).all()), UNPAIRED),
    (lambda a, b: _told(min(a) > min(b) and max(a) > max(b), min(a) < min(b) and max(a) < max(b)), UNPAIRED),
    (_signed(lambda s: _told((s < 0).all(), (s > 0).all())), "It is upside down: +1 is for the first, -1 against it."),
    (_signed(lambda s: s[-1]), "Only the last seed counts: is the verdict overwritten in a loop?"),
    (_signed(lambda s: np.sign(s.sum())), "The majority of the seeds decides: all of them have to agree."),
    (_signed(lambda s: s.mean()), "This is a mean of the seeds' votes: the verdict is -1, 0 or 1."),
    (_signed(lambda s: s.min()), "One seed in which the first is worse makes it -1: that takes every seed."),
    (_signed(lambda s: s.max()), "One seed in which the first is better makes it +1: that takes every seed."),
    (lambda a, b: np.sign(np.mean(a) - np.mean(b)), "The means decide: one lucky seed can carry a mean."),
    (lambda a, b: np.sign(np.median(a) - np.median(b)), "The medians decide: every seed is to be heard."),
    (_signed(lambda s: s[0]), "Only the first seed counts: does the function return inside its loop?"),
    (_signed(lambda s: _told((s > 0).any(), (s < 0).any())), "One seed decides: all of them have to agree."),
    (_signed(lambda s: s.sum()), "The seeds' votes are added up: the verdict is -1, 0 or 1."),
    (_signed(lambda s: 1 if (s > 0).all() else -1),
     "Where the first isn't better in every seed the answer is -1: the seeds may also differ, and that is 0."),
    (_signed(lambda s: -1 if (s < 0).all() else 1),
     "Where the first isn't worse in every seed the answer is +1: the seeds may also differ, and that is 0."),
    (lambda a, b: np.mean(a) - np.mean(b), "This is the difference of the means: the verdict is -1, 0 or 1."),
    (_signed(lambda s: s), "There is a verdict for each seed: one on all of them is asked for."),
)  # fmt: skip


def _scores(name: str, first: list[float], second: list[float]) -> Case:
    return Case(name, (np.array(first), np.array(second)))


def _verdict_cases() -> list[Case]:
    return [
        _scores("one seed, and the first is better", [0.7], [0.6]),
        _scores("one seed, and the first is worse", [0.6], [0.7]),
        _scores("two seeds that differ", [0.9, 0.60], [0.7, 0.61]),
        _scores("two seeds that differ, the other way round", [0.60, 0.7], [0.61, 0.5]),
        _scores("better in every seed, by less than the seeds vary", [0.61, 0.72, 0.83], [0.6, 0.71, 0.82]),
        _scores("worse in every seed, by less than the seeds vary", [0.6, 0.82, 0.71], [0.61, 0.83, 0.72]),
        _scores("better in two seeds, tied in the third", [0.7, 0.6, 0.8], [0.6, 0.5, 0.8]),
        _scores("worse in two seeds, tied in the third", [0.6, 0.5, 0.8], [0.7, 0.6, 0.8]),
        _scores("tied in every seed", [0.5, 0.7], [0.5, 0.7]),
        _scores("worse in the first of three seeds", [0.5, 0.9, 0.7], [0.6, 0.4, 0.65]),
        _scores("better in the first of three seeds", [0.6, 0.4, 0.65], [0.5, 0.9, 0.7]),
        _scores("better in four seeds, far worse in the fifth", [0.6, 0.7, 0.8, 0.7, 0.5], [0.5, 0.6, 0.7, 0.6, 0.99]),
    ]


def _verdict_anew(seed: int) -> list[Case]:
    random, number = np.random.default_rng(seed), 6 + seed % 5
    scores, step = random.uniform(0.5, 0.9, number).round(3), random.uniform(0.001, 0.01, number).round(4)
    turned = np.where(np.arange(number) == seed % number, -step, step)
    words = {"better in every seed": step, "worse in every seed": -step, "better in all seeds but one": turned}
    return [Case(f"{number} seeds, {name}", (scores + change, scores)) for name, change in words.items()]


SEED_VERDICT = Exercise(
    name="seed_verdict",
    signature="seed_verdict(first, second): (S,), (S,) scores on the same S seeds -> 1, -1 or 0",
    oracle=_verdict_oracle,
    cases=_verdict_cases,
    mistakes=tuple(Mistake(wrong, hint) for wrong, hint in _DECISIONS),
    hints=(
        "Three answers are possible, and each seed has a say: what does each say of [0.7, 0.6] and [0.6, 0.6]?",
        "Two questions: is the first ahead in all seeds, and is it behind in all? A tie is a no to both.",
        "Compare the two arrays number by number; `.all()` of what comes out says whether it is true everywhere.",
    ),
    drawn=_verdict_anew,
)  # fmt: skip


def _stream_oracle(seed, workers, n, items) -> Streams:
    return Streams(workers, n, np.full(items, 1 / items))


def _shares(share: Callable[[np.ndarray], np.ndarray]) -> Callable:
    """An answer that draws the items in other shares, a function of their numbers from 0 to 1."""

    def draws(seed, workers, n, items) -> Streams:
        weight = share(np.linspace(0, 1, items)).astype(float)
        return Streams(workers, n, weight / weight.sum())

    return draws


def _stream_cases() -> list[Case]:
    return [
        Case("one worker, one draw", (0, 1, 1, 6)),
        Case("two workers", (0, 2, 20, 10)),
        Case("one worker that draws a lot", (4, 1, 3_000, 6)),
        Case("three workers, and a single item", (3, 3, 4, 1)),
        Case("as many draws as items", (2, 2, 60, 60)),
        Case("four workers, five items", (1, 4, 2_000, 5)),
        Case("eight workers, a hundred items", (7, 8, 500, 100)),
    ]


WORKER_DRAWS = Exercise(
    name="worker_draws",
    signature="worker_draws(seed, workers, n, items): four whole numbers -> (workers, n) items from 0 to items - 1",
    oracle=_stream_oracle,
    cases=_stream_cases,
    mistakes=(
        Mistake(_shares(lambda x: x < 1), "The last item is never drawn: does the upper end of a range belong to it?"),
        Mistake(_shares(lambda x: x > 0), "The first item is never drawn: items are numbered from 0."),
        Mistake(_shares(lambda x: 1 - 0.5 * ((x == 0) | (x == 1))), "The first and the last item are drawn half as "
                "often as the others: a number was rounded to the nearest, not down."),
        Mistake(lambda *given: Streams(given[2], given[1], np.full(given[3], 1 / given[3])),
                "Workers are in columns: each has a row."),
    ),
    hints=(
        "Make a generator for each worker, and draw all its numbers from that one. The same item may come again.",
        "What tells worker 1 of seed 0 from worker 0 of seed 1? Their sum doesn't.",
        "NumPy's generators take more than one number as a seed, and `SeedSequence` has a method that makes children.",
    ),
    same=streamed,
    extra=(repeats, parted, of_its_own),
    show=lambda got: repr(got) if isinstance(got, Streams) else shown(got),
    drawn=lambda seed: [Case("drawn anew", (seed + 20, 2 + seed % 3, 300 + seed % 7, 11 + seed % 5))],
)  # fmt: skip


def seed_verdict(answer: object) -> Verdict:
    """Check seed_verdict(first, second): 1 for better in every seed, -1 for worse in every seed, else 0."""
    return check(SEED_VERDICT, answer)


def worker_draws(answer: object) -> Verdict:
    """Check worker_draws(seed, workers, n, items): a stream of random items for each worker."""
    return check(WORKER_DRAWS, answer)
