"""Answers to sgns_loss that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.functional import logsigmoid, softplus


def dots(u, v):
    return (u * v).sum(-1)


def near(u, noise):
    return torch.einsum("pd,pkd->pk", u, noise)


def by_softplus(u, v, noise):
    return (softplus(-dots(u, v)) + softplus(near(u, noise)).sum(1)).mean()


def by_logsigmoid(u, v, noise):
    return -(logsigmoid(dots(u, v)) + logsigmoid(-(noise @ u.unsqueeze(2)).squeeze(2)).sum(dim=1)).mean()


def by_entropy(u, v, noise):
    scores = (u[:, None] * torch.cat([v[:, None], noise], dim=1)).sum(2)
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="sum") / len(u)


def by_loop(u, v, noise):
    total = 0.0
    for target, context, negatives in zip(u, v, noise):
        total = total + softplus(-(target @ context))
        for negative in negatives:
            total = total + softplus(target @ negative)
    return total / len(u)


def by_logaddexp(u, v, noise):
    zero = torch.zeros((), dtype=torch.float64)
    true, false = dots(u, v).double(), near(u, noise).double()
    return torch.logaddexp(zero, -true).mean() + torch.logaddexp(zero, false).sum() / false.shape[0]


def by_bmm(u, v, noise):
    signed = torch.cat([-v[:, None], noise], dim=1)
    return softplus(torch.bmm(signed, u[:, :, None])).sum(dim=(1, 2)).mean()


RIGHT = [by_softplus, by_logsigmoid, by_entropy, by_loop, by_logaddexp, by_bmm]


def loss(positive=lambda s: softplus(-s), negative=lambda t: softplus(t).sum(1)):
    """A wrong answer made of these two terms."""
    return lambda u, v, noise: (positive(dots(u, v)) + negative(near(u, noise))).mean()


def by_log(u, v, noise):
    return -(torch.log(torch.sigmoid(dots(u, v))) + torch.log(1 - torch.sigmoid(near(u, noise))).sum(1)).mean()


def with_epsilon(u, v, noise):
    true, false = torch.sigmoid(dots(u, v)), torch.sigmoid(-near(u, noise))
    return -(torch.log(true + 1e-10) + torch.log(false + 1e-10).sum(1)).mean()


def clamped(u, v, noise):
    return (softplus(-dots(u, v).clamp(-50, 50)) + softplus(near(u, noise).clamp(-50, 50)).sum(1)).mean()


def summed(u, v, noise):
    return by_softplus(u, v, noise) * len(u)


def numpy_loss(u, v, noise):
    u, v, noise = (np.asarray(part.detach()) for part in (u, v, noise))
    true, false = (u * v).sum(1), np.einsum("pd,pkd->pk", u, noise)
    return (np.logaddexp(0, -true) + np.logaddexp(0, false).sum(1)).mean()


def two_faults(u, v, noise):
    return (softplus(-dots(u, v)) + softplus(-near(u, noise)).sum(1)).sum()


def early(u, v, noise):
    for i in range(len(u)):
        return softplus(-u[i] @ v[i]) + softplus(noise[i] @ u[i]).sum()


WRONG = [
    ("negatives' sign", loss(negative=lambda t: softplus(-t).sum(1)), "sign of the positives"),
    ("positives' sign", loss(positive=softplus), "positive term has the wrong sign"),
    ("minus negatives", loss(negative=lambda t: -softplus(t).sum(1)), "subtracted"),
    ("negated", lambda u, v, n: -by_softplus(u, v, n), "The sign"),
    ("mean over negatives", loss(negative=lambda t: softplus(t).mean(1)), "averaged"),
    ("no negatives", loss(negative=lambda t: 0), "negatives' term is missing"),
    ("no positives", loss(positive=lambda s: 0), "positive term is missing"),
    ("first negative", lambda u, v, n: by_softplus(u, v, n[:, :1]), "first negative"),
    ("first pair's negatives", lambda u, v, n: by_softplus(u, v, n[:1].expand(n.shape)), "first pair's negatives"),
    ("scored against v", lambda u, v, n: (softplus(-dots(u, v)) + softplus(near(v, n)).sum(1)).mean(), "against v"),
    ("sum inside", loss(negative=lambda t: softplus(t.sum(1))), "inside the logarithm"),
    ("sum", summed, "mean over the pairs is missing"),
    ("not reduced", lambda u, v, n: softplus(-dots(u, v)) + softplus(near(u, n)).sum(1),
     "mean over the pairs is missing"),
    ("divided by k", lambda u, v, n: by_softplus(u, v, n) / n.shape[1], "number of negatives"),
    ("batch of negatives", loss(negative=lambda t: softplus(t).sum()), "missing in the negatives' term"),
    ("log of sigmoid", by_log, "scores of 1000"),
    ("epsilon", with_epsilon, "scores of 1000"),
    ("clamped", clamped, "scores of 1000"),
    ("no logarithm", loss(lambda s: -s.sigmoid(), lambda t: -(-t).sigmoid().sum(1)), "no logarithm"),
    ("no sigmoid", loss(lambda s: -s, lambda t: t.sum(1)), "no sigmoid"),
    ("cosine", lambda u, v, n: by_softplus(F.normalize(u, dim=1), F.normalize(v, dim=1), F.normalize(n, dim=2)),
     "cosine"),
    ("wrong axis", lambda u, v, n: (softplus(-dots(u, v)) + softplus((n * u[:, None]).sum(1)).sum(1)).mean(), "axis"),
    ("wrong axis, pairs", lambda u, v, n: (softplus(-(u * v).sum(0)) + softplus(near(u, n)).sum(1)).mean(), "axis"),
    ("not broadcast", lambda u, v, n: (softplus(-dots(u, v)) + softplus((u * n).sum(2)).sum(1)).mean(),
     "other pairs' u"),
    ("mean over d", lambda u, v, n: (softplus(-(u * v).mean(1)) + softplus((u[:, None] * n).mean(2)).sum(1)).mean(),
     "adds"),
    ("detached noise", lambda u, v, n: by_softplus(u, v, n.detach()), "no gradient reaches `noise`"),
    ("detached context", lambda u, v, n: by_softplus(u, v.data, n), "no gradient reaches `v`"),
    ("a number", lambda u, v, n: float(by_softplus(u, v, n)), "no gradient"),
    ("numpy", numpy_loss, "no gradient"),
    ("hard-coded", lambda u, v, n: torch.tensor(0.44019), "same answer whatever"),
    ("two faults", two_faults, "sign of the positives"),
    ("early return", early, "return inside its loop"),
    ("shapes", lambda u, v, n: (softplus(-dots(u, v)) + softplus(n @ u).sum(1)).mean(), "shapes"),
    ("every pair", lambda u, v, n: (softplus(-(u @ v.T)).mean(1) + softplus(near(u, n)).sum(1)).mean(),
     "Every u meets every v"),
]  # fmt: skip
