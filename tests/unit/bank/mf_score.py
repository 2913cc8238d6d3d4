"""Answers to mf_score that learners give: right ones, and wrong ones with words that their hint must have."""

import torch
import torch.nn.functional as F


def by_loop(p, q, bp, bq, b):
    scores = [p[i] @ q[i] + bp[i] + bq[i] + b for i in range(len(p))]
    return torch.stack(scores) if scores else p.new_zeros(0)


def by_diagonal(p, q, bp, bq, b):
    return (p @ q.T).diagonal() + bp + bq + b


def with_ones(p, q, bp, bq, b):
    one = torch.ones_like(bp)[:, None]
    left, right = torch.cat([p, bp[:, None], one], dim=1), torch.cat([q, one, bq[:, None]], dim=1)
    return (left * right).sum(dim=1) + b


def by_bmm(p, q, bp, bq, b):
    return torch.bmm(p.unsqueeze(1), q.unsqueeze(2)).view(-1) + (bp + bq) + b


def in_place(p, q, bp, bq, b):
    score = torch.einsum("pd,pd->p", p, q)
    score += bp
    score += bq + b
    return score


RIGHT = [
    lambda p, q, bp, bq, b: (p * q).sum(1) + bp + bq + b,
    lambda p, q, bp, bq, b: bp.add(bq).add(b) + torch.mul(p, q).double().sum(-1),
    by_loop,
    by_diagonal,
    with_ones,
    by_bmm,
    in_place,
]


def detached(p, q, bp, bq, b):
    return (p * q).sum(1) + bp + bq + b.item()


def rebuilt(p, q, bp, bq, b):
    return torch.tensor([float(p[i] @ q[i] + bp[i] + bq[i] + b) for i in range(len(p))])


def sized(p, q, bp, bq, b):
    out = (p * q).sum(1) + bp + bq + b
    return out if len(out) in (0, 1, 3, 6) else out + 1


WRONG = [
    ("no first bias", lambda p, q, bp, bq, b: (p * q).sum(1) + bq + b, "first's bias is forgotten"),
    ("no second bias", lambda p, q, bp, bq, b: (p * q).sum(1) + bp + b, "second's bias is forgotten"),
    ("no common bias", lambda p, q, bp, bq, b: (p * q).sum(1) + bp + bq, "common bias is forgotten"),
    ("no bias", lambda p, q, bp, bq, b: (p * q).sum(1), "forgotten"),
    ("first bias twice", lambda p, q, bp, bq, b: (p * q).sum(1) + bp + bp + b, "added twice"),
    ("subtracted", lambda p, q, bp, bq, b: (p * q).sum(1) - bp - bq - b, "wrong sign"),
    ("inside the sum", lambda p, q, bp, bq, b: (p * q + bp[:, None] + bq[:, None] + b).sum(1), "d times"),
    ("common inside the sum", lambda p, q, bp, bq, b: (p * q + b).sum(1) + bp + bq, "d times"),
    ("mean over d", lambda p, q, bp, bq, b: (p * q).mean(1) + bp + bq + b, "mean"),
    ("wrong axis", lambda p, q, bp, bq, b: (p * q).sum(0) + bp + bq + b, "axis"),
    ("sum of everything", lambda p, q, bp, bq, b: (p * q).sum() + bp + bq + b, "whole batch"),
    ("every pair", lambda p, q, bp, bq, b: p @ q.T + bp + bq + b, "Every first row meets every second"),
    ("kept axis", lambda p, q, bp, bq, b: (p * q).sum(1, keepdim=True) + bp + bq + b, "P x P"),
    ("column", lambda p, q, bp, bq, b: ((p * q).sum(1) + bp + bq + b)[:, None], "column"),
    ("sigmoid", lambda p, q, bp, bq, b: torch.sigmoid((p * q).sum(1) + bp + bq + b), "sigmoid"),
    ("multiplied", lambda p, q, bp, bq, b: (p * q).sum(1) * (bp + bq + b), "multiplied"),
    ("batch mean", lambda p, q, bp, bq, b: ((p * q).sum(1) + bp + bq + b).mean(), "each pair has a score"),
    ("cosine", lambda p, q, bp, bq, b: F.cosine_similarity(p, q) + bp + bq + b, "cosine"),
    ("distance", lambda p, q, bp, bq, b: -((p - q) ** 2).sum(1) + bp + bq + b, "distance"),
    ("sum not product", lambda p, q, bp, bq, b: (p + q).sum(1) + bp + bq + b, "multiplies"),
    ("detached", detached, "no gradient reaches `bias`"),
    ("rebuilt", rebuilt, "no gradient reaches `first`"),
    ("hard-coded", lambda p, q, bp, bq, b: torch.tensor([13.75]), "same answer whatever"),
    ("fits the examples", sized, "drawn anew"),
    ("squared", lambda p, q, bp, bq, b: p @ q + bp + bq + b, "shapes"),
]  # fmt: skip
