"""Answers to contribution_share that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def by_numpy(parts):
    parts = parts.numpy().astype(float)
    parts = parts - parts.mean(axis=0)
    whole = parts.sum(axis=1)
    return np.einsum("usd,ud->s", parts, whole) / (whole**2).sum()


def by_loop(parts):
    whole = parts.sum(1)
    mean = whole.mean(0)
    spread = sum((h - mean) @ (h - mean) for h in whole)
    out = []
    for s in range(parts.shape[1]):
        c = parts[:, s]
        out.append(sum((c[v] - c.mean(0)) @ (whole[v] - mean) for v in range(len(c))) / spread)
    return torch.stack(out)


def one_side_centred(parts):
    whole = parts.sum(1)
    whole = whole - whole.mean(0)
    return (parts * whole[:, None]).sum(dim=(0, 2)) / whole.pow(2).sum()


def by_covariance(parts):
    s = parts.shape[1]
    flat = parts.double().permute(1, 0, 2).reshape(s, len(parts), -1)
    centred = flat - flat.mean(dim=1, keepdim=True)
    gram = torch.einsum("aud,bud->ab", centred, centred)
    return gram.sum(dim=1) / gram.sum()


def by_differences(parts):
    away = parts[:, None] - parts[None]  # the spread around the mean is that of all pairs
    whole = away.sum(dim=2)
    return (away * whole[:, :, None]).sum(dim=(0, 1, 3)) / whole.square().sum()


def by_means(parts):
    whole = parts.sum(dim=1)
    inner = (parts * whole[:, None]).sum(2).mean(0) - (parts.mean(0) * whole.mean(0)).sum(1)
    return inner / (whole.square().sum(1).mean() - whole.mean(0).square().sum())


def as_list(parts):
    return [float(x) for x in by_loop(parts)]


def variances(parts):
    whole = parts.sum(1)
    var = [torch.var(parts[:, s] + whole, dim=0) - torch.var(parts[:, s] - whole, dim=0) for s in range(parts.shape[1])]
    return torch.stack([v.sum() / 4 for v in var]) / torch.var(whole, dim=0).sum()


RIGHT = [by_numpy, by_loop, one_side_centred, by_covariance, by_differences, by_means, as_list, variances]


def share(parts, whole=None):
    whole = parts.sum(dim=1) if whole is None else whole
    return torch.einsum("usd,ud->s", parts, whole) / whole.square().sum()


def centred(parts):
    return parts - parts.mean(dim=0)


def lengths(parts):
    return parts.norm(dim=2).sum(dim=0) / parts.norm(dim=2).sum()


def own_variance(parts):
    return parts.var(dim=0).sum(dim=1) / parts.sum(dim=1).var(dim=0).sum()


def deviations(parts):
    c = centred(parts)
    return c.square().sum((0, 2)).sqrt() / c.sum(1).norm()


def products_only(parts):
    h = parts.sum(1)
    return torch.einsum("usd,ud->s", centred(parts), h - h.mean(0)) / h.square().sum()


def squares_only(parts):
    h = parts.sum(1)
    return torch.einsum("usd,ud->s", parts, h) / (h - h.mean(0)).square().sum()


def of_each_item(parts):
    c = centred(parts)
    h = c.sum(1)
    return ((c * h[:, None]).sum(2) / h.square().sum(1, keepdim=True)).mean(0)


def of_each_dimension(parts):
    c = centred(parts)
    h = c.sum(1)
    return ((c * h[:, None]).sum(0) / h.square().sum(0)).mean(1)


def correlation(parts):
    c = centred(parts)
    return torch.nn.functional.cosine_similarity(c, c.sum(1, keepdim=True), dim=2).mean(0)


def clamped(parts):
    found = share(centred(parts)).clamp(min=0)
    return found / found.sum()


def two_sources(parts):
    if parts.shape[1] == 1:
        return torch.ones(1)
    return share(parts)


def fitted(parts):
    found = share(centred(parts))
    return found if len(parts) in (2, 3, 30) else found.roll(1)


def loop_overwrites(parts):
    c = centred(parts)
    for v in range(len(c)):
        along = c[v] @ c[v].sum(0)
        square = c[v].sum(0) @ c[v].sum(0)
    return along / square


WRONG = [
    ("uncentred", lambda p: share(p), "nothing is centred"),
    ("share of norms", lambda p: lengths(p), "share of lengths"),
    ("share of squared norms", lambda p: p.square().sum((0, 2)) / p.square().sum(), "share of lengths"),
    ("share of centred norms", lambda p: lengths(centred(p)), "share of lengths"),
    ("share of variances", lambda p: centred(p).square().sum((0, 2)) / centred(p).square().sum(), "own spread"),
    ("own variance over the whole's", own_variance, "own spread"),
    ("standard deviations", deviations, "own spread"),
    ("products centred only", products_only, "only the products are centred"),
    ("squares centred only", squares_only, "only the squares are centred"),
    ("centred over sources", lambda p: share(p - p.mean(1, keepdim=True)), "axis"),
    ("centred over dimensions", lambda p: share(p - p.mean(2, keepdim=True)), "not over the dimensions"),
    ("centred over everything", lambda p: share(p - p.mean()), "everything at once"),
    ("mean of items' shares", of_each_item, "mean of the items' shares"),
    ("mean of dimensions' shares", of_each_dimension, "mean of the dimensions' shares"),
    ("correlation", correlation, "cosine"),
    ("absolute", lambda p: share(centred(p)).abs(), "sign is lost"),
    ("cut off", clamped, "cut off"),
    ("whole as a mean", lambda p: share(centred(p), centred(p).mean(1)), "not their mean"),
    ("covariance", lambda p: torch.einsum("usd,ud->s", centred(p), centred(p).sum(1)) / len(p), "not divided"),
    ("not divided", lambda p: torch.einsum("usd,ud->s", centred(p), centred(p).sum(1)), "not divided"),
    ("divided by a length", lambda p: share(centred(p)) * centred(p).sum(1).norm(), "divided by a length"),
    ("divided by the parts' spread",
     lambda p: torch.einsum("usd,ud->s", centred(p), centred(p).sum(1)) / centred(p).square().sum(),
     "spread of the parts"),
    ("softmax", lambda p: share(centred(p)).softmax(0), "softmax"),
    ("percent", lambda p: 100 * share(centred(p)), "not of 100"),
    ("one per item", lambda p: torch.einsum("usd,ud->us", centred(p), centred(p).sum(1)), "shape"),
    ("one number", lambda p: share(centred(p)).sum(), "same answer whatever"),
    ("hard-coded", lambda p: torch.ones(p.shape[1]) / p.shape[1], "by hand"),
    ("right for one source", two_sources, "nothing is centred"),
    ("fits the examples", fitted, "drawn anew"),
    ("only the last item", loop_overwrites, "by hand"),
    ("text", lambda p: str(share(centred(p))), "str"),
]  # fmt: skip
