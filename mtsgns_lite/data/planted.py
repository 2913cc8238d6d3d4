"""A generated shop whose trait importances are known, so that a model can be asked whether it found them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .catalogue import Catalogue, Trait
from .dataset import Dataset, Ragged

SHARES = {"A": 0.44, "B": 0.24, "C": 0.0, "D": 0.12}
CARDINALITIES = {"A": 30, "B": 20, "C": 15, "D": 10}
BLOCK = 2_000  # baskets drawn at a time


def planted(
    traits: Mapping[str, float] | None = None,
    cardinalities: Mapping[str, int] | None = None,
    items: int = 2_000,
    baskets: int = 30_000,
    basket_length: float = 8.0,
    missing: float = 0.05,
    skew: float = 0.8,
    strength: float = 2.2,
    rank: int = 16,
    context_side: bool = False,
    seed: int = 0,
) -> Dataset:
    """Generate baskets from items whose vectors are made of their traits in known proportions.

    Item v has the vector ``z_v = sum_s sqrt(share_s) E_s[value of v in s] + sqrt(own) o_v``; all E and o are
    standard normal, of `rank` dimensions, over sqrt(rank). Each basket has a taste y ~ N(0, I), and
    item v enters it in proportion to ``popularity_v exp(strength z_v . y)``.

    Parameters
    ----------
    traits : each trait's share of the variance; what they leave to 1 is the item's own.
    cardinalities : each trait's number of values (20 where not given).
    missing : the fraction of trait values that the catalogue does not know.
    skew : popularity falls as rank^-skew.
    context_side : draw a basket's taste from a seed item instead, ``y = sqrt(rank) x_seed`` with context vectors x that
        are made of the traits in the same proportions but with values' vectors of their own.
    Raises ``ValueError`` when the shares are negative or add up to more than 1.

    Returns
    -------
    Dataset with ``truth = {"shares": {"item": own, trait: share, ...}}``.
    """
    traits = dict(SHARES if traits is None else traits)
    own = 1.0 - sum(traits.values())
    if min(traits.values(), default=0.0) < 0 or own < -1e-9:
        raise ValueError(f"Trait shares must be 0 or more and add up to at most 1; these are {traits}.")
    if items < 2:
        raise ValueError(f"A shop needs at least two items to learn which go together, not {items}.")
    rng = np.random.default_rng(seed)
    kinds = {**{name: 20 for name in traits}, **({} if cardinalities is None else cardinalities)}
    if cardinalities is None:
        kinds |= {name: CARDINALITIES[name] for name in traits if name in CARDINALITIES}
    values = {name: rng.integers(kinds[name], size=items) for name in traits}

    def vectors() -> np.ndarray:
        """(items, rank): the sum above, from freshly drawn E and o."""
        z = np.sqrt(max(own, 0.0)) * rng.standard_normal((items, rank))
        for name, share in traits.items():
            z += np.sqrt(share) * rng.standard_normal((kinds[name], rank))[values[name]]
        return z / np.sqrt(rank)

    target = vectors()
    context = vectors() if context_side else None
    popularity = np.log(rng.permutation(np.arange(1, items + 1) ** -skew))
    rows = [_draw(rng, target, context, popularity, strength, basket_length, min(BLOCK, baskets - start))
            for start in range(0, baskets, BLOCK)]  # fmt: skip
    drawn = Ragged.from_rows([row for block in rows for row in block])

    order = np.argsort(-np.bincount(drawn.values, minlength=items), kind="stable")  # most bought first
    number = np.empty(items, dtype=np.int64)
    number[order] = np.arange(items)
    columns = [_column(rng, name, values[name][order], missing) for name in traits]
    names = [f"item {place:04d}" for place in range(items)]
    return Dataset(
        name="planted",
        catalogue=Catalogue(names, names, columns),
        baskets=Ragged(number[drawn.values], drawn.offsets),
        users=rng.integers(max(1, baskets // 40), size=baskets),
        truth={"shares": {"item": own, **traits}},
        main_trait=max(traits, key=lambda name: traits[name]) if traits else None,
    )


def _draw(rng, target, context, popularity, strength, length, count) -> list[np.ndarray]:
    """`count` baskets without repeats: Gumbel noise on the logits, and the largest of each row."""
    rank = target.shape[1]
    seeds = None
    if context is None:
        taste = rng.standard_normal((count, rank))
    else:
        weight = np.exp(popularity) / np.exp(popularity).sum()
        seeds = rng.choice(len(target), size=count, p=weight)
        taste = np.sqrt(rank) * context[seeds]
    logits = popularity + strength * taste @ target.T + rng.gumbel(size=(count, len(target)))
    if seeds is not None:
        logits[np.arange(count), seeds] = np.inf
    sizes = np.clip(1 + rng.poisson(length - 1, size=count), 1, len(target))
    best = np.argsort(-logits, axis=1)[:, : sizes.max()]
    return [row[:size] for row, size in zip(best, sizes)]


def _column(rng, name: str, codes: np.ndarray, missing: float) -> Trait:
    hidden = rng.random(len(codes)) < missing
    return Trait.from_values(name, [None if gone else f"{name}{code:02d}" for code, gone in zip(codes, hidden)])
