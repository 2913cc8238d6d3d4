"""Answers to user_vector that learners give: right ones, and wrong ones with words that their hint must have."""

import math

import numpy as np


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def weights_of(baskets, half_life):
    return 0.5 ** (np.arange(len(baskets))[::-1] / half_life)


def by_matrix(vectors, baskets, half_life):
    if not baskets:
        return np.zeros(vectors.shape[1])
    means = np.stack([unit(vectors)[basket].mean(axis=0) for basket in baskets])
    return unit(weights_of(baskets, half_life) @ means)


def by_loop(vectors, baskets, half_life):
    total = np.zeros(vectors.shape[1])
    for age, basket in enumerate(reversed(baskets)):
        rows = vectors[basket]
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        total += 2 ** (-age / half_life) * rows.sum(axis=0) / len(basket)
    length = np.linalg.norm(total)
    return total / length if length > 0 else total


def by_fading(vectors, baskets, half_life):
    """Each new basket makes all before it fade."""
    total = np.zeros(vectors.shape[1])
    for basket in baskets:
        total = total * 0.5 ** (1 / half_life) + np.mean(
            [vectors[i] / np.linalg.norm(vectors[i]) for i in basket], axis=0
        )
    return total / max(np.linalg.norm(total), 1e-12)


def by_exp(vectors, baskets, half_life):
    total, number = np.zeros(vectors.shape[1]), len(baskets)
    for place, basket in enumerate(baskets):
        weight = math.exp(-math.log(2) * (number - 1 - place) / half_life)
        for item in basket:
            total = total + weight / len(basket) * vectors[item] / math.sqrt(vectors[item] @ vectors[item])
    return total if not total.any() else total / math.sqrt(total @ total)


def ages_from_one(vectors, baskets, half_life):
    """Every weight is smaller by the same factor, which the last step undoes."""
    if len(baskets) == 0:
        return [0.0] * vectors.shape[1]
    weights = [0.5 ** ((len(baskets) - place) / half_life) for place in range(len(baskets))]
    total = sum(w * unit(vectors)[basket].mean(0) for w, basket in zip(weights, baskets))
    return (total / np.sqrt((total**2).sum())).tolist()


def averaged(vectors, baskets, half_life):
    if not baskets:
        return 0 * vectors[0]
    rows = [unit(vectors[basket]).mean(axis=0) for basket in baskets]
    return unit(np.average(rows, axis=0, weights=weights_of(baskets, half_life)))


RIGHT = [by_matrix, by_loop, by_fading, by_exp, ages_from_one, averaged]


def made(lengths=unit, mean=lambda rows: rows.mean(axis=0), weight=weights_of, end=unit, nothing=True):
    def answer(vectors, baskets, half_life):
        if not baskets and nothing:
            return np.zeros(vectors.shape[1])
        rows = lengths(vectors)
        return end(weight(baskets, half_life) @ np.stack([mean(rows[basket]) for basket in baskets]))

    return answer


def poured(vectors, baskets, half_life):
    items = [item for basket in baskets for item in basket]
    return unit(unit(vectors)[items].mean(axis=0)) if items else np.zeros(vectors.shape[1])


def returns_early(vectors, baskets, half_life):
    for basket in baskets:
        return unit(unit(vectors)[basket].mean(axis=0))
    return np.zeros(vectors.shape[1])


def loop_of_nothing(vectors, baskets, half_life):
    total = np.zeros(vectors.shape[1])
    for age, basket in enumerate(baskets[::-1]):
        total += 0.5 ** (age / half_life) * unit(vectors)[basket].mean(axis=0)
    return total / np.linalg.norm(total)


def no_return(vectors, baskets, half_life):
    by_matrix(vectors, baskets, half_life)


def ages(baskets):
    return np.arange(len(baskets))[::-1]


def places(baskets):
    return np.arange(len(baskets))


WRONG = [
    ("raw vectors", made(lengths=lambda rows: rows), "long one counts more"),
    ("one length for all", made(lengths=lambda rows: rows / np.linalg.norm(rows)), "long one counts more"),
    ("lengths of columns", made(lengths=lambda rows: rows / np.linalg.norm(rows, axis=0)), "axis"),
    ("sum of the basket", made(mean=lambda rows: rows.sum(axis=0)), "large basket counts more"),
    ("unit baskets", made(mean=lambda rows: unit(rows.mean(axis=0))), "unit vector of its own"),
    ("first item of a basket", made(mean=lambda rows: rows[0]), "first item"),
    ("oldest counts most", made(weight=lambda b, h: 0.5 ** (places(b) / h)), "oldest basket counts most"),
    ("grows with age", made(weight=lambda b, h: 2.0 ** (ages(b) / h)), "oldest basket counts most"),
    ("e for 2", made(weight=lambda b, h: np.exp(-ages(b) / h)), "1/e"),
    ("times half-life", made(weight=lambda b, h: 0.5 ** (ages(b) * h)), "more slowly"),
    ("half-life unused", made(weight=lambda b, h: 0.5 ** ages(b)), "half_life is not used"),
    ("no weights", made(weight=lambda b, h: np.ones(len(b))), "count the same"),
    ("whole half-lives", made(weight=lambda b, h: 0.5 ** (ages(b) // h)), "steps"),
    ("hyperbola", made(weight=lambda b, h: 1 / (1 + ages(b) / h)), "quarter after two"),
    ("last basket alone", made(weight=lambda b, h: (ages(b) == 0) * 1.0), "last basket"),
    ("not made a unit vector", made(end=lambda total: total), "made a unit vector"),
    ("not made one, raw", made(lengths=lambda rows: rows, end=lambda total: total), "made a unit vector"),
    ("sum of absolute values", made(end=lambda total: total / np.abs(total).sum()), "root of the sum"),
    ("poured together", poured, "poured together"),
    ("returns early", returns_early, "return inside the loop"),
    ("nothing to stack", made(nothing=False), "bought nothing"),
    ("nothing divides", loop_of_nothing, "bought nothing"),
    ("no return", no_return, "return"),
    ("hard-coded", lambda vectors, baskets, half_life: np.array([0.6, 0.8]), "same answer whatever"),
    ("a number for each basket", lambda v, b, h: weights_of(b, h), "of shape"),
    ("a generator of rows", lambda v, b, h: [unit(v)[own].mean(axis=0) for own in b], "of shape"),
]  # fmt: skip
