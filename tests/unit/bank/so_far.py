"""Answers to so_far that learners give: right ones, and wrong ones with words that their hint must have."""

import itertools

import numpy as np
import torch

from mtsgns_lite.models.sequence import so_far as as_the_library


def square(present):
    return torch.ones(present.shape[1], present.shape[1], dtype=torch.bool)


def by_comparison(present):
    place = torch.arange(present.shape[1])
    return (place[None, :] <= place[:, None]) & present[:, None, :]


def by_tril(present):
    return square(present).tril() & present[:, None]


def by_tril_of_the_whole(present):
    return present[:, None, :].expand(-1, present.shape[1], -1).tril()


def by_triu(present):
    return torch.logical_and(~square(present).triu(1), present.unsqueeze(1))


def by_loop(present):
    users, steps = present.shape
    may = torch.zeros(users, steps, steps, dtype=torch.bool)
    for t in range(steps):
        may[:, t, : t + 1] = present[:, : t + 1]
    return may


def by_items(present):
    users, steps = present.shape
    may = torch.zeros(users, steps, steps, dtype=torch.bool)
    for user, question, item in itertools.product(range(users), range(steps), range(steps)):
        may[user, question, item] = item <= question and present[user, item]
    return may


def by_numbers(present):
    return torch.einsum("ti,bi->bti", torch.ones(present.shape[1], present.shape[1]).tril(), present.float()) > 0.5


def in_numpy(present):
    there = present.numpy()
    return np.tril(np.ones((there.shape[1], there.shape[1]), dtype=bool)) & there[:, None, :]


def by_filling(present):
    return square(present).tril().expand(len(present), -1, -1).masked_fill(~present[:, None], False)


RIGHT = [
    by_comparison, by_tril, by_tril_of_the_whole, by_triu, by_loop, by_items, by_numbers, in_numpy, by_filling,
    as_the_library,
]  # fmt: skip


def made(triangle=lambda present: square(present).tril(), mask=lambda present: present[:, None], end=lambda may: may):
    return lambda present: end(triangle(present) & mask(present))


def both(present):
    return present[:, None] & present[:, :, None]


def written(present):
    present |= True
    return by_tril(present)


def written_after(present):
    may = by_tril(present)
    present[:, 0] = ~present[:, 0]
    return may


def no_axis(present):
    return square(present).tril() & present


def only_flat(present):
    return torch.cumsum(present, dim=1) > 0


def infinities(present):
    return torch.zeros(len(present), *[present.shape[1]] * 2).masked_fill(~by_tril(present), -torch.inf)


def as_long(present):
    return by_tril(present).long()


def ones(present):
    """Floats, as `torch.ones` makes them."""
    return torch.ones(present.shape[1], present.shape[1])


def ones_in_numpy(present):
    there = present.numpy()
    return np.tril(np.ones((there.shape[1], there.shape[1]))) & there[:, None]


WRONG = [
    ("floats & booleans", made(lambda p: ones(p).tril()), "take booleans"),
    ("not floats", made(lambda p: ~ones(p).triu(1)), "take booleans"),
    ("floats & booleans, numpy", ones_in_numpy, "take booleans"),
    ("triu", made(lambda p: square(p).triu()), "wrong one of the two"),
    ("triu, questions masked", made(lambda p: square(p).triu(), lambda p: p[:, :, None]), "swapped"),
    ("strictly before", made(lambda p: square(p).tril(-1)), "strictly before"),
    ("one ahead", made(lambda p: square(p).tril(1)), "item t + 1"),
    ("strictly after", made(lambda p: square(p).triu(1)), "what comes after"),
    ("no triangle", made(square), "read everything"),
    ("diagonal", made(lambda p: torch.eye(p.shape[1]) > 0), "item t alone"),
    ("two at a time", made(lambda p: square(p).tril() & square(p).triu(-1)), "two items"),
    ("padding ignored", made(mask=lambda p: torch.ones(len(p), 1, 1) > 0), "no say"),
    ("padding ignored, no batch", made(mask=lambda p: torch.tensor(True)), "no say"),
    ("mask on the questions", made(mask=lambda p: p[:, :, None]), "questions in the padding"),
    ("mask on both", made(mask=both), "questions in the padding"),
    ("mask turned round", made(mask=lambda p: ~p[:, None]), "wrong way round"),
    ("transposed", made(end=lambda may: may.transpose(1, 2)), "swapped"),
    ("inverted", made(end=lambda may: ~may), "True is for the items"),
    ("first sequence's mask", made(mask=lambda p: p[0].expand(len(p), 1, -1)), "first sequence"),
    ("longest sequence's mask", made(mask=lambda p: p.any(dim=0).expand(len(p), 1, -1)), "longest sequence"),
    ("strictly before, padding ignored", made(lambda p: square(p).tril(-1), lambda p: p[:, None] | True), "strictly"),
    ("triu, padding ignored", made(lambda p: square(p).triu(), lambda p: p[:, None] | True), "no say"),
    ("strictly before, mask on the questions", made(lambda p: square(p).tril(-1), lambda p: p[:, :, None]), "strictly"),
    ("one question", lambda present: present, "(B, L, L)"),
    ("one question, counted", only_flat, "(B, L, L)"),
    ("squeezed", made(end=lambda may: may.squeeze()), "length 1"),
    ("first only", made(end=lambda may: may[0]), "batch is lost"),
    ("no axis", no_axis, "one more axis"),
    ("counts", lambda present: by_tril(present).sum(dim=2), "how many items"),
    ("floats", lambda present: by_tril(present).float(), "torch.float32"),
    ("whole numbers", as_long, "torch.int64"),
    ("minus infinities", infinities, "True and False"),
    ("written into", written_after, "writes into `present`"),
    ("padding filled in", written, "no say"),
    ("no return", lambda present: None, "return"),
    ("hard-coded", lambda present: (torch.ones(1, 3, 3) > 0).tril(), "same answer whatever"),
]  # fmt: skip
