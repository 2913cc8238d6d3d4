"""Appendix A1: how many rows a batch of walks fetches."""

from __future__ import annotations

from collections.abc import Callable

from .exercise import Case, Exercise, check, mistakes
from .verdict import Verdict

LONG_WINDOW = (
    "Only walks shorter than the window fail: a place has no more contexts before it than there are places before it, "
    "and the same after it."
)
COUNTS = (  # of (length, window): the pairs of a walk
    (lambda n, w: sum(min(w, i) + min(w, n - 1 - i) for i in range(n)), ""),
    (lambda n, w: 2 * w * n,
     "Each place is given a whole window: the places at both ends of a walk have fewer contexts."),
    (lambda n, w: sum(min(w, i) for i in range(n)),
     "Only one side of the window counts: each place has contexts before and after it."),
    (lambda n, w: sum(min(w, i) + min(w, n - 1 - i) + 1 for i in range(n)),
     "A place is counted as a context of itself."),
    (lambda n, w: n * (n - 1), "The window is ignored: every place is paired with every other."),
    (lambda n, w: 2 * (n - w) * w, "Places near an end are left out: they have fewer contexts, but some."),
    (lambda n, w: (n - 2 * w) * 2 * w, "Only places with a whole window on both sides count."),
    (lambda n, w: w * n, "Each place is given `window` contexts: it has up to so many on each side."),
    (lambda n, w: n, "The negatives are counted for a place: each pair has its own."),
    (lambda n, w: 1, "The negatives are counted for a walk: each pair has its own."),
    (lambda n, w: n - 1, "Only next neighbours are paired, and once: the window is ignored."),
)  # fmt: skip
SETS = (  # of (walks, company, pairs of a walk): the sets of negatives
    (lambda b, g, p: -(-b // g), ""),
    (lambda b, g, p: b // g, "The walks that are left over after the last full company need a set as well."),
    (lambda b, g, p: b / g, "Some sets are broken numbers: the walks that are left over need a whole one."),
    (lambda b, g, p: b, "Each walk is given a set of its own: one serves `company` walks."),
    (lambda b, g, p: b * g, "The sets are multiplied by `company`: the more walks share one, the fewer there are."),
    (lambda b, g, p: 1, "One set is counted for the whole batch: it serves `company` walks."),
    (lambda b, g, p: b * p, "Shared negatives are counted for each pair: a set is fetched once."),
    (lambda b, g, p: -(-b // g) * p, "A set is counted for each pair: it is fetched once for all its walks."),
    (lambda b, g, p: 1 + b // g, "There is a set too many where the walks fill the last company."),
    (lambda b, g, p: 0, "Shared negatives are fetched too: one set for each company."),
)  # fmt: skip
ROWS = (  # of (walks, length, pairs of a walk): the rows of the walks themselves
    (lambda b, n, p: 2 * b * n, ""),
    (lambda b, n, p: b * n, "Only one of the two tables is counted: a place needs its target row and its context row."),
    (lambda b, n, p: 2 * b * p, "Each pair's rows are fetched again: a row of a walk is needed once, from each table."),
    (lambda b, n, p: 0, "The rows of the walks themselves are forgotten."),
    (lambda b, n, p: 2 * n, "The rows of one walk are counted: the batch has many."),
    (lambda b, n, p: 2, "This counts the rows of one place: those of the whole batch are due."),
    (lambda b, n, p: b * p, "Each pair's rows are fetched again: a row of a walk is needed once, from each table."),
)  # fmt: skip
ENDS = (
    (lambda rows, noise, b, n: rows + noise, ""),
    (lambda rows, noise, b, n: (rows + noise) / (b * n), "These are the rows per token: those of the batch are due."),
    (lambda rows, noise, b, n: (rows + noise) / b, "These are the rows per walk: those of the batch are due."),
    (lambda rows, noise, b, n: noise, "The rows of the walks themselves are forgotten."),
    (lambda rows, noise, b, n: rows, "The negatives are forgotten."),
    (lambda rows, noise, b, n: rows + noise / b, "The negatives of one walk are counted: the batch has many."),
    (lambda rows, noise, b, n: rows + 2 * noise, "Negatives are fetched from the context table alone."),
    (lambda rows, noise, b, n: rows * noise, "Rows of walks and of negatives are multiplied: they add up."),
)  # fmt: skip


def _rows(count: Callable, sets: Callable, own: Callable, end: Callable) -> Callable:
    def rows(walks, length, window, negatives, company):
        pairs = count(length, window)
        noise = sets(walks, company, pairs) if company else walks * pairs
        return end(own(walks, length, pairs), noise * negatives, walks, length)

    return rows


def _oracle(walks: int, length: int, window: int, negatives: int, company: int) -> int:
    """One by one, with the row of each place and each negative noted down."""
    places = [(walk, place) for walk in range(walks) for place in range(length)]
    fetched = {(table, *place) for table in ("target", "context") for place in places}
    pairs = [(*place, other) for place in places for other in range(length) if 0 < abs(place[1] - other) <= window]
    users = {(walk // company,) for walk in range(walks)} if company else pairs
    return len(fetched) + len(users) * negatives


def _cases() -> list[Case]:
    return [
        Case("one walk of three, window 1, one negative a pair", (1, 3, 1, 1, 0)),
        Case("three walks of six, window 2, four negatives a pair", (3, 6, 2, 4, 0)),
        Case("four walks of seven, window 3, a set of six for each walk", (4, 7, 3, 6, 1)),
        Case("six walks of eight, window 2, a set of nine for three walks", (6, 8, 2, 9, 3)),
        Case("seven walks of six, window 2, a set of five for three walks", (7, 6, 2, 5, 3)),
        Case("two walks of four, window 9, three negatives a pair", (2, 4, 9, 3, 0), LONG_WINDOW),
    ]


def _anew(seed: int) -> list[Case]:
    walks, length, window = 9 + seed % 5, 11 + seed % 4, 3 + seed % 3
    return [
        Case("walks drawn anew, with their own negatives", (walks, length, window, 3 + seed % 2, 0)),
        Case("walks drawn anew, in company", (walks, length, window, 7 + seed % 6, 2 + seed % 3)),
    ]


ROWS_FETCHED = Exercise(
    name="rows_fetched",
    signature="rows_fetched(walks, length, window, negatives, company): five whole numbers -> one",
    oracle=_oracle,
    cases=_cases,
    mistakes=mistakes(_rows, COUNTS, SETS, ROWS, ENDS),
    hints=(
        "Do it by hand for one walk of three and window 1: six rows of its own, and four pairs.",
        "Two parts: the rows of the walks, each once from each table; and `negatives` for every pair, or every set.",
        "A place has min(window, places before it) contexts before it, and the same on the other side.",
    ),
    drawn=_anew,
)


def rows_fetched(answer: object) -> Verdict:
    """Check rows_fetched(walks, length, window, negatives, company): rows of walks, and of negatives, own or shared."""
    return check(ROWS_FETCHED, answer)
