"""What a service needs of a trained model, as plain arrays: vectors of items and users, and of traits for new items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from ..cold import TraitRows, Values, codes_of
from ..data.catalogue import Catalogue
from ..data.dataset import Dataset, Ragged
from ..models.base import ItemModel
from ..models.traits import MultiTraitSGNS
from .index import unit

HALF_LIFE = 3.0


@dataclass(frozen=True)
class Embeddings:
    """Vectors, and what they belong to.

    Attributes
    ----------
    vectors : (items, d); a zero row is an item without a vector.
    counts : (items,) how often training saw each item.
    traits : for vectors of new items; None where the model has none.
    users : (users, d), and `bought`, the items of each: None where they are not known. A zero row is a user without a
        vector.
    user_ids : (users,) texts, the shop's own ids; where they are None, a user's id is its number as text.
    """

    catalogue: Catalogue
    vectors: np.ndarray
    counts: np.ndarray
    traits: TraitRows | None = None
    users: np.ndarray | None = None
    bought: Ragged | None = None
    user_ids: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or not len(self.vectors) == len(self.counts) == len(self.catalogue):
            raise ValueError(
                f"Vectors {self.vectors.shape} and {len(self.counts)} counts do not fit {len(self.catalogue)} items: "
                "give one row and one count for each."
            )
        with np.errstate(over="ignore"):  # a number whose square is infinite is as bad
            lengths = [np.linalg.norm(vectors, axis=1) for vectors in (self.vectors, self.users) if vectors is not None]
        if not all(np.isfinite(length).all() for length in lengths):
            raise ValueError("Some vectors hold NaN or infinity: train the model again with a smaller rate.")
        if (-1 if self.users is None else len(self.users)) != (-1 if self.bought is None else len(self.bought)):
            raise ValueError("Each user needs a vector and what they bought: give `users` and `bought`, or neither.")
        ids = self.user_ids
        if ids is not None and (self.users is None or not len(ids) == len(set(ids)) == len(self.users)):
            raise ValueError("Each user with a vector needs one id, and no other has it: give as many `user_ids`.")

    @cached_property
    def known_users(self) -> int:
        """How many users have a vector."""
        return 0 if self.users is None else int(np.count_nonzero(self.users.any(axis=1)))

    @classmethod
    @torch.no_grad()
    def of(
        cls, model: ItemModel, dataset: Dataset | None = None, which: str = "target", half_life: float = HALF_LIFE
    ) -> Embeddings:
        """Those of a model; with a data set of baskets whose users are known, its users too (see `user_vectors`)."""
        vectors = model.embeddings(which).cpu().numpy().astype(np.float32)
        traits = TraitRows.of(model) if type(model) is MultiTraitSGNS and which == "target" else None
        users = bought = user_ids = None
        if dataset is not None and dataset.baskets is not None and dataset.users is not None:
            if not np.array_equal(dataset.catalogue.ids, model.catalogue.ids):
                raise ValueError("The data set has other items than the model: take the one it was trained on.")
            users = user_vectors(vectors, dataset.baskets, dataset.users, half_life)
            usage = dataset.usage()
            bought = Ragged.from_lengths(usage.item, np.bincount(usage.user, minlength=len(users)))
            user_ids = None if dataset.user_ids is None else dataset.user_ids[: len(users)]  # later ones have no basket
        return cls(model.catalogue, vectors, model.counts.cpu().numpy(), traits, users, bought, user_ids)

    def cold_vector(self, values: Values) -> np.ndarray:
        """(d,) the vector of a new item from the texts of its traits: ``{"brand": "Acme", "tags": ["new", "sale"]}``.

        Raises ``ValueError`` where the model has no traits or none is given, ``KeyError`` for a trait or value that is
        not there.
        """
        if self.traits is None:
            raise ValueError("These vectors know nothing of traits, so a new item has none: train a MultiTraitSGNS.")
        vector = self.traits.vector(self.catalogue.traits, values)
        if not any(codes_of(self.catalogue.traits, values).values()):
            known = ", ".join(self.catalogue.traits)
            raise ValueError(f"A new item needs at least one trait; the model knows: {known}.")
        return vector


def user_vectors(vectors: np.ndarray, baskets: Ragged, users: np.ndarray, half_life: float = HALF_LIFE) -> np.ndarray:
    """(users, d) what each user bought, their later baskets counting more.

    ``u = sum_b 2^(-age_b / half_life) mean_{i in b} e_i / |e_i|``, made a unit vector; the age of a basket is how many
    the same user bought after it. Baskets are in order of time; users : (baskets,) whose each is.
    """
    import pandas as pd
    from scipy.sparse import csr_array

    if half_life <= 0:
        raise ValueError(f"half_life={half_life} is in baskets, after how many one counts half: give more than 0.")
    age = pd.Series(users).groupby(users).cumcount(ascending=False).to_numpy()
    weight = 0.5 ** (age / half_life) / np.maximum(baskets.lengths, 1)
    row = baskets.row_of
    shape = (int(users.max()) + 1 if len(users) else 0, len(vectors))
    taken = csr_array((weight[row], (np.asarray(users)[row], baskets.values)), shape=shape)
    return unit(taken @ unit(vectors))


def user_vector(vectors: np.ndarray, baskets: Sequence[Sequence[int]], half_life: float = HALF_LIFE) -> np.ndarray:
    """(d,) of one user, from baskets of item numbers, the oldest first (see `user_vectors`).

    Raises ``ValueError`` where no item of them has a vector.
    """
    held = [basket for basket in baskets if len(basket)]
    if not held:
        raise ValueError("The baskets are empty: put at least one item in, or recommend the most popular ones.")
    vector = user_vectors(vectors, Ragged.from_rows(held), np.zeros(len(held), dtype=np.int64), half_life)[0]
    if not vector.any():
        raise ValueError("No item of the baskets was seen in training, so none has a vector here: add others.")
    return vector
