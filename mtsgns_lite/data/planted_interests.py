"""Generated users who want several things that have nothing to do with each other."""

from __future__ import annotations

import numpy as np

from .catalogue import Catalogue, Trait
from .dataset import Ragged
from .sequences import Sequences


def planted_interests(
    groups: int = 200,
    group_size: int = 10,
    users: int = 8_000,
    interests: int = 2,
    length: float = 16.0,
    stay: float = 0.5,
    stray: float = 0.05,
    skew: float = 0.5,
    seed: int = 0,
) -> tuple[Sequences, np.ndarray]:
    """Generate sequences of users with a few interests each, every pair of which is as likely as any other.

    A user's interests are groups of items, drawn evenly and different from each other. The user takes
    ``max(4, Poisson(length))`` items: each is of the same interest as the one before with the chance `stay`, and of
    another otherwise; within its group it is drawn in proportion to rank^-skew. A fraction `stray` of the items is any
    of the shop.

    Raises ``ValueError`` for numbers that make no shop.

    Returns
    -------
    Sequences, whose catalogue has the trait "group", and (users, interests) the groups that each user wants.
    """
    if not 1 <= interests <= groups or min(group_size, users) < 1:
        raise ValueError(f"{users} users with {interests} interests in {groups} groups of {group_size} make no shop.")
    rng = np.random.default_rng(seed)
    wants = np.argsort(rng.random((users, groups)), axis=1)[:, :interests]
    lengths = np.maximum(4, rng.poisson(length, size=users))
    moves = (rng.random((users, lengths.max())) >= stay) * rng.integers(1, max(2, interests), (users, lengths.max()))
    moves[:, 0] = rng.integers(interests, size=users)
    group = np.take_along_axis(wants, moves.cumsum(axis=1) % interests, axis=1)  # (users, most)
    popularity = np.arange(1, group_size + 1) ** -skew
    place = rng.choice(group_size, size=group.shape, p=popularity / popularity.sum())
    member = rng.permutation(groups * group_size)  # so that an item's number says nothing of its group
    items = member[group * group_size + place]
    strays = rng.random(items.shape) < stray
    items[strays] = rng.integers(len(member), size=int(strays.sum()))

    of = np.empty(len(member), dtype=np.int64)
    of[member] = np.arange(len(member)) // group_size
    names = [f"item {number:04d}" for number in range(len(member))]
    trait = Trait.from_values("group", [f"group {number:03d}" for number in of.tolist()])
    rows = Ragged.from_lengths(items[np.arange(items.shape[1]) < lengths[:, None]], lengths)
    return Sequences(Catalogue(names, names, [trait]), rows, "planted interests"), wants
