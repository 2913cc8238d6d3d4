"""What is served: embeddings, an index over them, and the items that may be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

import numpy as np

from ..cold import NotThere, Values
from ..neighbours import Neighbour, Neighbours, shared_traits
from .embeddings import HALF_LIFE, Embeddings, user_vector
from .index import ExactIndex, make_index, unit


class Recommender:
    """Answers from cached vectors. Nothing in it changes once it is made, so that many threads may ask at once.

    Only items are found that have a vector, were seen in training, and are in stock.

    Parameters
    ----------
    index : "approximate", "exact", or one that is made already.
    in_stock : items that can be had, as numbers, ids or names; None for all.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        index: str | ExactIndex = "approximate",
        in_stock: Iterable[object] | None = None,
    ):
        self.embeddings = embeddings
        self.catalogue = embeddings.catalogue
        self.index = make_index(embeddings.vectors, index) if isinstance(index, str) else index
        self._offered = (embeddings.counts > 0) & self.index.there
        self._numbers = {str(item): number for number, item in enumerate(self.catalogue.ids)}
        users = range(0 if embeddings.users is None else len(embeddings.users))
        ids = users if embeddings.user_ids is None else embeddings.user_ids
        self._user_ids = [str(user) for user in ids]
        self._users = dict(zip(self._user_ids, users))
        self.allowed = self._offered if in_stock is None else self._offered & self._mask(in_stock)

    def with_stock(self, in_stock: Iterable[object] | None) -> Recommender:
        """The same, index and all, with other items in stock."""
        other = copy(self)
        other.allowed = self._offered if in_stock is None else self._offered & self._mask(in_stock)
        return other

    @property
    def quick(self) -> bool:
        """Is what is like an item found without a look at many? Not where few are in stock (see `ApproximateIndex`)."""
        return self.index.kind == "approximate" and 2 * int(np.count_nonzero(self.allowed)) > len(self.allowed)

    def number(self, item: str) -> int | None:
        """The number of an item by its id alone, None where there is none: quick, whatever is asked."""
        return self._numbers.get(item)

    def similar(self, item: object, k: int = 10, without: Iterable[object] = ()) -> Neighbours:
        """The k items most like one, given by number, id or name.

        Raises ``KeyError`` for an item that is not there, ``ValueError`` for one without a vector.
        """
        number = self.catalogue.index(item)
        allowed = self._without([number, *without])
        return self._found(self.embeddings.vectors[number], k, allowed, self.catalogue.names[number], number)

    def recommend(
        self,
        baskets: Sequence[Sequence[object]],
        k: int = 10,
        again: bool = False,
        without: Iterable[object] = (),
        half_life: float = HALF_LIFE,
    ) -> Neighbours:
        """The k items nearest to what a user bought: baskets of items, the oldest first (see `user_vector`).

        again : may what was bought be recommended again? Otherwise it is left out, and others take its place.
        Raises ``KeyError`` for an item that is not there, ``ValueError`` where none has a vector.
        """
        rows = [[self.catalogue.index(item) for item in basket] for basket in baskets]
        vector = user_vector(self.embeddings.vectors, rows, half_life)
        bought = [] if again else [item for row in rows for item in row]
        return self._found(vector, k, self._without([*bought, *without]), "the baskets")

    def recommend_user(
        self, user: int | str, k: int = 10, again: bool = False, without: Iterable[object] = ()
    ) -> Neighbours:
        """The same from the cached vector of a user.

        user : the shop's own id, a text; or, as a whole number, the row of the user's vector.
        Raises ``KeyError`` for a user who is not there, ``ValueError`` for one without a vector.
        """
        users, bought = self.embeddings.users, self.embeddings.bought
        row = self._users.get(user, -1) if isinstance(user, str) else user
        if users is None or bought is None or not 0 <= row < len(users):
            number = self.embeddings.known_users
            raise NotThere(f"There is no user {user}: {number} have a vector here. Send baskets instead.")
        if not unit(users[row]).any():
            raise ValueError(
                f"There is no vector for user {user}: training saw no item of theirs. Send baskets instead."
            )
        items = [] if again else bought[row].tolist()
        return self._found(users[row], k, self._without([*items, *without]), f"user {self._user_ids[row]}")

    def cold(self, values: Values, k: int = 10) -> Neighbours:
        """The k items most like a new one, of which only traits are known (see `Embeddings.cold_vector`)."""
        return self._found(self.embeddings.cold_vector(values), k, self.allowed, "the new item")

    def _mask(self, items: Iterable[object]) -> np.ndarray:
        mask = np.zeros(len(self.catalogue), dtype=bool)
        mask[[self.catalogue.index(item) for item in items]] = True
        return mask

    def _without(self, items: Iterable[object]) -> np.ndarray:
        allowed = self.allowed.copy()
        allowed[[self.catalogue.index(item) for item in items]] = False
        return allowed

    def _found(
        self, vector: np.ndarray, k: int, allowed: np.ndarray, asked: str, number: int | None = None
    ) -> Neighbours:
        if k < 1:
            raise ValueError(f"k={k} is how many items to find: give 1 or more.")
        if not unit(vector).any():  # all items are as near to it
            raise ValueError(f"There is no vector for {asked}: training saw nothing of it.")
        items, cosines = self.index.search(vector, k, allowed, far=number is None)
        ids, names = self.catalogue.ids, self.catalogue.names
        return Neighbours(
            (Neighbour(i, ids[i], names[i], s, {} if number is None else shared_traits(self.catalogue, number, i), True)
             for i, s in zip(items.tolist(), cosines.tolist())),
            asked,
        )  # fmt: skip
