"""Answers to worker_draws that learners give: right ones, and wrong ones with words that their hint must have."""

import random

import numpy as np
import torch


def by_children(seed, workers, n, items):
    children = np.random.SeedSequence(seed).spawn(workers)
    return np.stack([np.random.default_rng(child).integers(items, size=n) for child in children])


def by_pair_of_seeds(seed, workers, n, items):
    return np.array([np.random.default_rng([seed, worker]).integers(0, items, n) for worker in range(workers)])


def by_spawned_generators(seed, workers, n, items):
    return [generator.integers(items, size=n).tolist() for generator in np.random.default_rng(seed).spawn(workers)]


def by_text(seed, workers, n, items):
    return [random.Random(f"{seed} {worker}").choices(range(items), k=n) for worker in range(workers)]


def by_drawn_seeds(seed, workers, n, items):
    seeds = torch.randint(2**60, (workers,), generator=torch.Generator().manual_seed(seed)).tolist()
    rows = [torch.randint(items, (n,), generator=torch.Generator().manual_seed(own)) for own in seeds]
    return torch.stack(rows)


def by_numbers_apart(seed, workers, n, items):
    rows = [np.random.RandomState(seed * workers + worker).randint(items, size=n) for worker in range(workers)]
    return np.stack(rows)


def by_jumps(seed, workers, n, items):
    bits = np.random.PCG64(seed)
    return [np.random.Generator(bits.jumped(worker)).integers(items, size=n) for worker in range(workers)]


RIGHT = [
    by_children,
    by_pair_of_seeds,
    by_spawned_generators,
    by_text,
    by_drawn_seeds,
    by_numbers_apart,
    by_jumps,
]


def seeded(number):
    """A wrong answer whose workers take this number for their seed, a function of seed and worker."""

    def draws(seed, workers, n, items):
        rows = [np.random.default_rng(number(seed, worker)).integers(items, size=n) for worker in range(workers)]
        return np.stack(rows)

    return draws


def with_draw(draw):
    """A wrong answer whose workers have streams of their own, and draw in the wrong way."""

    def draws(seed, workers, n, items):
        generators = np.random.default_rng(seed).spawn(workers)
        return np.stack([draw(generator, n, items) for generator in generators])

    return draws


def seeded_again(seed, workers, n, items):
    rows = []
    for _ in range(workers):
        generator = np.random.default_rng(seed)
        rows.append(generator.integers(items, size=n))
    return np.stack(rows)


def seeded_once(seed, workers, n, items):
    return np.random.default_rng(seed).integers(items, size=(workers, n))


def one_after_another(seed, workers, n, items):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(items, (n,), generator=generator) for _ in range(workers)])


def tiled(seed, workers, n, items):
    return np.tile(np.random.default_rng(seed).integers(items, size=n), (workers, 1))


def in_pairs(seed, workers, n, items):
    return seeded(lambda s, w: [s, w // 2])(seed, workers, n, items)


def skipping(seed, workers, n, items):
    return [np.random.default_rng(seed).integers(items, size=n + worker)[worker:] for worker in range(workers)]


def first_is_fixed(seed, workers, n, items):
    return seeded(lambda s, w: [s, w] if w else 99)(seed, workers, n, items)


def moved(seed, workers, n, items):
    return (np.random.default_rng(seed).integers(items, size=n) + np.arange(workers)[:, None]) % items


def reordered(seed, workers, n, items):
    row = np.random.default_rng(seed).integers(items, size=n)
    return np.stack([np.random.default_rng([seed, worker]).permutation(row) for worker in range(workers)])


def counted(seed, workers, n, items):
    return (seed + np.arange(workers)[:, None] + np.arange(n)) % items


def no_seed(seed, workers, n, items):
    return np.random.default_rng().integers(items, size=(workers, n))


WRONG = [
    ("seeded again in each worker", seeded_again, "All workers draw the same"),
    ("one row for all", tiled, "All workers draw the same"),
    ("seed times worker", seeded(lambda s, w: s * w), "All workers draw the same"),
    ("two workers on a seed", in_pairs, "workers draw the same"),
    ("seed plus worker", seeded(lambda s, w: s + w), "put together to a number"),
    ("seed and a thousand workers", seeded(lambda s, w: s + 1000 * w), "put together to a number"),
    ("seed or worker", seeded(lambda s, w: s ^ w), "put together to a number"),
    ("one times the other", seeded(lambda s, w: (s + 1) * (w + 1)), "put together to a number"),
    ("the worker alone", seeded(lambda s, w: w), "seed does not reach the numbers"),
    ("the first worker is fixed", first_is_fixed, "does not reach every worker"),
    ("no seed", no_seed, "from `seed`"),
    ("one stream for all", seeded_once, "one stream"),
    ("one after another", one_after_another, "one stream"),
    ("skipping ahead", skipping, "overlap"),
    ("moved by the worker", moved, "moved by a constant"),
    ("in another order", reordered, "another order"),
    ("counted", counted, "equal steps"),
    ("the last is lost", with_draw(lambda g, n, items: g.integers(max(items - 1, 1), size=n)), "last item is never"),
    ("the first is lost", with_draw(lambda g, n, items: g.integers(min(1, items - 1), items, size=n)),
     "first item is never"),
    ("from one", with_draw(lambda g, n, items: g.integers(items, size=n) + 1), "from 0 to items - 1"),
    ("one too many", with_draw(lambda g, n, items: g.integers(items, size=n, endpoint=True)), "from 0 to items - 1"),
    ("rounded", with_draw(lambda g, n, items: (g.random(n) * (items - 1)).round().astype(int)), "rounded"),
    ("fractions", with_draw(lambda g, n, items: g.random(n) * items), "whole numbers"),
    ("from a shuffled heap", with_draw(lambda g, n, items: g.permutation(-(-n // items) * items)[:n] % items), "again"),
    ("no item again", with_draw(lambda g, n, items: g.choice(items, size=n, replace=n > items)), "again"),
    ("the square", with_draw(lambda g, n, items: (items * g.random(n) ** 2).astype(int)), "generator for each worker"),
    ("in columns", lambda seed, workers, n, items: by_children(seed, workers, n, items).T, "Workers are in columns"),
    ("in one row", lambda seed, workers, n, items: by_children(seed, workers, n, items).ravel(), "shape"),
    ("zeros", lambda seed, workers, n, items: np.zeros((workers, n), dtype=int), "equal steps"),
    ("no return", lambda seed, workers, n, items: None, "return"),
]  # fmt: skip
