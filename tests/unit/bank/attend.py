"""Answers to attend that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def logits_of(inputs, first, second):
    return torch.tanh(inputs @ first.T) @ second.T  # (B, L, K)


def by_filling(inputs, present, first, second):
    logits = logits_of(inputs, first, second).transpose(1, 2).masked_fill(~present[:, None], -torch.inf)
    return logits.softmax(dim=2).nan_to_num(0.0) @ inputs


def by_einsum(inputs, present, first, second):
    hidden = torch.einsum("bld,hd->blh", inputs, first).tanh()
    logits = torch.einsum("blh,kh->bkl", hidden, second).masked_fill(~present[:, None], -1e9)
    weights = logits.softmax(dim=-1) * present[:, None]
    return torch.einsum("bkl,bld->bkd", weights, inputs)


def by_bmm(inputs, present, first, second):
    users = len(inputs)
    hidden = torch.tanh(torch.bmm(inputs, first.T.expand(users, -1, -1)))
    logits = torch.bmm(hidden, second.T.expand(users, -1, -1))
    logits = torch.where(present[:, :, None], logits, torch.tensor(float("-inf"), dtype=logits.dtype))
    weights = torch.nan_to_num(torch.softmax(logits, dim=1))
    return torch.bmm(weights.transpose(1, 2), inputs)


def by_exponentials(inputs, present, first, second):
    size = logits_of(inputs, first, second).exp() * present[:, :, None]
    weights = size / size.sum(dim=1, keepdim=True).clamp(min=1e-20)
    return (weights[:, :, :, None] * inputs[:, :, None]).sum(dim=1)


def by_loop(inputs, present, first, second):
    summaries = []
    for rows, there in zip(inputs, present):
        own = rows[there]
        if len(own):
            weights = F.softmax(second @ torch.tanh(first @ own.T), dim=1)  # (K, items)
            summaries.append(weights @ own)
        else:
            summaries.append(torch.zeros(len(second), inputs.shape[2], dtype=inputs.dtype))
    return torch.stack(summaries)


def by_interest(inputs, present, first, second):
    hidden = F.linear(inputs, first).tanh()
    interests = []
    for row in second:
        logits = hidden @ row  # (B, L)
        weights = (logits - 1e9 * (~present)).softmax(dim=1) * present
        interests.append((weights[:, :, None] * inputs).sum(dim=1))
    return torch.stack(interests, dim=1)


def by_axes_of_the_paper(inputs, present, first, second):
    """H (d, L), as the formula has it."""
    columns = inputs.transpose(1, 2)
    logits = second @ torch.tanh(first @ columns)
    logits[~present[:, None].expand_as(logits)] = -1e9
    weights = torch.softmax(logits, 2) * present[:, None].to(inputs.dtype)
    return (columns @ weights.transpose(1, 2)).transpose(1, 2)


RIGHT = [by_filling, by_einsum, by_bmm, by_exponentials, by_loop, by_interest, by_axes_of_the_paper]


def filled(logits, present):
    return logits.masked_fill(~present[:, :, None], -torch.inf)


def weighed(logits, present):
    return filled(logits, present).softmax(dim=1).nan_to_num(0.0)


def made(logits=logits_of, weigh=weighed, end=lambda weights, inputs, present: weights.transpose(1, 2) @ inputs):
    return lambda x, present, first, second: end(weigh(logits(x, first, second), present), x, present)


def mixing(mixed):
    def answer(inputs, present, first, second):
        return weighed(logits_of(inputs, first, second), present).mT @ mixed(inputs, first)

    return answer


def striking(axis):
    return lambda logits, present: logits.softmax(dim=axis) * present[:, :, None]


def untransposed(x, first, second):
    return (x @ first).tanh() @ second


def nan_over_interests(inputs, present, first, second):
    return (filled(logits_of(inputs, first, second), present).softmax(dim=2).mT @ inputs).nan_to_num(0.0)


def no_tanh(x, first, second):
    return x @ first.T @ second.T


def nan_at_the_end(inputs, present, first, second):
    return (filled(logits_of(inputs, first, second), present).softmax(dim=1).mT @ inputs).nan_to_num(0.0)


def in_numpy(inputs, present, first, second):
    x, there = inputs.numpy(), present.numpy()[:, :, None]
    size = np.exp(np.tanh(x @ first.numpy().T) @ second.numpy().T) * there
    weights = size / np.maximum(size.sum(axis=1, keepdims=True), 1e-20)
    return torch.from_numpy(np.swapaxes(weights, 1, 2) @ x)


def detached(inputs, present, first, second):
    return weighed(logits_of(inputs, first, second).detach(), present).mT @ inputs


def no_third_axis(inputs, present, first, second):
    return logits_of(inputs, first, second).masked_fill(~present, -torch.inf).softmax(dim=1).mT @ inputs


def evenly(logits, present):
    there = present[:, :, None].to(logits.dtype)
    return (there / there.sum(dim=1, keepdim=True).clamp(min=1)).expand_as(logits)


def off_on_large_batches(inputs, present, first, second):
    return by_filling(inputs, present, first, second) + 1e-3 * (len(inputs) > 4)


def mean(weights, inputs, present):
    return (weights[:, :, :, None] * inputs[:, :, None]).mean(dim=1)


def mean_of_the_present(weights, inputs, present):
    return weights.mT @ inputs / present.sum(dim=1).clamp(min=1)[:, None, None]


WRONG = [
    ("over interests", made(weigh=striking(2)), "over the interests"),
    ("over interests, -inf", made(weigh=lambda a, p: filled(a, p).softmax(dim=2)), "over the interests"),
    ("over interests, -inf mended", made(weigh=lambda a, p: filled(a, p).softmax(2).nan_to_num(0.0)), "the interests"),
    ("over interests, -inf, zeros at the end", nan_over_interests, "over the interests"),
    ("over the batch", made(weigh=striking(0)), "over the batch"),
    ("over the batch, -inf", made(weigh=lambda a, p: filled(a, p).softmax(dim=0)), "over the batch"),
    ("over hidden", made(lambda x, a, b: (x @ a.T).softmax(dim=2) @ b.T), "hidden"),
    ("no tanh", made(no_tanh), "tanh is missing"),
    ("no tanh, nothing is NaN", made(no_tanh, lambda a, p: filled(a, p).softmax(dim=1)), "tanh is missing"),
    ("tanh at the end", made(lambda x, a, b: (x @ a.T @ b.T).tanh()), "not after both"),
    ("tanh twice", made(lambda x, a, b: logits_of(x, a, b).tanh()), "too many"),
    ("ReLU", made(lambda x, a, b: (x @ a.T).relu() @ b.T), "relu"),
    ("sigmoid", made(lambda x, a, b: (x @ a.T).sigmoid() @ b.T), "sigmoid"),
    ("padding has weight", made(weigh=lambda a, p: a.softmax(dim=1)), "padding is given weight"),
    ("masked too late", made(weigh=striking(1)), "add up to 1"),
    ("logit of 0", made(weigh=lambda a, p: (a * p[:, :, None]).softmax(dim=1)), "exp(0)"),
    ("filled with 0", made(weigh=lambda a, p: a.masked_fill(~p[:, :, None], 0).softmax(dim=1)), "exp(0)"),
    ("mask turned round", made(weigh=lambda a, p: weighed(a, ~p)), "wrong way round"),
    ("nothing is NaN", made(weigh=lambda a, p: filled(a, p).softmax(dim=1)), "zeros are due"),
    ("nothing is a mean", made(weigh=lambda a, p: a.masked_fill(~p[:, :, None], -1e9).softmax(1)), "zeros are due"),
    ("NaN in the gradient", nan_at_the_end, "is NaN"),
    ("W_1 untransposed", made(lambda x, a, b: (x @ a).tanh() @ b.T), "W_1 is (h, d)"),
    ("W_2 untransposed", made(lambda x, a, b: (x @ a.T).tanh() @ b), "W_2 is (K, h)"),
    ("neither transposed", made(lambda x, a, b: (x @ a).tanh() @ b), "transpose both"),
    ("neither transposed, no mask", made(untransposed, lambda a, p: a.softmax(dim=1)), "transpose both"),
    ("neither transposed, no mask, padding", made(untransposed, lambda a, p: a.softmax(dim=1)), "is given weight"),
    ("W_1 untransposed, no mask", made(lambda x, a, b: (x @ a).tanh() @ b.T, lambda a, p: a.softmax(1)), "(h, d)"),
    ("W_2 untransposed, no mask", made(lambda x, a, b: (x @ a.T).tanh() @ b, lambda a, p: a.softmax(1)), "(K, h)"),
    ("swapped", made(lambda x, a, b: (x @ b.T).tanh() @ a.T), "swapped"),
    ("scaled", made(lambda x, a, b: logits_of(x, a, b) / x.shape[2] ** 0.5), "root of d"),
    ("not normalised", made(weigh=lambda a, p: a.exp() * p[:, :, None]), "not normalised"),
    ("no softmax", made(weigh=lambda a, p: a * p[:, :, None]), "logits are used as weights"),
    ("evenly", made(weigh=evenly), "weigh the same"),
    ("mean", made(end=mean), "a mean is taken"),
    ("mean of the present", made(end=mean_of_the_present), "a mean is taken"),
    ("mixes the hidden", mixing(lambda x, first: torch.tanh(x @ first.T)), "hidden rows"),
    ("mixes W_1 H", mixing(lambda x, first: x @ first.T), "that is mixed"),
    ("squeezed", made(end=lambda w, x, p: (w.mT @ x).squeeze()), "length 1"),
    ("squeezed, one interest", made(end=lambda w, x, p: (w.mT @ x).squeeze(1)), "length 1"),
    ("one vector", made(end=lambda w, x, p: (w.mT @ x).sum(dim=1)), "added up"),
    ("axes swapped", made(end=lambda w, x, p: x.mT @ w), "swapped"),
    ("weights only", made(end=lambda w, x, p: w.mT), "these are the weights"),
    ("unit vectors", made(end=lambda w, x, p: F.normalize(w.mT @ x, dim=2)), "length 1"),
    ("over interests, no tanh", made(no_tanh, striking(2)), "over the interests"),
    ("mask without an axis", no_third_axis, "shapes"),
    ("numpy", in_numpy, "stay with torch"),
    ("partly detached", detached, "part of it is detached"),
    ("detached", torch.no_grad()(by_filling), "no gradient"),
    ("wrong on large batches", off_on_large_batches, "one interest first"),
    ("no return", lambda x, present, first, second: None, "return"),
    ("hard-coded", lambda x, present, first, second: torch.zeros(1, 2, 2), "same answer whatever"),
]  # fmt: skip
UNSAID = {
    "over interests, -inf": "without items",
    "over interests, -inf, zeros at the end": "without items",
    "over the batch, -inf": "without items",
}
