"""Answers to seed_verdict that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def by_all(first, second):
    if (first > second).all():
        return 1
    return -1 if (first < second).all() else 0


def by_difference(first, second):
    change = np.asarray(first) - np.asarray(second)
    return int((change > 0).all()) - int((change < 0).all())


def by_signs(first, second):
    signs = {int(np.sign(a - b)) for a, b in zip(first, second)}
    return signs.pop() if len(signs) == 1 else 0


def by_loop(first, second):
    better = worse = 0
    for a, b in zip(first, second):
        if a > b:
            better += 1
        elif a < b:
            worse += 1
    if better == len(first):
        return 1
    if worse == len(first):
        return -1
    return 0


def by_extremes(first, second):
    change = first - second
    return float(min(change) > 0) - float(max(change) < 0)


def by_torch(first, second):
    change = torch.from_numpy(first) - torch.from_numpy(second)
    return torch.sign(change).mean().trunc()


RIGHT = [by_all, by_difference, by_signs, by_loop, by_extremes, by_torch]


def told(better, worse):
    return 1 if better else -1 if worse else 0


def returns_early(first, second):
    for a, b in zip(first, second):
        if a > b:
            return 1
        return -1 if a < b else 0


def overwritten(first, second):
    for a, b in zip(first, second):
        verdict = 1 if a > b else -1 if a < b else 0
    return verdict


def never_zero(first, second):
    return 1 if all(a > b for a, b in zip(first, second)) else -1


def by_mean(first, second):
    return told(np.mean(first) > np.mean(second), np.mean(first) < np.mean(second))


def beyond_the_spread(first, second):
    change = first - second
    return int(np.sign(change.mean())) if abs(change.mean()) > change.std() else 0


WRONG = [
    ("the means", by_mean, "means decide"),
    ("beyond the spread", beyond_the_spread, "against the spread"),
    ("the sign of the sum", lambda a, b: np.sign((a - b).sum()), "means decide"),
    ("the medians", lambda a, b: np.sign(np.median(a) - np.median(b)), "medians decide"),
    ("the difference", lambda a, b: (a - b).mean(), "difference of the means"),
    ("the majority", lambda a, b: np.sign(np.sign(a - b).sum()), "majority"),
    ("the votes", lambda a, b: np.sign(a - b).sum(), "votes are added"),
    ("the share of votes", lambda a, b: np.sign(a - b).mean(), "votes"),
    ("each seed", lambda a, b: np.sign(a - b), "for each seed"),
    ("each seed as yes or no", lambda a, b: a > b, "shape"),
    ("upside down", lambda a, b: by_all(b, a), "upside down"),
    ("never -1", lambda a, b: int((a > b).all()), "never -1"),
    ("yes or no", lambda a, b: all(x > y for x, y in zip(a, b)), "never -1"),
    ("never 0", never_zero, "that is 0"),
    ("never 0, the other way", lambda a, b: -1 if (a < b).all() else 1, "that is 0"),
    ("ties are better", lambda a, b: told((a >= b).all(), (a < b).all()), "tie"),
    ("ties are worse", lambda a, b: told((a > b).all(), (a <= b).all()), "tie"),
    ("ties are both", lambda a, b: told((a >= b).all(), (a <= b).all()), "tie"),
    ("any seed", lambda a, b: told((a > b).any(), (a < b).any()), "all of them have to agree"),
    ("the least vote", lambda a, b: np.sign(a - b).min(), "takes every seed"),
    ("returns early", returns_early, "return inside its loop"),
    ("overwritten", overwritten, "overwritten"),
    ("the worst against the best", lambda a, b: told(min(a) > max(b), max(a) < min(b)), "different seeds"),
    ("best and worst", lambda a, b: told(min(a) > min(b) and max(a) > max(b), min(a) < min(b) and max(a) < max(b)),
     "different seeds"),
    ("sorted", lambda a, b: by_all(np.sort(a), np.sort(b)), "different seeds"),
    ("lists compared", lambda a, b: told(a.tolist() > b.tolist(), a.tolist() < b.tolist()), "first seed"),
    ("if of an array", lambda a, b: 1 if a > b else -1, "`if` needs one yes or no"),
    ("words", lambda a, b: "yes" if (a > b).all() else "no", "a str"),
    ("hard-coded", lambda a, b: 0, "same answer whatever"),
    ("no return", lambda a, b: None, "return"),
]  # fmt: skip
