"""What all sequence models share: they read items in order, say what they know as one vector or several, and compare.

With H_v the vector of item v (its row of a table, or the mixture of its row and its traits' as in `models.traits`) and
e_v = H_v / |H_v|, which input and output share, a model turns what came so far into K interests u_1 .. u_K, and

    r(j) = temperature max_k cos(u_k, e_j)

says how well item j comes next. (Cosines instead of dot products, as in Gupta et al. 2019, keep the long vectors of
popular items from winning everywhere.) In training the wanted item chooses among the interests, and all places of a
sequence ask at once: question t reads the items up to t, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from ..data.catalogue import Catalogue, Trait
from ..data.sequence_samples import SequenceBatch
from .base import ItemModel
from .sequence_losses import LOSSES, sampled_softmax
from .tables import Table
from .traits import TraitMixture


class SequenceModel(ItemModel):
    """A subclass defines ``interests(inputs, within)``; one whose interests weigh items, ``routed`` instead.

    Parameters
    ----------
    dim : length of the items' vectors and of the interests.
    loss : a name in `sequence_losses.LOSSES`, or a function of (scores, wanted), which is not saved with the model.
    traits : names of traits whose values have vectors too, or "all"; () is none.
    dropout : the chance that a number of an input or of a chosen interest is 0 in training.
    temperature : what cosines are multiplied by; a softmax of cosines alone is nearly flat.
    reach : the length of what the model reads of an item.
    rate, trait_rate, weight_rate : Adagrad's step sizes for the items' rows, the traits' and the weights between them;
        the rest takes Adam's (`adam` of `fit`).
    own : a subclass's own arguments, to be saved with the model.
    Raises ``ValueError`` for a loss or trait that is not known, a dropout that is no chance, and numbers below 1.
    """

    trains_on = SequenceBatch
    adam = 0.005
    length: int | None = None  # how many items it can read; None is any number

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        loss: str | Callable = "cross-entropy",
        traits: str | Sequence[str] = (),
        dropout: float = 0.2,
        temperature: float = 14.0,
        reach: float = 5.0,
        rate: float = 0.1,
        trait_rate: float = 0.1,
        weight_rate: float = 0.1,
        seed: int = 0,
        own: dict | None = None,
    ):
        if isinstance(loss, str) and loss not in LOSSES:
            raise ValueError(f"loss={loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function.")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} is a chance: give a number from 0 to below 1.")
        own = own or {}
        for name in ("interests", "length", "rounds"):
            if not isinstance(own.get(name, 1), int) or own.get(name, 1) < 1:
                raise ValueError(f"{name}={own[name]} must be a whole number from 1 on.")
        named = loss if isinstance(loss, str) else "cross-entropy"
        chosen = list(catalogue.traits) if traits == "all" else [traits] if isinstance(traits, str) else list(traits)
        super().__init__(
            catalogue, dim, loss=named, traits=chosen, dropout=dropout, temperature=temperature, reach=reach,
            rate=rate, trait_rate=trait_rate, weight_rate=weight_rate, seed=seed, **own,
        )  # fmt: skip
        self.dropout, self.temperature, self.reach = dropout, temperature, reach
        self.objective = LOSSES[loss] if isinstance(loss, str) else loss
        self._chosen = catalogue.select(*chosen)
        spread = dim**-0.5
        self.items = (
            TraitMixture(self._chosen, dim, "global", False, spread, rate, trait_rate, weight_rate, seed)
            if chosen
            else Table(len(catalogue), dim, spread=spread, rate=rate, seed=seed)
        )

    @property
    def traits(self) -> dict[str, Trait]:
        """The traits that items are read by."""
        return self._chosen.traits

    @property
    def sources(self) -> list[str]:
        """What an item's vector is mixed of: the item, its traits."""
        return ["item", *self.traits]

    @property
    def has_traits(self) -> torch.Tensor:
        """(items,) booleans: has the item a trait that it is read by?"""
        return torch.from_numpy(self._chosen.has_traits).to(self.device)

    @torch.no_grad()
    def contributions(self, which: str = "target", items: torch.Tensor | None = None) -> torch.Tensor:
        """See `MultiTraitSGNS.contributions`. Raises ``ValueError`` for a model without traits."""
        items = torch.arange(len(self.catalogue), device=self.device) if items is None else items
        return self._side(which).contributions(items)

    def _side(self, which: str) -> TraitMixture:
        self._check(which, "zero")
        if not isinstance(self.items, TraitMixture):
            raise ValueError(f"This {type(self).__name__} reads no traits: make it with traits=.")
        return self.items

    @property
    def rows(self) -> Table:
        """The items' own rows."""
        return self.items.items if isinstance(self.items, TraitMixture) else self.items

    def interests(self, inputs: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
        """(B, L, d) what is read of items in order, (B, T, L) booleans, which of them question t may read (the first
        n_t) -> (B, T, K, d). An interest that is not there is the zero vector."""
        return self.routed(inputs, within)[0]

    def routed(self, inputs: torch.Tensor, within: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, and (B, T, K, L) how far each item belongs to each interest."""
        raise ValueError(f"{type(self).__name__} weighs no items: ask MIND or ComiRec which items an interest is of.")

    def choose(self, users: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """(P, K, d) interests, (P, d) the e of what came next -> (P, d) the one vector that training compares:
        the interest nearest to it."""
        return nearest(users, wanted)

    def compare(self, users: torch.Tensor, units: torch.Tensor) -> torch.Tensor:
        """(..., d) interests, (N, d) the items' e -> (..., N) temperature times their cosines."""
        return self.temperature * F.normalize(users, dim=-1) @ units.T

    def loss(self, batch: SequenceBatch) -> torch.Tensor:
        """The objective over all places of the batch at once."""
        if self.length is not None and batch.present.shape[1] > self.length:
            raise ValueError(
                f"Rows of {batch.present.shape[1]} items are too long for length={self.length}: "
                f"make samples(length={self.length}), or the model with a larger one."
            )
        units = F.normalize(self.items(batch.candidates), dim=1)  # (N, d)
        inputs = self._drop(self.reach * F.embedding(batch.places, units), batch)  # (B, L, d)
        users = self.interests(inputs, so_far(batch.present))[batch.present]  # (P, K, d)
        chosen = self._drop(self.choose(users, units[batch.wanted]), batch)  # (P, d)
        corrected = {"log_q": batch.log_q} if self.objective is sampled_softmax else {}
        return self.objective(self.compare(chosen, units), batch.wanted, **corrected)

    @torch.no_grad()
    def users(self, items: torch.Tensor, present: torch.Tensor, units: torch.Tensor | None = None) -> torch.Tensor:
        """(B, L) sequences so far, padded at the end -> (B, K, d) their interests, 0 where an interest is not there.

        units : (items, d) the items' e, where they are at hand.
        """
        items, present = last_items(items, present, self.length)
        read = self.reach * F.embedding(items, self.units() if units is None else units)
        return self.interests(read, present[:, None])[:, 0]

    @torch.no_grad()
    def attention(self, items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """(B, L) sequences so far, padded at the end -> (B, K, l) how far each of the last l items belongs to each
        interest: l is L, or `length` where that is less.

        Raises ``ValueError`` for a model of one state, whose interest is not made of weighted items.
        """
        items, present = last_items(items, present, self.length)
        return self.routed(self.reach * F.embedding(items, self.units()), present[:, None])[1][:, 0]

    @torch.no_grad()
    def scores(self, items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """(B, L) sequences so far, padded at the end -> (B, items) r of each item of the catalogue."""
        units = self.units()
        users = self.users(items, present, units)
        return best_interest(self.compare(users, units), users)

    def units(self) -> torch.Tensor:
        """(items, d) e of every item; 0 for one that training never saw."""
        return F.normalize(self.embeddings(), dim=1)

    @torch.no_grad()
    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """See `ItemModel.embeddings`. Without traits, "traits" is the zero vector."""
        self._check(which, unseen)
        if isinstance(self.items, Table):
            return self.items.weight.clone() if unseen == "random" else self.items.weight * self.seen[:, None]
        every = torch.arange(len(self.catalogue), device=self.device)
        vectors, cold = self.items(every), ~self.seen
        if unseen != "random":
            vectors[cold] = self.items.contributions(every[cold], own=False).sum(dim=1) if unseen == "traits" else 0.0
        return vectors

    @torch.no_grad()
    def warm_start(self, vectors: torch.Tensor) -> None:
        """Let items begin in the directions of (items, dim) vectors, such as `embeddings` of skip-gram.

        Their mean is taken off: what all share only makes cosines alike (Mu and Viswanath 2018). An item whose vector
        is 0 keeps its own start; the others count as seen. Raises ``ValueError`` for vectors of another shape.
        """
        weight, vectors = self.rows.weight, torch.as_tensor(vectors)
        if vectors.shape != weight.shape:
            raise ValueError(
                f"The vectors are of shape {tuple(vectors.shape)}, not {tuple(weight.shape)}: "
                "make both models from one catalogue, with the same dim."
            )
        vectors = vectors.to(weight)
        length = torch.linalg.vector_norm(weight, dim=1, keepdim=True)  # so that steps turn it as fast
        there = (vectors != 0).any(dim=1, keepdim=True)
        vectors = vectors - vectors[there[:, 0]].mean(dim=0)
        weight.copy_(torch.where(there, length * F.normalize(vectors, dim=1), weight))
        self.counts.copy_(torch.maximum(self.counts, there[:, 0].to(self.counts)))

    def _drop(self, values: torch.Tensor, batch: SequenceBatch) -> torch.Tensor:
        return dropped(values, self.dropout, batch.generator) if self.training else values


def dropped(values: torch.Tensor, chance: float, generator: torch.Generator) -> torch.Tensor:
    """Each number is 0 with that chance, and grows by 1 / (1 - chance) otherwise (Srivastava et al. 2014)."""
    if not chance:
        return values
    kept = torch.rand(values.shape, generator=generator, device=values.device) >= chance
    return values * kept / (1 - chance)


def so_far(present: torch.Tensor) -> torch.Tensor:
    """(B, L) -> (B, L, L) booleans: question t may read the items that are present up to t."""
    steps = present.shape[1]
    return torch.ones(steps, steps, dtype=torch.bool, device=present.device).tril() & present[:, None]


def last_items(items: torch.Tensor, present: torch.Tensor, length: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, L) sequences padded at the end -> the last `length` items of each, padded at the end."""
    if length is None or items.shape[1] <= length:
        return items, present
    first = (present.sum(dim=1, keepdim=True) - length).clamp(min=0)
    place = first + torch.arange(length, device=items.device)
    return items.gather(1, place), present.gather(1, place)


def best_interest(scores: torch.Tensor, users: torch.Tensor) -> torch.Tensor:
    """(B, K, N) scores of each interest, (B, K, d) interests -> (B, N) the largest, of interests that are there."""
    if users.shape[1] == 1:
        return scores[:, 0]
    there = (users != 0).any(dim=2)
    there[:, 0] |= ~there.any(dim=1)  # of nothing read, the first interest's zeros
    return scores.masked_fill(~there[:, :, None], -torch.inf).amax(dim=1)


def nearest(users: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(P, K, d) interests, (P, d) the e of what came next -> (P, d) the interest of largest cosine with it."""
    if users.shape[1] == 1:
        return users[:, 0]
    cosine = (F.normalize(users.detach(), dim=2) @ wanted.detach()[:, :, None])[:, :, 0]  # (P, K)
    best = cosine.masked_fill((users == 0).all(dim=2), -torch.inf).argmax(dim=1)
    return users[torch.arange(len(users), device=users.device), best]
