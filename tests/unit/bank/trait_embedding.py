"""Answers to trait_embedding that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np
import torch

INF = float("inf")


def by_loop(rows, known, logits):
    out = []
    for v in range(len(rows)):
        there = known[v].nonzero().ravel()
        weights = torch.softmax(logits[there], dim=0)
        out.append(len(there) * (weights[:, None] * rows[v, there]).sum(dim=0))
    return torch.stack(out)


def by_exponentials(rows, known, logits):
    power = logits.exp() * known
    return known.sum(1, keepdim=True) * torch.einsum("us,usd->ud", power / power.sum(1, keepdim=True), rows)


def by_renormalising(rows, known, logits):
    weights = torch.softmax(logits, dim=0)[None, :] * known.float()
    weights = weights / weights.sum(dim=1, keepdim=True)
    m = known.sum(dim=1)
    return torch.bmm((m[:, None] * weights).unsqueeze(1), rows).squeeze(1)


def by_log_sum_exp(rows, known, logits):
    a = torch.where(known, logits, torch.tensor(-INF, device=logits.device))
    weights = (a - a.logsumexp(dim=1, keepdim=True)).exp()
    return ((weights * (1 + known[:, 1:].sum(dim=1, keepdim=True)))[:, :, None] * rows).sum(dim=1)


def by_added_mask(rows, known, logits):
    mask = (1.0 - known.double()) * -1e9
    weights = (logits[None, :].double() + mask).softmax(-1)
    contributions = weights[..., None] * rows.double() * known.sum(-1)[:, None, None]
    return contributions.sum(-2)


def in_place(rows, known, logits):
    a = logits.repeat(len(rows), 1)
    a[~known] = -INF
    rows[~known] = 0.0
    return known.sum(1)[:, None] * (torch.nn.Softmax(dim=1)(a).unsqueeze(-1) * rows).sum(1)


def source_by_source(rows, known, logits):
    total = sum(known[:, s].float() * torch.exp(logits[s]) for s in range(len(logits)))
    answer = 0
    for s in range(len(logits)):
        weight = known[:, s].float() * torch.exp(logits[s]) / total
        answer = answer + (weight * known.float().sum(1))[:, None] * rows[:, s, :]
    return answer


RIGHT = [
    lambda rows, known, logits: (
        known.sum(1)[:, None] * (logits.masked_fill(~known, -INF).softmax(1)[:, :, None] * rows).sum(1)
    ),
    by_loop,
    by_exponentials,
    by_renormalising,
    by_log_sum_exp,
    by_added_mask,
    source_by_source,
]


def mix(rows, weights, m=1.0):
    return ((m * weights)[:, :, None] * rows).sum(dim=1)


def number(known):
    return known.sum(dim=1, keepdim=True)


def soft(known, logits):
    return logits.masked_fill(~known, -INF).softmax(dim=1)


def everything(known, logits):
    return logits.softmax(dim=0).expand(known.shape)


def no_mask(rows, known, logits):
    return rows.shape[1] * (logits.softmax(0)[None, :, None] * rows).sum(1)


def masked_late(rows, known, logits):
    return mix(rows, everything(known, logits) * known, number(known))


def zeroed_rows(rows, known, logits):
    rows = rows * known[:, :, None]
    return known.sum(1)[:, None] * torch.einsum("s,usd->ud", torch.softmax(logits, 0), rows)


def zero_logits(rows, known, logits):
    return mix(rows, logits.masked_fill(~known, 0.0).softmax(dim=1), number(known))


def small_logits(rows, known, logits):
    return mix(rows, logits.masked_fill(~known, -1e-9).softmax(dim=1), number(known))


def wrong_axis(rows, known, logits):
    return mix(rows, logits.expand(known.shape).masked_fill(~known, -1e9).softmax(dim=0), number(known))


def mean_of_parts(rows, known, logits):
    return (known.sum(1)[:, None, None] * soft(known, logits)[:, :, None] * rows).mean(dim=1)


def first_mask(rows, known, logits):
    return known[0].sum() * (logits.masked_fill(~known[0], -INF).softmax(0)[None, :, None] * rows).sum(1)


def loop_returns_early(rows, known, logits):
    for v in range(len(rows)):
        weights = soft(known[v : v + 1], logits)[0]
        return known[v].sum() * (weights[:, None] * rows[v]).sum(0)


def rebuilt(rows, known, logits):
    return torch.tensor(by_loop(rows, known, logits).tolist())


def through_numpy(rows, known, logits):
    a = np.where(known, logits.detach().numpy(), -np.inf)
    power = np.exp(a - a.max(axis=1, keepdims=True))
    weights = torch.from_numpy(power / power.sum(axis=1, keepdims=True))
    return mix(rows, weights, number(known))


def own_left_out(rows, known, logits):
    known = known.clone()
    known[:, 0] = False
    return mix(rows, soft(known, logits).nan_to_num(0.0), number(known))


def for_two_sources(rows, known, logits):
    if rows.shape[:2] == (1, 2):
        e = 1 / (1 + math.exp(float(logits[1] - logits[0])))
        return 2 * (e * rows[:, 0] + (1 - e) * rows[:, 1])
    return masked_late(rows, known, logits)


def fitted(rows, known, logits):
    right = by_loop(rows, known, logits)
    return right if rows.shape in [(1, 2, 1), (2, 3, 2), (1, 3, 1), (1, 3, 2), (9, 5, 3), (40, 7, 4)] else right + 1


def endless(rows, known, logits):
    v = 0
    while v < len(rows):
        weights = soft(known, logits)
    return weights


def talkative(rows, known, logits):
    for _ in range(20_000):
        print(rows)
    return rows.sum(1)


WRONG = [
    ("no m", lambda r, k, a: mix(r, soft(k, a)), "factor m is missing"),
    ("no mask", no_mask, "mask is forgotten"),
    ("mask in m only", lambda r, k, a: mix(r, everything(k, a), number(k)), "mask is forgotten in the softmax"),
    ("mask in the softmax only", lambda r, k, a: mix(r, soft(k, a), r.shape[1]), "m counts all sources"),
    ("softmax before the mask", masked_late, "softmax comes before the mask"),
    ("rows zeroed, weights not", zeroed_rows, "do not add up to 1"),
    ("logits of the unknown 0", zero_logits, "exp(0) is 1"),
    ("logits of the unknown -1e-9", small_logits, "exp(0) is 1"),
    ("logits times mask, masked again", lambda r, k, a: mix(r, (a * k).softmax(1) * k, number(k)), "exp(0) is 1"),
    ("softmax over items", wrong_axis, "wrong axis"),
    ("softmax over items, NaN", lambda r, k, a: mix(r, a.masked_fill(~k, -INF).softmax(0), number(k)), "wrong axis"),
    ("mean for sum", mean_of_parts, "mean over the sources"),
    ("mean and no m", lambda r, k, a: (soft(k, a)[:, :, None] * r).mean(1), "factor m is missing"),
    ("plain mean", lambda r, k, a: mix(r, k.float() / number(k)), "logits have no say"),
    ("plain sum", lambda r, k, a: (k[:, :, None] * r).sum(1), "logits have no say"),
    ("logits as weights", lambda r, k, a: mix(r, a * k, number(k)), "logits are used as weights"),
    ("not normalised", lambda r, k, a: mix(r, a.exp() * k), "not normalised"),
    ("sigmoid", lambda r, k, a: mix(r, torch.sigmoid(a) * k, number(k)), "sigmoid"),
    ("sign", lambda r, k, a: mix(r, soft(k, -a), number(k)), "sign of the logits"),
    ("mask inverted", lambda r, k, a: mix(r, a.masked_fill(k, -INF).softmax(1), number(k)), "wrong way round"),
    ("m of the batch", lambda r, k, a: mix(r, soft(k, a), k.sum()), "whole batch"),
    ("m of the traits", lambda r, k, a: mix(r, soft(k, a), number(k) - 1), "not the item itself"),
    ("first item's mask", first_mask, "first item's mask"),
    ("own row left out", own_left_out, "own row is left out"),
    ("sum over items", lambda r, k, a: (number(k) * soft(k, a)).T @ r.sum(2), "shape"),
    ("contributions apart", lambda r, k, a: (number(k) * soft(k, a))[:, :, None] * r, "shape"),
    ("returns early", loop_returns_early, "shape"),
    ("broadcast", lambda r, k, a: k.sum(1) * (soft(k, a)[:, :, None] * r).sum(1), "second axis"),
    ("logits detached", lambda r, k, a: mix(r, soft(k, a.detach()), number(k)), "no gradient reaches `logits`"),
    ("rows detached", lambda r, k, a: mix(r.data, soft(k, a), number(k)), "no gradient reaches `rows`"),
    ("rebuilt", rebuilt, "no gradient reaches `rows`"),
    ("weights in NumPy", through_numpy, "no gradient reaches `logits`"),
    ("written into a leaf", in_place, "written into"),
    ("hard-coded", lambda r, k, a: torch.tensor([[6.9]]), "same answer whatever"),
    ("right for the first example", for_two_sources, "softmax comes before the mask"),
    ("fits the examples", fitted, "drawn anew"),
    ("for ever", endless, "stopped after"),
    ("prints", talkative, "printing"),
]  # fmt: skip
