"""Answers to mf_loss that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np
import torch
import torch.nn.functional as F

bce = F.binary_cross_entropy_with_logits


def dots(first, second):
    return (first * second).sum(dim=1)


def by_softplus(first, second, label):
    scores = torch.einsum("pd,pd->p", first, second)
    return (F.softplus(scores) - label * scores).mean()


def by_signs(first, second, label):
    return -F.logsigmoid((2 * label - 1) * (first * second).sum(-1)).mean()


def by_loop(first, second, label):
    total = 0
    for p, q, y in zip(first, second, label):
        score = p @ q
        total = total + (F.softplus(-score) if y == 1 else F.softplus(score))
    return total / len(label)


def by_where(first, second, label):
    scores = torch.bmm(first[:, None, :], second[:, :, None]).flatten()
    return torch.where(label > 0, F.softplus(-scores), F.softplus(scores)).mean()


def by_logaddexp(first, second, label):
    scores = torch.linalg.vecdot(first.double(), second.double())
    return torch.logaddexp(torch.zeros_like(scores), scores).mean() - (label * scores).mean()


def in_place(first, second, label):
    score = (first * second).sum(1)
    score *= 1 - 2 * label
    return F.softplus(score).sum() / label.numel()


RIGHT = [
    lambda first, second, label: bce(dots(first, second), label),
    by_softplus,
    by_signs,
    by_loop,
    by_where,
    by_logaddexp,
    in_place,
]


def by_hand(first, second, label):
    chance = torch.sigmoid(dots(first, second))
    return -(label * torch.log(chance) + (1 - label) * torch.log(1 - chance)).mean()


def with_epsilon(first, second, label):
    chance = torch.sigmoid(dots(first, second))
    return -(label * torch.log(chance + 1e-8) + (1 - label) * torch.log(1 - chance + 1e-8)).mean()


def overwritten(first, second, label):
    for p, q, y in zip(first, second, label):
        loss = bce(p @ q, y)
    return loss


def early(first, second, label):
    for p, q, y in zip(first, second, label):
        return bce(p @ q, y)


def apart(first, second, label):
    scores = dots(first, second)
    true, false = scores[label == 1], scores[label == 0]
    return F.softplus(-true).mean() + F.softplus(false).mean()


def numpy_loss(first, second, label):
    score = (np.asarray(first) * np.asarray(second)).sum(1)
    return np.mean(np.logaddexp(0, score) - np.asarray(label) * score)


def no_graph(first, second, label):
    with torch.no_grad():
        return bce(dots(first, second), label)


def item(first, second, label):
    return bce(dots(first, second), label).item()


def wrong_axis_and_sum(first, second, label):
    return F.binary_cross_entropy_with_logits((first * second).mean(1), label, reduction="sum")


def no_logarithm(first, second, label):
    chance = torch.sigmoid(dots(first, second))
    return -(label * chance + (1 - label) * (1 - chance)).mean()


def forgot_return(first, second, label):
    bce(dots(first, second), label)


WRONG = [
    ("the sum", lambda p, q, y: bce(dots(p, q), y, reduction="sum"), "mean over the pairs is missing"),
    ("not reduced", lambda p, q, y: bce(dots(p, q), y, reduction="none"), "mean over the pairs is missing"),
    ("labels flipped", lambda p, q, y: bce(dots(p, q), 1 - y), "wrong way round"),
    ("sign", lambda p, q, y: -bce(dots(p, q), y), "sign"),
    ("sign of the score", lambda p, q, y: bce(-dots(p, q), y), "wrong way round"),
    ("positives only", lambda p, q, y: (y * F.softplus(-dots(p, q))).mean(), "labelled 0 don't count"),
    ("negatives only", lambda p, q, y: ((1 - y) * F.softplus(dots(p, q))).mean(), "labelled 1 don't count"),
    ("label ignored", lambda p, q, y: F.softplus(-dots(p, q)).mean(), "label is ignored"),
    ("second sign", lambda p, q, y: (y * F.softplus(-dots(p, q)) - (1 - y) * F.softplus(dots(p, q))).mean(), "sign"),
    ("sigmoid twice", lambda p, q, y: bce(torch.sigmoid(dots(p, q)), y), "twice"),
    ("squared error", lambda p, q, y: F.mse_loss(dots(p, q), y), "squared error"),
    ("squared chance", lambda p, q, y: F.mse_loss(torch.sigmoid(dots(p, q)), y), "squared error"),
    ("cosine", lambda p, q, y: bce(F.cosine_similarity(p, q), y), "cosine"),
    ("mean over d", lambda p, q, y: bce((p * q).mean(1), y), "mean"),
    ("wrong axis", lambda p, q, y: bce((p * q).sum(0), y), "ax"),
    ("every pair", lambda p, q, y: (F.softplus(p @ q.T) - y * (p @ q.T)).mean(), "Every first row meets every second"),
    ("log of sigmoid", by_hand, "logarithm"),
    ("epsilon", with_epsilon, "large scores"),
    ("clamped", lambda p, q, y: F.binary_cross_entropy(torch.sigmoid(dots(p, q)), y), "large scores"),
    ("base 2", lambda p, q, y: bce(dots(p, q), y) / math.log(2), "base 2"),
    ("overwritten", overwritten, "overwritten"),
    ("returned early", early, "return inside its loop"),
    ("averaged apart", apart, "apart"),
    ("divided by positives", lambda p, q, y: bce(dots(p, q), y, reduction="sum") / y.sum(), "number of true pairs"),
    ("detached", lambda p, q, y: bce(dots(p.detach(), q), y), "no gradient reaches `first`"),
    ("detached second", lambda p, q, y: bce(dots(p, q.data), y), "no gradient reaches `second`"),
    ("no_grad", no_graph, "no gradient"),
    ("item", item, "no gradient"),
    ("numpy", numpy_loss, "stay with torch"),
    ("hard-coded", lambda p, q, y: torch.tensor(0.3133), "same answer whatever"),
    ("two faults", wrong_axis_and_sum, "over the pairs is missing"),
    ("no sigmoid", lambda p, q, y: -(y * dots(p, q).log() + (1 - y) * (1 - dots(p, q)).log()).mean(), "is missing"),
    ("no logarithm", no_logarithm, "logarithm is missing"),
    ("no return", forgot_return, "return"),
    ("matrix product", lambda p, q, y: bce(p @ q, y), "shapes"),
    ("torch.dot", lambda p, q, y: bce(torch.dot(p, q), y), "every row of a batch"),
]  # fmt: skip
