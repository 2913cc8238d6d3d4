"""Answers to batch_scores that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def by_bmm(target, noise):
    return torch.bmm(noise, target[:, :, None]).squeeze(-1)


def by_bmm_turned(target, noise):
    return (target.unsqueeze(1) @ noise.transpose(1, 2)).squeeze(1)


def by_sum(target, noise):
    return (target[:, None, :] * noise).sum(dim=-1)


def by_expand(target, noise):
    return (target.unsqueeze(1).expand_as(noise) * noise).sum(2)


def by_loop(target, noise):
    scores = torch.zeros(noise.shape[:2])
    for pair in range(len(target)):
        for place in range(noise.shape[1]):
            scores[pair, place] = target[pair] @ noise[pair, place]
    return scores


def by_columns(target, noise):
    columns = [(target * noise[:, place]).sum(dim=1) for place in range(noise.shape[1])]
    return torch.stack(columns, dim=1)


def by_flat(target, noise):
    repeated = target.repeat_interleave(noise.shape[1], dim=0)
    return (repeated * noise.flatten(0, 1)).sum(1).view(noise.shape[:2])


def by_vecdot(target, noise):
    return torch.linalg.vecdot(target[:, None], noise)


RIGHT = [
    lambda target, noise: torch.einsum("pd,pkd->pk", target, noise),
    by_bmm,
    by_bmm_turned,
    by_sum,
    by_expand,
    by_loop,
    by_columns,
    by_flat,
    by_vecdot,
]


def stacked(target, noise):
    return torch.stack([negatives @ u for u, negatives in zip(target, noise)])


def unknown_size(target, noise):
    return (target[:, None] * noise).sum(2).reshape(len(target), -1)


def dealt_anew(target, noise):
    pairs, negatives, dim = noise.shape
    return torch.bmm(target[:, None], noise.reshape(pairs, dim, negatives))[:, 0]


def early(target, noise):
    for u, negatives in zip(target, noise):
        return negatives @ u


def numpy_scores(target, noise):
    return np.einsum("pd,pkd->pk", np.asarray(target), np.asarray(noise))


def without_gradient(target, noise):
    with torch.no_grad():
        return by_sum(target, noise)


def squeezed_if_one(target, noise):
    scores = torch.bmm(noise, target[:, :, None]).squeeze()
    return scores[None] if scores.ndim == 1 else scores


WRONG = [
    ("squeeze", lambda t, n: torch.bmm(n, t[:, :, None]).squeeze(), "Every axis of length 1"),
    ("squeeze, turned", lambda t, n: (t[:, None] @ n.mT).squeeze(), "Every axis of length 1"),
    ("sum and squeeze", lambda t, n: (t[:, None] * n).sum(2).squeeze(), "Every axis of length 1"),
    ("the first axis", lambda t, n: by_sum(t, n).squeeze(0), "first axis is dropped"),
    ("the middle axis", lambda t, n: by_bmm(t, n).squeeze(1), "negatives is dropped"),
    ("patched for one pair", squeezed_if_one, "a single number"),
    ("squeezed, then summed", lambda t, n: torch.bmm(n, t[:, :, None]).squeeze().sum(-1), "shape"),
    ("summed", lambda t, n: by_sum(t, n).sum(1), "added up"),
    ("averaged", lambda t, n: by_sum(t, n).mean(1), "averaged"),
    ("one number", lambda t, n: (t[:, None] * n).sum(), "scores are added up"),
    ("not summed", lambda t, n: t[:, None] * n, "not added up"),
    ("an axis left", lambda t, n: torch.bmm(n, t[:, :, None]), "axis too many"),
    ("the other axis left", lambda t, n: t[:, None] @ n.mT, "axis too many"),
    ("turned", lambda t, n: by_sum(t, n).T, "wrong way round"),
    ("flat", lambda t, n: by_sum(t, n).flatten(), "single row"),
    ("mean over d", lambda t, n: (t[:, None] * n).mean(2), "mean"),
    ("sum over k", lambda t, n: (t[:, None] * n).sum(1), "over the k negatives"),
    ("cosine", lambda t, n: F.cosine_similarity(t[:, None], n, dim=-1), "cosine"),
    ("distance", lambda t, n: -torch.cdist(t[:, None], n)[:, 0].square(), "distance"),
    ("minus", lambda t, n: -by_sum(t, n), "sign"),
    ("sigmoid", lambda t, n: by_sum(t, n).sigmoid(), "sigmoid"),
    ("loss", lambda t, n: F.softplus(by_sum(t, n)), "loss already"),
    ("dealt anew", dealt_anew, "deals the numbers out anew"),
    ("the first target", lambda t, n: n @ t[0], "first target"),
    ("every target", lambda t, n: t @ n.transpose(1, 2), "all pairs"),
    ("wrong broadcast", lambda t, n: (t * n).sum(2), "laid along the negatives"),
    ("stacked", stacked, "batch without pairs"),
    ("an unknown size", unknown_size, "batch without pairs"),
    ("returns early", early, "shape"),
    ("NumPy", numpy_scores, "stay with torch"),
    ("no_grad", without_gradient, "no gradient"),
    ("detached", lambda t, n: by_sum(t, n.detach()), "no gradient reaches `noise`"),
    ("hard-coded", lambda t, n: torch.ones(1, 1), "same answer whatever"),
]  # fmt: skip
