"""Answers to traffic that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np
import torch


def by_loop(asked, rows, dim):
    share, sent = math.ceil(rows / len(asked)), 0
    for process, ids in enumerate(asked):
        elsewhere = ids.unique() // share != process
        sent += int(elsewhere.sum()) * (8 + 2 * 4 * dim)
    return sent


def by_sets(asked, rows, dim):
    share = -(-rows // len(asked))
    travel = [{row for row in ids.tolist() if row // share != own} for own, ids in enumerate(asked)]
    return sum(map(len, travel)) * 8 * (1 + dim)


def by_ranges(asked, rows, dim):
    share, total = math.ceil(rows / len(asked)), 0
    for process, ids in enumerate(asked):
        own = range(process * share, (process + 1) * share)
        total += sum(1 for row in set(ids.tolist()) if row not in own)
    return total * (8 + 8 * dim)


def by_pairs(asked, rows, dim):
    share = math.ceil(rows / len(asked))
    who = torch.cat([torch.full_like(ids, process) for process, ids in enumerate(asked)])
    pairs = torch.stack([who, torch.cat(list(asked))]).unique(dim=1)
    return (pairs[1] // share != pairs[0]).sum() * (8 + 8 * dim)


def by_numpy(asked, rows, dim):
    share, sent = math.ceil(rows / len(asked)), 0.0
    for process, ids in enumerate(asked):
        sent += (np.unique(ids.numpy()) // share != process).sum() * (8 + 8.0 * dim)
    return sent


RIGHT = [by_loop, by_sets, by_ranges, by_pairs, by_numpy]


def answer(ids_of=lambda ids: ids.unique(), away=None, size=lambda d: 8 + 8 * d):
    away = away or (lambda ids, own, share, count: ids // share != own)

    def traffic(asked, rows, dim):
        share, sent = math.ceil(rows / len(asked)), 0
        for own, ids in enumerate(asked):
            sent += int(away(ids_of(ids), own, share, len(asked)).sum()) * size(dim)
        return sent

    return traffic


def floor_share(asked, rows, dim):
    share = rows // len(asked)
    return sum(int((ids.unique() // share != own).sum()) for own, ids in enumerate(asked)) * (8 + 8 * dim)


def rest_to_last(asked, rows, dim):
    share, last = rows // len(asked), len(asked) - 1
    away = [(ids.unique() // share).clamp(max=last) != own for own, ids in enumerate(asked)]
    return sum(int(part.sum()) for part in away) * (8 + 8 * dim)


def once_for_all(asked, rows, dim):
    share = math.ceil(rows / len(asked))
    away = set()
    for own, ids in enumerate(asked):
        away |= {row for row in ids.tolist() if row // share != own}
    return len(away) * (8 + 8 * dim)


def early(asked, rows, dim):
    share = math.ceil(rows / len(asked))
    for own, ids in enumerate(asked):
        return int((ids.unique() // share != own).sum()) * (8 + 8 * dim)


def overwritten(asked, rows, dim):
    share = math.ceil(rows / len(asked))
    for own, ids in enumerate(asked):
        sent = int((ids.unique() // share != own).sum()) * (8 + 8 * dim)
    return sent


def no_return(asked, rows, dim):
    by_loop(asked, rows, dim)


WRONG = [
    ("repeats", answer(ids_of=lambda ids: ids), "asks for it once"),
    ("own rows too", answer(away=lambda ids, own, share, count: ids >= 0), "holds itself"),
    ("the wrong rows", answer(away=lambda ids, own, share, count: ids // share == own), "wrong rows"),
    ("by turns", answer(away=lambda ids, own, share, count: ids % count != own), "by turns"),
    ("rounded down", floor_share, "rounded up"),
    ("the rest to the last", rest_to_last, "rounded up"),
    ("no ids", answer(size=lambda d: 8 * d), "number is forgotten"),
    ("no gradients", answer(size=lambda d: 8 + 4 * d), "One way"),
    ("neither", answer(size=lambda d: 4 * d), "forgotten"),
    ("small ids", answer(size=lambda d: 4 + 8 * d), "not 4"),
    ("float64", answer(size=lambda d: 8 + 16 * d), "float32"),
    ("numbers", answer(size=lambda d: 1 + 2 * d), "These are numbers"),
    ("rows", answer(size=lambda d: 1), "rows that travel"),
    ("the state too", answer(size=lambda d: 8 + 8 * (d + 1)), "state of Adagrad"),
    ("once for all", once_for_all, "sent to both"),
    ("the mean", lambda asked, rows, dim: by_loop(asked, rows, dim) / len(asked), "mean over the processes"),
    ("returned early", early, "return inside its loop"),
    ("overwritten", overwritten, "overwritten"),
    ("two faults", answer(ids_of=lambda ids: ids, size=lambda d: 8 * d), "number is forgotten"),
    ("one number", lambda asked, rows, dim: 48, "same answer whatever"),
    ("no return", no_return, "return"),
]
