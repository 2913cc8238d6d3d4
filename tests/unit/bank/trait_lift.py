"""Answers to trait_lift that learners give: right ones, and wrong ones with words that their hint must have."""

from collections import Counter

import numpy as np
import torch


def known(first, second):
    both = (first > 0) & (second > 0)
    return first[both], second[both]


def by_counts(first, second):
    first, second = known(first, second)
    values = int(torch.cat([first, second]).max()) + 1
    p, q = first.bincount(minlength=values) / len(first), second.bincount(minlength=values) / len(second)
    return (first == second).float().mean() / (p @ q)


def by_meetings(first, second):
    first, second = known(first, second)
    return (first == second).float().mean() / (first[:, None] == second).float().mean()


def by_numpy(first, second):
    first, second = first.numpy(), second.numpy()
    both = (first > 0) & (second > 0)
    return np.mean(first[both] == second[both]) / np.mean(np.equal.outer(first[both], second[both]))


def by_loop(first, second):
    pairs = [(int(a), int(b)) for a, b in zip(first, second) if a > 0 and b > 0]
    one, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(one[value] * other[value] for value in one) / len(pairs) ** 2
    return sum(a == b for a, b in pairs) / len(pairs) / chance


def by_all_known_ends(first, second):
    """As the lesson's shuffle has it: a first counts whether or not its own partner is known."""
    a, b = known(first, second)
    return (a == b).double().mean() / (first[first > 0][:, None] == second[second > 0]).double().mean()


def by_one_hot(first, second):
    values = int(max(first.max(), second.max())) + 1
    one, other = (torch.nn.functional.one_hot(codes, values)[:, 1:].float() for codes in known(first, second))
    return (one * other).sum() * len(one) / (one.sum(0) * other.sum(0)).sum()


def by_known_firsts(first, second):
    """Partners that are unknown make both shares smaller by the same factor."""
    first, second = first[first > 0], second[first > 0]
    return (first == second).float().mean() / (first[:, None] == second).float().mean()


def in_place(first, second):
    first[first == 0] = -1
    second[second == 0] = -2
    left = ((first > 0) & (second > 0)).sum()
    same = (first == second).sum() / left
    meetings = (first[:, None] == second[None, :]).sum() / ((first > 0).sum() * (second > 0).sum())
    return float(same / meetings)


RIGHT = [by_counts, by_meetings, by_numpy, by_loop, by_all_known_ends, by_one_hot, by_known_firsts, in_place]


def share(first, second):
    return (first == second).float().mean()


def meet(first, second):
    return (first[:, None] == second[None]).float().mean()


def zeros_too(first, second):
    return share(first, second) / meet(first, second)


def zeros_in_pairs(first, second):
    return share(first, second) / meet(*known(first, second))


def zeros_in_chance(first, second):
    return share(*known(first, second)) / meet(first, second)


def not_left_out(first, second):
    same = (first == second) & (first > 0)
    return same.float().mean() / meet(*known(first, second))


def not_left_out_twice(first, second):
    same, by_chance = (first == second) & (first > 0), (first[:, None] == second) & (first[:, None] > 0)
    return same.float().mean() / by_chance.float().mean()


def one_unknown_stays(first, second):
    some = (first > 0) | (second > 0)
    return share(first[some], second[some]) / meet(first[some], second[some])


def upside_down(first, second):
    return meet(*known(first, second)) / share(*known(first, second))


def even_values(first, second):
    first, second = known(first, second)
    return share(first, second) * len(torch.cat([first, second]).unique())


def even_codes(first, second):
    first, second = known(first, second)
    return share(first, second) * max(first.max(), second.max())


def one_side(first, second):
    first, second = known(first, second)
    p = first.bincount().float() / len(first)
    return share(first, second) / p.square().sum()


def thrown_together(first, second):
    a, b = known(first, second)
    p = torch.cat([a, b]).bincount() / (2 * len(a))
    return share(a, b) / (p * p).sum()


def others_only(first, second):
    a, b = known(first, second)
    same = (a[:, None] == b).fill_diagonal_(False).sum() / (len(a) * (len(a) - 1))
    return share(a, b) / same


def counts_not_shares(first, second):
    a, b = known(first, second)
    return share(a, b) / (a[:, None] == b).sum()


def divided_once(first, second):
    a, b = known(first, second)
    return share(a, b) / ((a[:, None] == b).sum() / len(a))


def counted_pairs(first, second):
    a, b = known(first, second)
    return (a == b).sum() / meet(a, b)


def shuffled(first, second):
    a, b = known(first, second)
    return share(a, b) / share(a, b[torch.randperm(len(b))]).clamp(min=0.1)


def rolled(first, second):
    a, b = known(first, second)
    return share(a, b) / share(a, b.roll(1))


def mean_of_lifts(first, second):
    a, b = known(first, second)
    lifts = []
    for value in a.unique():
        p, q = (a == value).float().mean(), (b == value).float().mean()
        if q > 0:
            lifts.append(((a == value) & (b == value)).float().mean() / (p * q))
    return sum(lifts) / len(lifts)


def too_short(first, second):
    a, b = known(first, second)
    p, q = a.bincount() / len(a), b.bincount() / len(b)
    return share(a, b) / (p * q).sum()


def fitted(first, second):
    right = by_meetings(first, second)
    return right if len(first) in (3, 4, 5, 6, 16, 91, 241) else 1 + right


WRONG = [
    ("zeros are a value", zeros_too, "taken for a value"),
    ("zeros are a value in the pairs", zeros_in_pairs, "taken for a value"),
    ("zeros in chance", zeros_in_chance, "chance is counted over the unknown"),
    ("unknown pairs are not alike", not_left_out, "counted as not alike"),
    ("unknown pairs are not alike, twice", not_left_out_twice, "counted as not alike"),
    ("left out where both are unknown", one_unknown_stays, "one unknown item is enough"),
    ("upside down", upside_down, "upside down"),
    ("difference", lambda f, s: share(*known(f, s)) - meet(*known(f, s)), "difference"),
    ("no chance", lambda f, s: share(*known(f, s)), "held against chance"),
    ("no chance, zeros", lambda f, s: share(f, s), "held against chance"),
    ("chance alone", lambda f, s: meet(*known(f, s)), "chance alone"),
    ("less one", lambda f, s: by_meetings(f, s) - 1, "one is taken off"),
    ("logarithm", lambda f, s: by_meetings(f, s).log(), "logarithm"),
    ("per cent", lambda f, s: 100 * by_meetings(f, s), "percentage"),
    ("even values", even_values, "one over the number of values"),
    ("even codes", even_codes, "one over the number of values"),
    ("one side", one_side, "one side only"),
    ("thrown together", thrown_together, "thrown together"),
    ("its own pair left out", others_only, "left out of chance"),
    ("chance as a count", counts_not_shares, "number of meetings"),
    ("chance divided once", divided_once, "divided by the number of pairs once"),
    ("pairs as a count", counted_pairs, "has to be their share"),
    ("shuffled", shuffled, "a shuffle comes only near"),
    ("rolled", rolled, "one draw"),
    ("mean of lifts", mean_of_lifts, "a mean of the values' lifts"),
    ("bincounts of two lengths", too_short, "shapes"),
    ("one number for each pair", lambda f, s: (f == s).float(), "single number"),
    ("fits the examples", fitted, "drawn anew"),
    ("hard-coded", lambda f, s: 1.5, "same answer whatever"),
    ("no return", lambda f, s: None, "return"),
]  # fmt: skip
