"""Answers to bought_rank that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def plain(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    scores = unit @ unit[clicks].mean(dim=0)
    scores[clicks] = -torch.inf
    return 1 + (scores > scores[bought]).sum()


def sorted_list(vectors, clicks, bought):
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    scores = unit @ unit[clicks].sum(0)
    order = [item for item in scores.argsort(descending=True).tolist() if item not in clicks]
    return order.index(bought) + 1


def with_numpy(vectors, clicks, bought):
    unit = vectors.numpy() / np.linalg.norm(vectors.numpy(), axis=1, keepdims=True)
    scores = unit @ np.mean(unit[clicks], axis=0)
    others = np.setdiff1d(np.arange(len(unit)), clicks)
    return int((scores[others] > scores[bought]).sum()) + 1


def with_cosine(vectors, clicks, bought):
    query = torch.stack([vectors[item] / vectors[item].norm() for item in clicks]).mean(0)
    scores = F.cosine_similarity(vectors, query[None])
    return 1 + sum(score > scores[bought] for item, score in enumerate(scores) if item not in clicks)


def argsort_twice(vectors, clicks, bought):
    unit = F.normalize(vectors)
    scores = unit @ F.normalize(unit[clicks].mean(0), dim=0)
    scores[list(set(clicks))] = -5.0
    return (-scores).argsort().argsort()[bought].item() + 1


def by_distance_of_unit_vectors(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    query = F.normalize(unit[clicks].mean(0), dim=0)
    away = (unit - query).norm(dim=1)  # as the cosine, once both have length 1
    away[clicks] = torch.inf
    return float((away < away[bought]).sum() + 1)


RIGHT = [plain, sorted_list, with_numpy, with_cosine, argsort_twice, by_distance_of_unit_vectors]


def ranked(query, score=lambda v, q: F.normalize(v, dim=1) @ q, out=True, first=1, descending=True):
    def answer(vectors, clicks, bought):
        scores = score(vectors, query(vectors, clicks)).clone()
        if not descending:
            scores = -scores
        if out:
            scores[clicks] = -torch.inf
        return first + (scores > scores[bought]).sum()

    return answer


def unit_mean(v, c):
    return F.normalize(v, dim=1)[c].mean(0)


def places(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    scores = unit @ unit[clicks].mean(0)
    scores[clicks] = -torch.inf
    return scores.argsort(descending=True)[bought]


def subtracted(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    scores = unit @ unit[clicks].mean(0)
    return (scores > scores[bought]).sum() + 1 - len(clicks)


def score_of_bought(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    return (unit @ unit[clicks].mean(0))[bought]


def of_all(vectors, clicks, bought):
    unit = F.normalize(vectors, dim=1)
    return (unit @ unit[clicks].mean(0)).argsort(descending=True)


def in_place(vectors, clicks, bought):
    vectors /= vectors.norm(dim=1, keepdim=True)
    scores = vectors @ vectors[clicks].mean(0)
    scores[clicks] = -torch.inf
    return 1 + (scores > scores[bought]).sum()


def clicks_grown(vectors, clicks, bought):
    rank = plain(vectors, clicks, bought)
    clicks.append(bought)
    return rank


WRONG = [
    ("in place", in_place, "writes into `vectors`"),
    ("clicks grown", clicks_grown, "writes into `clicks`"),
    ("clicked ones in", ranked(unit_mean, out=False), "still in the ranking"),
    ("from zero", ranked(unit_mean, first=0), "not 0"),
    ("from zero, clicked in", ranked(unit_mean, out=False, first=0), "not 0"),
    ("upside down", ranked(unit_mean, descending=False), "upside down"),
    ("upside down, clicked in", ranked(unit_mean, out=False, descending=False), "upside down"),
    ("lengths of clicks", ranked(lambda v, c: v[c].mean(0)), "length 1"),
    ("dot product", ranked(unit_mean, lambda v, q: v @ q), "dot product"),
    ("dot product throughout", ranked(lambda v, c: v[c].mean(0), lambda v, q: v @ q), "length"),
    ("last click", ranked(lambda v, c: F.normalize(v, dim=1)[c[-1]]), "only the last click"),
    ("first click", ranked(lambda v, c: v[c[0]]), "only the first click"),
    ("distinct clicks", ranked(lambda v, c: F.normalize(v, dim=1)[list(set(c))].mean(0)), "asks once"),
    ("distance", ranked(unit_mean, lambda v, q: -(v - q).norm(dim=1)), "distance"),
    ("argsort for ranks", places, "mixed up"),
    ("clicks subtracted", subtracted, "subtracted"),
    ("the score", score_of_bought, "its rank is asked for"),
    ("all items", of_all, "single number"),
    ("always first", lambda v, c, b: 1, "always first"),
    ("no return", lambda v, c, b: None, "return"),
]  # fmt: skip
