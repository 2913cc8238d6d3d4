"""Answers to conv_max that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def by_shifts(rows, filters, bias):
    places = rows.shape[1] - len(filters) + 1
    total = sum(rows[:, at : at + places] @ one for at, one in enumerate(filters))
    return total.amax(dim=1) + bias


def by_unfold(rows, filters, bias):
    windows = rows.unfold(1, len(filters), 1)  # (U, places, d, w)
    return torch.einsum("updw,wdf->upf", windows, filters).max(dim=1).values + bias


def by_conv1d(rows, filters, bias):
    return F.conv1d(rows.transpose(1, 2), filters.permute(2, 1, 0), bias).amax(dim=2)


def by_layer(rows, filters, bias):
    answers = torch.nn.functional.conv1d(rows.mT, filters.permute(2, 1, 0))
    return F.adaptive_max_pool1d(answers, 1)[:, :, 0] + bias


def by_loops(rows, filters, bias):
    w, d, number = filters.shape
    found = []
    for text in rows:
        places = [text[at : at + w].reshape(-1) @ filters.reshape(w * d, number) for at in range(len(text) - w + 1)]
        found.append(torch.stack(places).max(dim=0).values + bias)
    return torch.stack(found)


def by_flattening(rows, filters, bias):
    w, d, number = filters.shape
    windows = torch.stack([rows[:, at : at + w].flatten(1) for at in range(rows.shape[1] - w + 1)], dim=1)
    return (windows @ filters.flatten(0, 1) + bias).amax(dim=1)


def filter_by_filter(rows, filters, bias):
    w, columns = len(filters), []
    for f in range(filters.shape[2]):
        dots = [(rows[:, at : at + w] * filters[:, :, f]).sum(dim=(1, 2)) for at in range(rows.shape[1] - w + 1)]
        columns.append(torch.stack(dots).amax(dim=0) + bias[f])
    return torch.stack(columns, dim=1)


RIGHT = [by_shifts, by_unfold, by_conv1d, by_layer, by_loops, by_flattening, filter_by_filter]


def answers(rows, filters):
    """(U, places, F)."""
    places = rows.shape[1] - len(filters) + 1
    return sum(rows[:, at : at + places] @ one for at, one in enumerate(filters))


def without_the_last(rows, filters, bias):
    windows = rows.unfold(1, len(filters), 1)[:, :-1]
    if not windows.shape[1]:
        windows = rows.unfold(1, len(filters), 1)
    return torch.einsum("updw,wdf->upf", windows, filters).amax(dim=1) + bias


def range_too_short(rows, filters, bias):
    w = len(filters)
    found = [(rows[:, at : at + w, :, None] * filters).sum(dim=(1, 2)) for at in range(rows.shape[1] - w)]
    return torch.stack(found).amax(dim=0) + bias


def padded(rows, filters, bias):
    margin = len(filters) - 1
    return F.conv1d(rows.mT, filters.permute(2, 1, 0), bias, padding=margin).amax(dim=2)


def padded_at_the_end(rows, filters, bias):
    return by_shifts(F.pad(rows, (0, 0, 0, len(filters) - 1)), filters, bias)


def jumping(rows, filters, bias):
    return F.conv1d(rows.mT, filters.permute(2, 1, 0), bias, stride=len(filters)).amax(dim=2)


def overwritten(rows, filters, bias):
    w = len(filters)
    for at in range(rows.shape[1] - w + 1):
        best = torch.einsum("uwd,wdf->uf", rows[:, at : at + w], filters)
    return best + bias


def returned(rows, filters, bias):
    w = len(filters)
    for at in range(rows.shape[1] - w + 1):
        return torch.einsum("uwd,wdf->uf", rows[:, at : at + w], filters) + bias


def max_from_zero(rows, filters, bias):
    best = torch.zeros(len(rows), filters.shape[2])
    for at in range(rows.shape[1] - len(filters) + 1):
        best = torch.maximum(best, torch.einsum("uwd,wdf->uf", rows[:, at : at + len(filters)], filters))
    return best + bias


def summed_first(rows, filters, bias):
    windows = rows.unfold(1, len(filters), 1).sum(dim=-1)
    return (windows @ filters.sum(dim=0)).amax(dim=1) + bias


def in_numpy(rows, filters, bias):
    windows = np.lib.stride_tricks.sliding_window_view(rows.numpy(), len(filters), axis=1)
    return np.einsum("updw,wdf->upf", windows, filters.numpy()).max(axis=1) + bias.numpy()


WRONG = [
    ("last place missing", range_too_short, "last place"),
    ("last place guarded", without_the_last, "last place"),
    ("zero padding", padded, "zeros are put"),
    ("zero padding at the end", padded_at_the_end, "zeros are put"),
    ("stride", jumping, "slides on by one"),
    ("flipped", lambda r, f, b: by_shifts(r, f.flip(0), b), "turned round"),
    ("mean", lambda r, f, b: answers(r, f).mean(dim=1) + b, "mean over the places"),
    ("sum", lambda r, f, b: answers(r, f).sum(dim=1) + b, "added up over the places"),
    ("no maximum", lambda r, f, b: answers(r, f) + b, "still to be taken"),
    ("maximum over filters", lambda r, f, b: (answers(r, f) + b).amax(dim=2), "over the filters"),
    ("argmax", lambda r, f, b: answers(r, f).argmax(dim=1) + b, "where the largest answer is"),
    ("absolute", lambda r, f, b: answers(r, f).abs().amax(dim=1) + b, "not the strongest"),
    ("no bias", lambda r, f, b: answers(r, f).amax(dim=1), "bias is forgotten"),
    ("bias subtracted", lambda r, f, b: answers(r, f).amax(dim=1) - b, "wrong sign"),
    ("bias at every row", lambda r, f, b: sum(
        r[:, at : at + r.shape[1] - len(f) + 1] @ one + b for at, one in enumerate(f)
    ).amax(dim=1), "once for each row"),
    ("relu", lambda r, f, b: by_shifts(r, f, b).relu(), "below 0"),
    ("from zero", max_from_zero, "below 0"),
    ("overwritten", overwritten, "overwritten"),
    ("returned early", returned, "beginning of the text"),
    ("first row only", lambda r, f, b: (r[:, : r.shape[1] - len(f) + 1] @ f[0]).amax(dim=1) + b, "first row"),
    ("summed first", summed_first, "order is lost"),
    ("detached", lambda r, f, b: by_shifts(r, f.detach(), b), "no gradient reaches `filters`"),
    ("numpy", in_numpy, "stay with torch"),
    ("not permuted", lambda r, f, b: F.conv1d(r, f, b).amax(dim=2), "shapes"),
    ("hard-coded", lambda r, f, b: torch.tensor([[3.5]]), "same answer whatever"),
    ("no return", lambda r, f, b: None, "return"),
]  # fmt: skip
