"""Answers to rows_held that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np
import torch


def by_clamp(rows, processes):
    each = math.ceil(rows / processes)
    return [max(0, min(each, rows - number * each)) for number in range(processes)]


def by_ends(rows, processes):
    each = (rows + processes - 1) // processes
    ends = np.minimum(np.arange(processes + 1) * each, rows)
    return np.diff(ends)


def by_counting(rows, processes):
    each = -(-rows // processes)
    return torch.bincount(torch.arange(rows) // each, minlength=processes)


def by_loop(rows, processes):
    each, held = math.ceil(rows / processes), []
    for _ in range(processes):
        held.append(min(each, rows))
        rows -= held[-1]
    return held


def by_ranges(rows, processes):
    each = math.ceil(rows / processes)
    return tuple(len(range(number * each, min(rows, (number + 1) * each))) for number in range(processes))


def by_generator(rows, processes):
    each, left = math.ceil(rows / processes), rows
    for _ in range(processes):
        yield min(each, left)
        left -= min(each, left)


RIGHT = [by_clamp, by_ends, by_counting, by_loop, by_ranges, by_generator]


def ceil(rows, processes):
    return math.ceil(rows / processes)


def by_array_split(rows, processes):
    return [len(part) for part in np.array_split(np.arange(rows), processes)]


def by_remainder(rows, processes):
    each = rows // processes
    return [each] * (processes - 1) + [rows - each * (processes - 1)]


def rest_below_zero(rows, processes):
    each = ceil(rows, processes)
    return [each] * (processes - 1) + [rows - each * (processes - 1)]


def rest_not_below_zero(rows, processes):
    return [*rest_below_zero(rows, processes)[:-1], max(0, rest_below_zero(rows, processes)[-1])]


def by_chunk(rows, processes):
    return [len(part) for part in torch.arange(rows).split(ceil(rows, processes))]


def by_pairs(rows, processes):
    each = ceil(rows, processes)
    return [(min(rows, n * each), min(rows, (n + 1) * each)) for n in range(processes)]


def forgot_return(rows, processes):
    by_clamp(rows, processes)


def plus_one(rows, processes):
    each = rows // processes + 1
    return [each] * (processes - 1) + [rows - each * (processes - 1)]


WRONG = [
    ("a broken share", lambda rows, processes: [rows / processes] * processes, "can't be cut"),
    ("array_split", by_array_split, "evenly"),
    ("round robin", lambda rows, processes: [len(range(n, rows, processes)) for n in range(processes)], "evenly"),
    ("the rest to the last", by_remainder, "rounded down"),
    ("rounded down", lambda rows, processes: [rows // processes] * processes, "lost"),
    ("plus one", plus_one, "too many"),
    ("a full share for all", lambda rows, processes: [ceil(rows, processes)] * processes, "more rows than the table"),
    ("below zero", rest_below_zero, "below 0"),
    ("only the last is mended", rest_not_below_zero, "only the last"),
    ("those without rows left out", by_chunk, "without rows counts too"),
    ("first and last", by_pairs, "two numbers for each"),
    ("the whole table", lambda rows, processes: [rows] * processes, "Every process has the whole"),
    ("table-wise", lambda rows, processes: [rows] + [0] * (processes - 1), "table-wise"),
    ("ends", lambda rows, processes: np.minimum(np.arange(1, processes + 1) * ceil(rows, processes), rows), "up to"),
    ("starts", lambda rows, processes: np.minimum(np.arange(processes) * ceil(rows, processes), rows), "first rows"),
    ("turned round", lambda rows, processes: by_clamp(rows, processes)[::-1], "turned round"),
    ("one number", lambda rows, processes: ceil(rows, processes), "a single number"),
    ("always the same", lambda rows, processes: [3, 3], "same answer whatever"),
    ("no return", forgot_return, "return"),
]
