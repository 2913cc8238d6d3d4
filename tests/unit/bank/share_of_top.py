"""Answers to share_of_top that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np


def number(counts, part):
    return math.ceil(part * len(counts))


def falling(counts):
    return counts.sort(descending=True).values


def by_topk(counts, part):
    return counts.topk(max(1, number(counts, part))).values.sum() / counts.sum()


def by_cumsum(counts, part):
    share = falling(counts).cumsum(0) / counts.sum()
    return share[number(counts, part) - 1].item()


def by_numpy(counts, part):
    rising = np.sort(np.asarray(counts))
    return rising[-int(np.ceil(part * len(rising))) :].sum() / rising.sum()


def by_lists(counts, part):
    best = sorted(counts.tolist())[::-1]
    take = int(part * len(best))
    take += take < part * len(best)
    return sum(best[:take]) / sum(best)


def by_rank(counts, part):
    rank = counts.argsort(descending=True).argsort()
    return float(counts[rank < part * len(counts)].double().sum() / counts.sum())


def by_taking_away(counts, part):
    counts, total, sold = counts.clone(), counts.sum(), 0
    for _ in range(-int(-part * len(counts) // 1)):
        best = counts.argmax()
        sold, counts[best] = sold + counts[best].item(), -1
    return sold / total


RIGHT = [
    lambda counts, part: falling(counts)[: number(counts, part)].sum() / counts.sum(),
    by_topk,
    by_cumsum,
    by_numpy,
    by_lists,
    by_rank,
    by_taking_away,
]


def lesson_line(counts, part):
    share = falling(counts).cumsum(0) / counts.sum()
    return share[min(int(len(share) * part), len(share) - 1)]


def loop_returns(counts, part):
    for count in falling(counts):
        return count / counts.sum()


def until_part_sold(counts, part):
    share = falling(counts).cumsum(0) / counts.sum()
    return ((share < part).sum() + 1) / len(counts)


def with_ties(counts, part):
    last = falling(counts)[number(counts, part) - 1]
    return counts[counts >= last].sum() / counts.sum()


def quantile(counts, part):
    return counts[counts >= counts.float().quantile(1 - part)].sum() / counts.sum()


def fitted(counts, part):
    share = by_topk(counts, part)
    return share if len(counts) in (1, 3, 4, 5, 6, 8, 41) else share / 2


WRONG = [
    ("not sorted", lambda c, p: c[: number(c, p)].sum() / c.sum(), "as they stand"),
    ("rising", lambda c, p: c.sort().values[: number(c, p)].sum() / c.sum(), "upside down"),
    ("rising NumPy", lambda c, p: np.sort(c.numpy())[: number(c, p)].sum() / c.numpy().sum(), "upside down"),
    ("rounded down", lambda c, p: falling(c)[: int(p * len(c))].sum() / c.sum(), "rounded down"),
    ("rounded down, one at least", lambda c, p: falling(c)[: max(1, int(p * len(c)))].sum() / c.sum(), "rounded down"),
    ("floor division", lambda c, p: falling(c)[: max(1, int(len(c) // (1 / p)))].sum() / c.sum(), "rounded down"),
    ("rounded", lambda c, p: falling(c)[: round(p * len(c))].sum() / c.sum(), "to the nearest"),
    ("rounded, one at least", lambda c, p: falling(c)[: max(1, round(p * len(c)))].sum() / c.sum(), "to the nearest"),
    ("the lesson's line", lesson_line, "One item too many"),
    ("one more", lambda c, p: falling(c)[: number(c, p) + 1].sum() / c.sum(), "One item too many"),
    ("one fewer", lambda c, p: falling(c)[: number(c, p) - 1].sum() / c.sum(), "One item too few"),
    ("from the second", lambda c, p: falling(c)[1 : number(c, p) + 1].sum() / c.sum(), "most bought item is skipped"),
    ("bought ones only", lambda c, p: falling(c)[: number(c[c > 0], p)].sum() / c.sum(), "never bought are left out"),
    ("part of the purchases", lambda c, p: falling(c)[: math.ceil(p * int(c.sum()))].sum() / c.sum(),
     "taken of the purchases"),
    ("percent of items", lambda c, p: falling(c)[: math.ceil(100 * p)].sum() / c.sum(), "says nothing of how many"),
    ("the best only", lambda c, p: c.max() / c.sum(), "`part` is not used"),
    ("returns in the loop", loop_returns, "`part` is not used"),
    ("purchases", lambda c, p: falling(c)[: number(c, p)].sum(), "divide them by all purchases"),
    ("by the number of items", lambda c, p: falling(c)[: number(c, p)].sum() / len(c), "number of items, not of"),
    ("mean", lambda c, p: falling(c)[: number(c, p)].float().mean() / c.sum(), "where their sum is due"),
    ("mean over mean", lambda c, p: falling(c)[: number(c, p)].float().mean() / c.float().mean(), "Two means"),
    ("share of the items", lambda c, p: number(c, p) / len(c), "share of the items"),
    ("the others", lambda c, p: 1 - falling(c)[: number(c, p)].sum() / c.sum(), "all the others"),
    ("by the others", lambda c, p: falling(c)[: number(c, p)].sum() / falling(c)[number(c, p) :].sum(),
     "the others' purchases"),
    ("percent", lambda c, p: 100 * falling(c)[: number(c, p)].sum() / c.sum(), "not of 100"),
    ("whole division", lambda c, p: int(falling(c)[: number(c, p)].sum()) // int(c.sum()), "drops what stands after"),
    ("the last alone", lambda c, p: falling(c)[number(c, p) - 1] / c.sum(), "add them up"),
    ("each alone", lambda c, p: falling(c)[: number(c, p)] / c.sum(), "add them up"),
    ("all sums", lambda c, p: falling(c)[: number(c, p)].cumsum(0) / c.sum(), "only the last is asked for"),
    ("ties", with_ties, "as often as the last of the best"),
    ("quantile", quantile, "quantile"),
    ("until so much is sold", until_part_sold, "by hand"),
    ("not sorted, rounded down", lambda c, p: c[: int(p * len(c))].sum() / c.sum(), "as they stand"),
    ("sort's pair", lambda c, p: c.sort(descending=True)[: number(c, p)].sum() / c.sum(), "by hand"),
    ("hard-coded", lambda c, p: 0.8, "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
    ("no return", lambda c, p: None, "return"),
]  # fmt: skip
