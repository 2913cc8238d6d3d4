"""Answers to masked_mean that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def by_mask(table, pieces):
    there = (pieces != 0).float()[:, :, None]
    return (table[pieces] * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)


def by_einsum(table, pieces):
    there = (pieces > 0).to(table.dtype)
    share = there / there.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.einsum("ut,utd->ud", share, table[pieces])


def by_loop(table, pieces):
    rows = []
    for text in pieces:
        there = text[text > 0]
        rows.append(table[there].mean(dim=0) if len(there) else torch.zeros_like(table[0]))
    return torch.stack(rows)


def by_bag(table, pieces):
    there = pieces > 0
    share = there / there.sum(dim=1, keepdim=True).clamp(min=1)
    return F.embedding_bag(pieces, table, per_sample_weights=share, mode="sum")


def by_padding_index(table, pieces):
    return F.embedding_bag(pieces, table, mode="mean", padding_idx=0)


def by_zeroed_row(table, pieces):
    table = torch.cat([torch.zeros_like(table[:1]), table[1:]])
    return table[pieces].sum(1) / (pieces > 0).sum(1, keepdim=True).clamp(min=1)


def by_nan(table, pieces):
    rows = table[pieces].masked_fill((pieces == 0).unsqueeze(-1), 0.0)
    count = (pieces != 0).sum(dim=1)
    return torch.where(count[:, None] > 0, rows.sum(dim=1) / count.clamp(min=1)[:, None], 0.0)


def by_counts(table, pieces):
    counts = F.one_hot(pieces, len(table)).sum(dim=1).float()
    counts = counts * (torch.arange(len(table)) > 0)
    return counts @ table / counts.sum(dim=1, keepdim=True).clamp(min=1)


RIGHT = [by_mask, by_einsum, by_loop, by_bag, by_padding_index, by_zeroed_row, by_nan, by_counts]


def mask(pieces):
    return (pieces > 0).float()[:, :, None]


def no_clamp(table, pieces):
    return (table[pieces] * mask(pieces)).sum(1) / mask(pieces).sum(1)


def loop_without_a_guard(table, pieces):
    return torch.stack([table[text[text > 0]].mean(dim=0) for text in pieces])


def each_once(table, pieces):
    rows = []
    for text in pieces:
        own = [int(piece) for piece in set(text.tolist()) if piece]
        rows.append(table[own].mean(dim=0) if own else torch.zeros(table.shape[1]))
    return torch.stack(rows)


def masked_mean_of_all(table, pieces):
    return (table[pieces] * mask(pieces)).mean(dim=1)


def detached(table, pieces):
    return by_mask(table.detach(), pieces)


def in_numpy(table, pieces):
    rows = np.array(table)[np.array(pieces)]
    there = np.array(pieces)[:, :, None] > 0
    return (rows * there).sum(1) / np.maximum(there.sum(1), 1)


def no_last_axis(table, pieces):
    return (table[pieces] * (pieces > 0)).sum(dim=1) / (pieces > 0).sum(dim=1, keepdim=True)


WRONG = [
    ("plain mean", lambda t, p: t[p].mean(dim=1), "padding is heard"),
    ("masked, then mean", masked_mean_of_all, "number of places"),
    ("padding in the sum", lambda t, p: t[p].sum(1) / mask(p).sum(1).clamp(min=1), "padding is heard"),
    ("the sum", lambda t, p: (t[p] * mask(p)).sum(dim=1), "their mean is meant"),
    ("nan", no_clamp, "zero vector"),
    ("nan in a loop", loop_without_a_guard, "zero vector"),
    ("each piece once", each_once, "stands twice"),
    ("one too many", lambda t, p: (t[p] * mask(p)).sum(1) / (mask(p).sum(1) + 1), "one too many"),
    ("shifted", lambda t, p: (t[p - 1] * mask(p)).sum(1) / mask(p).sum(1).clamp(min=1), "shifted by one"),
    ("first piece", lambda t, p: t[p[:, 0]], "first piece"),
    ("longest", lambda t, p: (t[p] * mask(p)).sum(1) / mask(p).sum(1).max(), "longest text"),
    ("all texts' count", lambda t, p: (t[p] * mask(p)).sum(1) / mask(p).sum(), "count of its own"),
    ("root", lambda t, p: (t[p] * mask(p)).sum(1) / mask(p).sum(1).clamp(min=1).sqrt(), "root"),
    ("maximum", lambda t, p: t[p].masked_fill(mask(p) == 0, -torch.inf).amax(dim=1), "largest"),
    ("unit vectors", lambda t, p: F.normalize(by_mask(t, p), dim=1), "unit vector"),
    ("one number", lambda t, p: by_mask(t, p).mean(dim=1), "a vector is due"),
    ("mask turned", lambda t, p: (t[p] * (p == 0)[:, :, None]).sum(1) / mask(p).sum(1).clamp(min=1), "wrong way round"),
    ("detached", detached, "no gradient"),
    ("numpy", in_numpy, "stay with torch"),
    ("axis missing", no_last_axis, "shapes"),
    ("no return", lambda t, p: None, "return"),
    ("hard-coded", lambda t, p: torch.tensor([[2.0, 1.0]]), "same answer whatever"),
]  # fmt: skip
