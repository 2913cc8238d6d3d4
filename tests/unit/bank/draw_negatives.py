"""Answers to draw_negatives that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def weigh(counts, exponent):
    return torch.where(counts > 0, counts.double() ** exponent, 0.0)


def by_multinomial(counts, n, exponent, generator):
    return torch.multinomial(weigh(counts, exponent), n, replacement=True, generator=generator)


def by_search(counts, n, exponent, generator):
    reach = weigh(counts, exponent).cumsum(0)
    return torch.searchsorted(reach, torch.rand(n, generator=generator).double() * reach[-1], right=True)


def by_occurring(counts, n, exponent, generator):
    there = counts.nonzero().flatten()
    return there[torch.multinomial(counts[there].float() ** exponent, n, True, generator=generator)]


def by_numpy(counts, n, exponent, generator):
    seed = int(torch.randint(2**31, (), generator=generator))
    weight = np.where(counts.numpy() > 0, counts.numpy().astype(float) ** exponent, 0)
    return np.random.default_rng(seed).choice(len(counts), size=n, p=weight / weight.sum())


def by_gumbel(counts, n, exponent, generator):
    noise = torch.rand((n, len(counts)), generator=generator).clamp(min=1e-12)
    return (weigh(counts, exponent).log() - (-noise.log()).log()).argmax(dim=1)


def by_loop(counts, n, exponent, generator):
    weights = [int(count) ** exponent if count > 0 else 0.0 for count in counts]
    drawn = []
    for uniform in (torch.rand(n, generator=generator) * sum(weights)).tolist():
        item, reach = 0, weights[0]
        while uniform >= reach and item < len(weights) - 1:
            item += 1
            reach += weights[item]
        drawn.append(item)
    return drawn


RIGHT = [by_multinomial, by_search, by_occurring, by_numpy, by_gumbel, by_loop]


def drawing(weight):
    """A wrong answer that draws with these weights, a function of the counts and the exponent."""

    def draw(counts, n, exponent, generator):
        weights = weight(counts.double(), exponent).double()
        return torch.multinomial(weights, n, replacement=True, generator=generator)

    return draw


def uniform(counts, n, exponent, generator):
    return torch.randint(len(counts), (n,), generator=generator)


def without_replacement(counts, n, exponent, generator):
    return torch.multinomial(weigh(counts, exponent), n, generator=generator)


def no_generator(counts, n, exponent, generator):
    return torch.multinomial(weigh(counts, exponent), n, replacement=True)


def own_seed(counts, n, exponent, generator):
    return torch.multinomial(weigh(counts, exponent), n, True, generator=torch.Generator().manual_seed(0))


def not_normalised(counts, n, exponent, generator):
    return np.random.default_rng(0).choice(len(counts), size=n, p=counts.numpy() ** exponent)


def last_lost(counts, n, exponent, generator):
    weights = weigh(counts, exponent)[:-1]
    return torch.multinomial(weights, n, True, generator=generator) if len(weights) else torch.zeros(n).long()


WRONG = [
    ("exponent ignored", drawing(lambda c, a: c), "exponent is ignored"),
    ("uniform", uniform, "equally often"),
    ("uniform over those that occur", drawing(lambda c, a: c > 0), "equally often"),
    ("0 to the power of 0", drawing(lambda c, a: c**a), "never occur"),
    ("one added", drawing(lambda c, a: (c + 1) ** a), "1 was added"),
    ("0.75 written in", drawing(lambda c, a: c**0.75), "0.75 is written into"),
    ("square root", drawing(lambda c, a: c**0.5), "square root"),
    ("negative exponent", drawing(lambda c, a: torch.where(c > 0, c**-a, 0.0)), "sign of the exponent"),
    ("times the exponent", lambda c, n, a, g: drawing(lambda c, a: c * a if a else c)(c, n, a, g), "exponent"),
    ("logarithm", drawing(lambda c, a: torch.log1p(c)), "logarithm"),
    ("softmax of counts", drawing(lambda c, a: torch.softmax(c, 0)), "softmax"),
    ("softmax after the power", drawing(lambda c, a: torch.softmax(c**a, 0)), "softmax"),
    ("the most frequent", lambda c, n, a, g: torch.full((n,), int(c.argmax())), "most frequent"),
    ("off by one", lambda c, n, a, g: (by_multinomial(c, n, a, g) + 1) % len(c), "off by one"),
    ("from one", lambda c, n, a, g: by_multinomial(c, n, a, g) + 1, "numbered from 0"),
    ("last lost", last_lost, "last item"),
    ("without replacement", without_replacement, "replacement"),
    ("no generator", no_generator, "generator"),
    ("own seed", own_seed, "different seeds draw the same"),
    ("floats", lambda c, n, a, g: by_multinomial(c, n, a, g).float(), "whole numbers"),
    ("a column", lambda c, n, a, g: by_multinomial(c, n, a, g)[:, None], "shape"),
    ("one item", lambda c, n, a, g: by_multinomial(c, 1, a, g), "shape"),
    ("shares", lambda c, n, a, g: weigh(c, a) / weigh(c, a).sum(), "shape"),
    ("not normalised", not_normalised, "divide the weights by their sum"),
    ("counts drawn", lambda c, n, a, g: c[by_multinomial(c, n, a, g)], "item"),
]  # fmt: skip
