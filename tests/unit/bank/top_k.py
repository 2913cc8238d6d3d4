"""Answers to top_k that learners give: right ones, and wrong ones with words that their hint must have."""

import heapq
import math

import numpy as np


def cosines(vectors, query):
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors @ query / np.where(lengths > 0, lengths, 1) / np.linalg.norm(query)


def there(vectors, allowed):
    return allowed & vectors.any(axis=1)


def by_subset(vectors, query, k, allowed):
    may = np.flatnonzero(there(vectors, allowed))
    return may[np.argsort(-cosines(vectors, query)[may])[:k]]


def by_mask(vectors, query, k, allowed):
    scores = np.where(there(vectors, allowed), cosines(vectors, query), -np.inf)
    best = np.argsort(scores)[::-1][:k]
    return best[scores[best] > -np.inf]


def by_parting(vectors, query, k, allowed):
    mask = there(vectors, allowed)
    scores = np.where(mask, cosines(vectors, query), -2.0)
    k = min(k, int(mask.sum()))
    if k == 0:
        return []
    best = np.argpartition(-scores, k - 1)[:k]
    return best[np.argsort(-scores[best])]


def by_heap(vectors, query, k, allowed):
    found = []
    for item in range(len(vectors)):
        length = math.sqrt(vectors[item] @ vectors[item])
        if allowed[item] and length > 0:
            found.append((vectors[item] @ query / length, item))
    return [item for _, item in heapq.nlargest(k, found)]


def by_filtering_everything(vectors, query, k, allowed):
    """Late, but of the whole order, so that nothing is missed."""
    order = np.argsort(-cosines(vectors, query))
    return [int(item) for item in order if allowed[item] and vectors[item].any()][:k]


def by_nan(vectors, query, k, allowed):
    with np.errstate(all="ignore"):
        scores = vectors @ query / np.linalg.norm(vectors, axis=1)
    order = [item for item in np.argsort(-scores) if allowed[item] and not np.isnan(scores[item])]
    return np.array(order[:k])


def backwards(vectors, query, k, allowed):
    """What NumPy gives for [::-1] is a view that runs backwards."""
    may = np.flatnonzero(there(vectors, allowed))
    return may[np.argsort(cosines(vectors, query)[may])][::-1][:k]


RIGHT = [backwards, by_subset, by_mask, by_parting, by_heap, by_filtering_everything, by_nan]


def made(score=cosines, mask=there, order=lambda scores: np.argsort(-scores), end=lambda best, k: best[:k]):
    def answer(vectors, query, k, allowed):
        may = np.flatnonzero(mask(vectors, allowed))
        return end(may[order(score(vectors, query)[may])], k)

    return answer


def too_late(vectors, query, k, allowed):
    best = np.argsort(-np.where(vectors.any(axis=1), cosines(vectors, query), -9))[:k]
    return best[allowed[best]]


def too_late_with_holes(vectors, query, k, allowed):
    best = np.argsort(-cosines(vectors, query))[:k]
    return best[allowed[best]]


def filled_up(vectors, query, k, allowed):
    scores = np.where(there(vectors, allowed), cosines(vectors, query), -np.inf)
    return np.argsort(-scores, kind="stable")[:k]


def filled_up_with_holes(vectors, query, k, allowed):
    scores = np.where(allowed, cosines(vectors, query), -np.inf)
    return np.argsort(-scores, kind="stable")[:k]


def score_of_zero(vectors, query, k, allowed):
    return np.argsort(-(cosines(vectors, query) * allowed), kind="stable")[:k]


def in_the_subset(vectors, query, k, allowed):
    return np.argsort(-cosines(vectors[there(vectors, allowed)], query))[:k]


def in_the_subset_with_holes(vectors, query, k, allowed):
    return np.argsort(-cosines(vectors[allowed], query))[:k]


def scores_themselves(vectors, query, k, allowed):
    return np.sort(-cosines(vectors, query)[there(vectors, allowed)])[:k] * -np.linalg.norm(query)


def unguarded_parting(vectors, query, k, allowed):
    may = np.flatnonzero(there(vectors, allowed))
    scores = cosines(vectors, query)[may]
    best = np.argpartition(-scores, k)[:k]
    return may[best[np.argsort(-scores[best])]]


def whole_ranking(vectors, query, k, allowed):
    return np.argsort(-cosines(vectors, query))


def by_distance(vectors, query):
    return -np.linalg.norm(vectors - query, axis=1)


def no_return(vectors, query, k, allowed):
    by_mask(vectors, query, k, allowed)


WRONG = [
    ("dot product", made(score=lambda v, q: v @ q), "dot product"),
    ("dot product, holes found", made(score=lambda v, q: v @ q, mask=lambda v, allowed: allowed), "dot product"),
    ("distance", made(score=by_distance), "distance"),
    ("absolute cosine", made(score=lambda v, q: np.abs(cosines(v, q))), "sign is lost"),
    ("too late", too_late, "too late"),
    ("too late, holes found", too_late_with_holes, "too late"),
    ("no filter", made(mask=lambda v, allowed: v.any(axis=1)), "not used"),
    ("mask turned round", made(mask=lambda v, allowed: ~allowed & v.any(axis=1)), "wrong way round"),
    ("score of zero", score_of_zero, "score of 0"),
    ("filled up", filled_up, "fewer than k"),
    ("filled up, holes found", filled_up_with_holes, "fewer than k"),
    ("numbers in the subset", in_the_subset, "among the allowed items only"),
    ("numbers in the subset, holes found", in_the_subset_with_holes, "among the allowed items only"),
    ("holes found", made(mask=lambda v, allowed: allowed), "without a vector"),
    ("ascending", made(order=lambda scores: np.argsort(scores)), "farthest"),
    ("farthest first", made(end=lambda best, k: best[:k][::-1]), "upside down"),
    ("unsorted", made(end=lambda best, k: np.sort(best[:k])), "wrong order"),
    ("k - 1", made(end=lambda best, k: best[: k - 1]), "one item too few"),
    ("nearest skipped", made(end=lambda best, k: best[:k][1:]), "nearest item is left out"),
    ("scores", scores_themselves, "scores"),
    ("argpartition at k", unguarded_parting, "`k` may exceed"),
    ("whole ranking", whole_ranking, "of shape"),
    ("no return", no_return, "return"),
    ("hard-coded", lambda v, q, k, allowed: np.array([1]), "same answer whatever"),
]  # fmt: skip
