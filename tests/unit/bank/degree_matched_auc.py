"""Answers to degree_matched_auc that learners give: right ones, and wrong ones with words that their hint must have."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import mannwhitneyu, rankdata
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

import mtsgns_lite as mt


def cosine(vectors, pairs):
    unit = F.normalize(vectors, dim=1)
    return (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(dim=1)


def there(pairs, negatives):
    kept = negatives[:, 0] >= 0
    return pairs[kept], negatives[kept]


def scored(vectors, pairs, negatives):
    pairs, negatives = there(pairs, negatives)
    return cosine(vectors, pairs), cosine(vectors, negatives)


def by_table(vectors, pairs, negatives):
    true, false = scored(vectors, pairs, negatives)
    return (true[:, None] > false).float().mean() + 0.5 * (true[:, None] == false).float().mean()


def by_sign(vectors, pairs, negatives):
    true, false = scored(vectors, pairs, negatives)
    return (1 + torch.sign(true[:, None] - false[None, :])).mean().item() / 2


def by_library(vectors, pairs, negatives):
    true, false = scored(vectors, pairs, negatives)
    return mt.auc(true.numpy(), false.numpy())


def by_sklearn(vectors, pairs, negatives):
    kept = (negatives >= 0).all(dim=1).numpy()
    similarity = cosine_similarity(vectors.numpy())
    true, false = (similarity[tuple(p.numpy()[kept].T)] for p in (pairs, negatives))
    return roc_auc_score(np.r_[np.ones(len(true)), np.zeros(len(false))], np.r_[true, false])


def by_ranks(vectors, pairs, negatives):
    true, false = (score.numpy() for score in scored(vectors, pairs, negatives))
    rank = rankdata(np.concatenate([true, false]))[: len(true)].sum()
    return (rank - len(true) * (len(true) + 1) / 2) / (len(true) * len(false))


def by_test(vectors, pairs, negatives):
    true, false = (score.numpy() for score in scored(vectors, pairs, negatives))
    return mannwhitneyu(true, false).statistic / (len(true) * len(false))


def by_sorting(vectors, pairs, negatives):
    true, false = scored(vectors, pairs, negatives)
    false = false.sort().values
    below = torch.searchsorted(false, true) + torch.searchsorted(false, true, right=True)
    return below.double().mean() / 2 / len(false)


def by_loop(vectors, pairs, negatives):
    vectors, true, false = vectors.double().numpy(), [], []

    def score(a, b):
        length = np.linalg.norm(vectors[a]) * np.linalg.norm(vectors[b])
        return vectors[a] @ vectors[b] / length if length > 0 else 0.0

    for (a, b), (c, d) in zip(pairs.tolist(), negatives.tolist()):
        if c != -1:
            true.append(score(a, b))
            false.append(score(c, d))
    return sum((t > f) + (t == f) / 2 for t in true for f in false) / len(true) / len(false)


def by_torch_cosine(vectors, pairs, negatives):
    pairs, negatives = there(pairs, negatives)
    true = F.cosine_similarity(vectors[pairs[:, 0]], vectors[pairs[:, 1]])
    false = F.cosine_similarity(vectors[negatives[:, 0]], vectors[negatives[:, 1]])
    return torch.heaviside(true[:, None] - false, torch.tensor(0.5)).mean()


RIGHT = [by_table, by_sign, by_library, by_sklearn, by_ranks, by_test, by_sorting, by_loop, by_torch_cosine]


def auc(true, false):
    return ((true[:, None] > false).float() + (true[:, None] >= false).float()).mean() / 2


def with_score(score):
    def answer(vectors, pairs, negatives):
        pairs, negatives = there(pairs, negatives)
        return auc(score(vectors, pairs), score(vectors, negatives))

    return answer


def with_comparison(compare):
    return lambda vectors, pairs, negatives: compare(*scored(vectors, pairs, negatives))


def divided(vectors, pairs):
    a, b = vectors[pairs].unbind(1)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))


def last_item(vectors, pairs, negatives):
    return auc(cosine(vectors, pairs), cosine(vectors, negatives))


def first_item(vectors, pairs, negatives):
    return auc(cosine(vectors, pairs), cosine(vectors, negatives.clamp(min=0)))


def pair_stays(vectors, pairs, negatives):
    return auc(cosine(vectors, pairs), cosine(vectors, negatives[negatives[:, 0] >= 0]))


def zero_score(vectors, pairs, negatives):
    false = torch.where(negatives[:, 0] >= 0, cosine(vectors, negatives), torch.tensor(0.0))
    return auc(cosine(vectors, pairs), false)


def zeros_left_out(vectors, pairs, negatives):
    pairs, negatives = there(pairs, negatives)
    lengths = vectors.norm(dim=1)
    true, false = (p[(lengths[p] > 0).all(dim=1)] for p in (pairs, negatives))
    return auc(cosine(vectors, true), cosine(vectors, false)) if len(true) and len(false) else 0.5


def sampled(vectors, pairs, negatives):
    true, false = (score.tolist() for score in scored(vectors, pairs, negatives))
    draws = [(random.choice(true), random.choice(false)) for _ in range(1000)]
    return sum((t > f) + (t == f) / 2 for t, f in draws) / 1000


def nan_to_sklearn(vectors, pairs, negatives):
    pairs, negatives = there(pairs, negatives)
    score = torch.cat([divided(vectors, pairs), divided(vectors, negatives)])
    return roc_auc_score([1] * len(pairs) + [0] * len(negatives), score.numpy())


def fitted(vectors, pairs, negatives):
    right = by_table(vectors, pairs, negatives)
    return right if len(pairs) in (1, 2, 3, 4, 60) else right / 2


def three_things(vectors, pairs, negatives):
    true, false = divided(vectors, pairs), divided(vectors, negatives)
    return np.mean([t > f for t in true.tolist() for f in false.tolist()])


def sorted_ranks(vectors, pairs, negatives):
    true, false = scored(vectors, pairs, negatives)
    rank = torch.cat([true, false]).argsort().argsort()[: len(true)] + 1.0
    return (rank.sum() - len(true) * (len(true) + 1) / 2) / (len(true) * len(false))


WRONG = [
    ("dot product", with_score(lambda v, p: (v[p[:, 0]] * v[p[:, 1]]).sum(1)), "dot product"),
    ("Euclid", with_score(lambda v, p: -(v[p[:, 0]] - v[p[:, 1]]).norm(dim=1)), "distance"),
    ("cosine distance", with_score(lambda v, p: 1 - cosine(v, p)), "swapped"),
    ("absolute cosine", with_score(lambda v, p: cosine(v, p).abs()), "sign of the cosine"),
    ("normalised over items", with_score(lambda v, p: (F.normalize(v, dim=0)[p]).prod(1).sum(1)), "wrong axis"),
    ("NaN of a zero vector", with_score(divided), "zero vector"),
    ("NaN to sklearn", nan_to_sklearn, "zero vector"),
    ("zero vectors left out", zeros_left_out, "zero vector"),
    ("ties not counted", with_comparison(lambda t, f: (t[:, None] > f).float().mean()), "tie, which counts half"),
    ("ties won", with_comparison(lambda t, f: (t[:, None] >= f).float().mean()), "tie, which counts half"),
    ("swapped", with_comparison(lambda t, f: auc(f, t)), "swapped"),
    ("pair by pair", with_comparison(lambda t, f: ((t > f).float() + (t >= f).float()).mean() / 2), "own false one"),
    ("pair by pair, ties lost", with_comparison(lambda t, f: (t > f).float().mean()), "its own false one"),
    ("pair by pair, ties won", with_comparison(lambda t, f: (t >= f).float().mean()), "its own false one"),
    ("sampled", sampled, "nothing is drawn by chance"),
    ("sorted, ties anyhow", sorted_ranks, "tie, which counts half"),
    ("-1 as the last item", last_item, "-1"),
    ("-1 as the first item", first_item, "-1"),
    ("true pair stays", pair_stays, "the true pair has to be left out"),
    ("-1 scores 0", zero_score, "-1"),
    ("-1 as the last item, dot product",
     lambda v, p, n: auc((v[p[:, 0]] * v[p[:, 1]]).sum(1), (v[n[:, 0]] * v[n[:, 1]]).sum(1)), "dot product"),
    ("Gini", with_comparison(lambda t, f: 2 * auc(t, f) - 1), "between 0 and 1"),
    ("count", with_comparison(lambda t, f: (t[:, None] > f).sum() + 0.5 * (t[:, None] == f).sum()), "share"),
    ("divided once", with_comparison(lambda t, f: auc(t, f) * len(t)), "divided"),
    ("difference of means", with_comparison(lambda t, f: t.mean() - f.mean()), "difference of mean scores"),
    ("accuracy", with_comparison(lambda t, f: ((t > 0).float().mean() + (f <= 0).float().mean()) / 2), "threshold"),
    ("accuracy at a half", with_comparison(lambda t, f: torch.cat([t > 0.5, f <= 0.5]).float().mean()), "threshold"),
    ("table", with_comparison(lambda t, f: (t[:, None] > f).float()), "shape"),
    ("whole number", with_comparison(lambda t, f: (t[:, None] > f).long().float().mean().round().long()), "floating"),
    ("ties, NaN and -1", three_things, "NaN"),
    ("hard-coded", lambda v, p, n: 0.5, "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
]  # fmt: skip
