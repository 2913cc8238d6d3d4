"""Answers to rows_fetched that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import torch


def pairs_of(length, window):
    return sum(min(window, place) + min(window, length - 1 - place) for place in range(length))


def answer(pairs=pairs_of, sets=lambda walks, company: -(-walks // company), own=lambda b, n, p: 2 * b * n):
    def rows(walks, length, window, negatives, company):
        each = pairs(length, window)
        noise = walks * each if not company else sets(walks, company)
        return own(walks, length, each) + noise * negatives

    return rows


def by_symmetry(walks, length, window, negatives, company):
    pairs = 2 * sum(min(window, place) for place in range(length))
    users = walks * pairs if not company else math.ceil(walks / company)
    return 2 * walks * length + users * negatives


def by_formula(walks, length, window, negatives, company):
    window = min(window, length - 1)
    pairs = 2 * length * window - window * (window + 1)
    sets = walks * pairs if not company else (walks + company - 1) // company
    return negatives * sets + 2 * length * walks


def by_band(walks, length, window, negatives, company):
    place = torch.arange(length)
    apart = (place[:, None] - place).abs()
    pairs = ((apart > 0) & (apart <= window)).sum()
    if company == 0:
        return 2 * walks * length + walks * pairs * negatives
    return 2 * walks * length + len(range(0, walks, company)) * negatives


def by_loop(walks, length, window, negatives, company):
    rows = 0
    for walk in range(walks):
        rows += 2 * length
        if company == 0:
            for place in range(length):
                rows += negatives * sum(1 for other in range(length) if 0 < abs(place - other) <= window)
        elif walk % company == 0:
            rows += negatives
    return rows


def as_a_float(walks, length, window, negatives, company):
    return float(by_formula(walks, length, window, negatives, company))


RIGHT = [answer(), by_symmetry, by_formula, by_band, by_loop, as_a_float]


def unclipped(walks, length, window, negatives, company):
    pairs = 2 * length * window - window * (window + 1)
    return 2 * walks * length + negatives * (walks * pairs if not company else -(-walks // company))


def per_token(walks, length, window, negatives, company):
    return by_symmetry(walks, length, window, negatives, company) / (walks * length)


def per_walk(walks, length, window, negatives, company):
    return by_symmetry(walks, length, window, negatives, company) / walks


def none_at_all(walks, length, window, negatives, company):
    return 2 * walks * length


def noise_alone(walks, length, window, negatives, company):
    return by_symmetry(walks, length, window, negatives, company) - 2 * walks * length


def of_one_walk(walks, length, window, negatives, company):
    pairs = pairs_of(length, window)
    return 2 * walks * length + negatives * (pairs if not company else -(-walks // company))


def both_tables(walks, length, window, negatives, company):
    return 2 * by_symmetry(walks, length, window, negatives, company) - 2 * walks * length


def only_own(walks, length, window, negatives, company):
    return 2 * walks * length + walks * pairs_of(length, window) * negatives


def no_return(walks, length, window, negatives, company):
    by_symmetry(walks, length, window, negatives, company)


WRONG = [
    ("whole windows", answer(lambda n, w: 2 * w * n), "both ends"),
    ("one side", answer(lambda n, w: sum(min(w, i) for i in range(n))), "one side"),
    ("itself", answer(lambda n, w: pairs_of(n, w) + n), "context of itself"),
    ("no window", answer(lambda n, w: n * (n - 1)), "window is ignored"),
    ("inner places", answer(lambda n, w: 2 * w * (n - 2 * w)), "whole window on both sides"),
    ("a place's negatives", answer(lambda n, w: n), "each pair has its own"),
    ("a walk's negatives", answer(lambda n, w: 1), "each pair has its own"),
    ("unclipped", unclipped, "shorter than the window"),
    ("floor", answer(sets=lambda b, g: b // g), "left over"),
    ("broken sets", answer(sets=lambda b, g: b / g), "broken"),
    ("one too many", answer(sets=lambda b, g: b // g + 1), "too many"),
    ("a set for each walk", answer(sets=lambda b, g: b), "set of its own"),
    ("multiplied", answer(sets=lambda b, g: b * g), "multiplied by `company`"),
    ("one set", answer(sets=lambda b, g: 1), "whole batch"),
    ("one table", answer(own=lambda b, n, p: b * n), "one of the two tables"),
    ("spelled out", answer(own=lambda b, n, p: 2 * b * p), "fetched again"),
    ("no walks", noise_alone, "walks themselves are forgotten"),
    ("per token", per_token, "per token"),
    ("per walk", per_walk, "per walk"),
    ("no negatives", none_at_all, "negatives are forgotten"),
    ("noise of one walk", of_one_walk, "negatives"),
    ("negatives twice", both_tables, "context table alone"),
    ("shared as own", only_own, "for each pair"),
    ("two faults", answer(lambda n, w: 2 * w * n, lambda b, g: b // g), "left over"),
    ("one number", lambda walks, length, window, negatives, company: 10, "same answer whatever"),
    ("no return", no_return, "return"),
]
