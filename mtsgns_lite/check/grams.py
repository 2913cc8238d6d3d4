"""Lesson 07: the runs of letters in a text, which let a misspelt word keep most of what it was."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from .exercise import Case, Exercise, check, mistakes
from .running import short, shown
from .verdict import Verdict


def same_runs(got: object, expected: object) -> bool | str:
    """The same runs, each as often, in any order."""
    if isinstance(got, set | frozenset | dict):
        return (
            "A set holds each run once, but a run that stands twice in a text counts twice: give a list, in any order."
        )
    if isinstance(got, str) or not isinstance(got, list | tuple):
        return f"The answer is of the type {type(got).__name__}, where a list of strings is due."
    strangers = [part for part in got if not isinstance(part, str)]
    if strangers:
        return f"The list holds {shown(strangers[0], 60)}, where strings are due: one flat list for the whole text."
    assert isinstance(expected, Sequence)
    return Counter(got) == Counter(expected)


def show_runs(runs: object) -> str:
    """Sorted, so that two answers can be compared by eye."""
    if isinstance(runs, list | tuple) and all(isinstance(run, str) for run in runs):
        return short(" ".join(sorted(runs)) or "no runs")
    return shown(runs)


def _oracle(text, shortest, longest) -> list[str]:
    runs = []
    for word in text.lower().split(" "):
        letters = ["<", *word, ">"] if word else []
        for first in range(len(letters)):
            for end in range(first + shortest, first + longest + 1):
                if end <= len(letters):
                    runs.append("".join(letters[first:end]))
    return runs


BLANKS = "The text is not cut into words first: a run stays within one word, and every word has its own < and >."
MARKS: tuple[tuple[Callable, str], ...] = (
    (lambda text: [f"<{word}>" for word in text.split()], ""),
    (lambda text: text.split(),
     "The signs are missing: each word is wrapped in < and >, so that a run at its edge can be told from others."),
    (lambda text: [f"<{text}>"], BLANKS),
    (lambda text: [text], BLANKS + " The signs are missing, too."),
    (lambda text: [f"<{text}>".replace(" ", "><")], BLANKS),
    (lambda text: ["<" + text.replace(" ", "") + ">"], "The blanks are taken out, which makes one word of them all."),
    (lambda text: [f"<{word}>" for word in text.split()[:1]],
     "Only the first word counts: does the function return inside its loop?"),
    (lambda text: [f"<{word}>" for word in text.split()[-1:]],
     "Only the last word counts: is the list begun anew for each word?"),
)  # fmt: skip
LENGTHS: tuple[tuple[Callable, str], ...] = (
    (lambda low, high: range(low, high + 1), ""),
    (lambda low, high: range(low, high), "Runs of the length `longest` are missing: range() ends before its end."),
    (lambda low, high: range(low + 1, high + 1), "Runs of the length `shortest` are missing."),
    (lambda low, high: [low], "All runs have the length `shortest`: every length up to `longest` is due."),
    (lambda low, high: [high], "All runs have the length `longest`: every length from `shortest` on is due."),
    (lambda low, high: [low, high], "The lengths between `shortest` and `longest` are missing."),
    (lambda low, high: range(1, high + 1), "There are runs shorter than `shortest`."),
    (lambda low, high: range(low, high + 2), "There are runs longer than `longest`."),
)
STARTS: tuple[tuple[Callable, str], ...] = (
    (lambda word, size: [word[at : at + size] for at in range(len(word) - size + 1)], ""),
    (lambda word, size: [word[at : at + size] for at in range(len(word) - size)],
     "The runs that end in > are missing: is the sign there, and does the last run of each length count? A word of n "
     "letters and signs has n - size + 1 runs of one size."),
    (lambda word, size: [word[at : at + size] for at in range(len(word))],
     "Near the end of a word the runs get shorter than they should: stop where a whole run fits for the last time."),
    (lambda word, size: [word[at : at + size] for at in range(1, len(word) - size + 1)],
     "The runs that begin with < are missing: is the sign there, and is the first run of each length?"),
    (lambda word, size: [word[at : at + size] for at in range(0, len(word) - size + 1, size)],
     "The runs stand side by side: they overlap, and the next one begins a letter further on."),
    (lambda word, size: [word[:size]] if len(word) >= size else [],
     "Only the beginnings of words are there: a run may begin at every letter."),
)  # fmt: skip
CASES: tuple[tuple[Callable, str], ...] = (
    (str.lower, ""),
    (str, "Letter case makes a difference: make the text lower case first, so that Salad and salad share their runs."),
    (str.upper, "The runs are in capitals: lower case is meant."),
)
ENDS: tuple[tuple[Callable, str], ...] = (
    (list, ""),
    (lambda runs: list(dict.fromkeys(runs)), "Each run is there once: one that stands twice in the text counts twice."),
)


def _built(marks: Callable, lengths: Callable, starts: Callable, case: Callable, end: Callable) -> Callable:
    def runs(text, shortest, longest):
        sizes = list(lengths(shortest, longest))
        return end(run for word in marks(case(text)) for size in sizes for run in starts(word, size))

    return runs


def _cases() -> list[Case]:
    return [
        Case("one word, runs of three letters", ("milk", 3, 3)),
        Case("one word, runs of two to four letters", ("milk", 2, 4)),
        Case("two words", ("corn oil", 3, 4)),
        Case("a word in which a run stands twice", ("banana", 2, 3)),
        Case("capitals", ("Salad BAR", 3, 5)),
        Case("a word shorter than the longest runs", ("a can of tea", 3, 5)),
        Case("a text of nothing", ("", 3, 5), "A text without a word has no runs: an empty list is due."),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    draw = random.Random(7000 + seed)
    words = ["".join(draw.choices("ABCDEabcde", k=draw.randint(1, 7))) for _ in range(3 + seed % 3)]
    shortest = draw.randint(2, 3)
    return [Case(f"{len(words)} words of any letters", (" ".join(words), shortest, shortest + draw.randint(1, 3)))]


NGRAMS_OF = Exercise(
    name="ngrams_of",
    signature="ngrams_of(text, shortest, longest): a text of words with blanks between, two numbers -> a list of texts",
    oracle=_oracle,
    cases=_cases,
    drawn=_drawn,
    mistakes=mistakes(_built, MARKS, LENGTHS, STARTS, CASES, ENDS),
    hints=(
        "Take one word, one length, by hand: <milk> has six letters and signs. Where may a run of three begin?",
        "Three loops: over the words, over the lengths, over the places where a run of that length may begin.",
        "word[at : at + size] is a run; the last place where it fits is len(word) - size, and range() stops before.",
    ),
    same=same_runs,
    show=show_runs,
)


def ngrams_of(answer: object) -> Verdict:
    """Check ngrams_of(text, shortest, longest): the runs of letters in each word of a text, as a list."""
    return check(NGRAMS_OF, answer)
