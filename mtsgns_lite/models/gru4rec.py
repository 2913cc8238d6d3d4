"""GRU4Rec: a recurrent network reads a sequence item by item, and what it then knows is compared with every item.

With e_v the row of item v over its length, which input and output share, and places t = 1..L of a sequence v_1 .. v_L,

    h_t = GRU(h_{t-1}, reach e_{v_t}),    r_t(j) = temperature cos(h_t, e_j),

and the loss asks that r_t be highest for v_{t+1} (Hidasi et al. 2016; cosines instead of dot products as in Gupta et
al. 2019, which keep long vectors of popular items from winning everywhere). The recurrence runs over time, not over
the sequences of a batch: those never hear of each other.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue
from ..data.sequence_samples import SequenceBatch
from .base import ItemModel
from .sequence_losses import LOSSES, sampled_softmax
from .tables import Table


def dropped(values: torch.Tensor, chance: float, generator: torch.Generator) -> torch.Tensor:
    """Each number is 0 with that chance, and grows by 1 / (1 - chance) otherwise (Srivastava et al. 2014)."""
    if not chance:
        return values
    kept = torch.rand(values.shape, generator=generator, device=values.device) >= chance
    return values * kept / (1 - chance)


class GRU4Rec(ItemModel):
    """A GRU over time, whose input and output share the item table.

    Parameters
    ----------
    dim : length of the items' vectors and of the state.
    loss : a name in `sequence_losses.LOSSES`, or a function of (scores, wanted).
    dropout : the chance that a number of an input or of a state is 0 in training.
    temperature : what cosines are multiplied by; a softmax of cosines alone is nearly flat.
    reach : the length of what the network reads of an item.
    rate : Adagrad's step size for the items; the network takes Adam's (`adam` of `fit`).
    """

    trains_on = SequenceBatch
    adam = 0.005

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 128,
        loss: str | Callable = "cross-entropy",
        dropout: float = 0.4,
        temperature: float = 14.0,
        reach: float = 5.0,
        rate: float = 0.1,
        seed: int = 0,
    ):
        if isinstance(loss, str) and loss not in LOSSES:
            raise ValueError(f"loss={loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function.")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} is a chance: give a number from 0 to below 1.")
        named = loss if isinstance(loss, str) else "cross-entropy"
        options = dict(loss=named, dropout=dropout, temperature=temperature, reach=reach, rate=rate, seed=seed)
        super().__init__(catalogue, dim, **options)
        self.dropout, self.temperature, self.reach = dropout, temperature, reach
        self.objective = LOSSES[loss] if isinstance(loss, str) else loss
        self.items = Table(len(catalogue), dim, spread=dim**-0.5, rate=rate, seed=seed)
        with torch.random.fork_rng(devices=[]):  # its start is the seed's, and nobody else's randomness changes
            torch.default_generator.manual_seed(seed)
            self.gru = nn.GRU(dim, dim, batch_first=True)

    @torch.no_grad()
    def warm_start(self, vectors: torch.Tensor) -> None:
        """Let items begin in the directions of (items, dim) vectors, such as `embeddings` of skip-gram.

        An item whose vector is 0 keeps its own start. Raises ``ValueError`` for vectors of another shape.
        """
        if vectors.shape != self.items.weight.shape:
            raise ValueError(
                f"The vectors are of shape {tuple(vectors.shape)}, not {tuple(self.items.weight.shape)}: "
                "make both models from one catalogue, with the same dim."
            )
        vectors = vectors.to(self.items.weight)
        length = torch.linalg.vector_norm(self.items.weight, dim=1, keepdim=True)  # so that steps turn it as fast
        there = (vectors != 0).any(dim=1, keepdim=True)
        self.items.weight.copy_(torch.where(there, length * F.normalize(vectors, dim=1), self.items.weight))

    def states(self, units: torch.Tensor, before: torch.Tensor | None = None) -> torch.Tensor:
        """(B, L, d) the items' e in order -> (B, L, d) the state after each; `before` is (B, d), 0 if not given."""
        return self.gru(self.reach * units, None if before is None else before[None])[0]

    def compare(self, states: torch.Tensor, units: torch.Tensor) -> torch.Tensor:
        """(P, d) states, (N, d) the items' e -> (P, N) r."""
        return self.temperature * F.normalize(states, dim=1) @ units.T

    def loss(self, batch: SequenceBatch) -> torch.Tensor:
        """The objective over all places of the batch at once."""
        units = F.normalize(self.items(batch.candidates), dim=1)  # (N, d)
        inputs = self._drop(F.embedding(batch.places, units), batch)  # (B, L, d)
        states = self._drop(self.states(inputs)[batch.present], batch)  # (P, d)
        scores = self.compare(states, units)  # (P, N)
        corrected = {"log_q": batch.log_q} if self.objective is sampled_softmax else {}
        return self.objective(scores, batch.wanted, **corrected)

    @torch.no_grad()
    def scores(self, items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """(B, L) sequences so far, padded at the end -> (B, items) how well each item of the catalogue comes next."""
        units = F.normalize(self.embeddings(), dim=1)
        states = self.states(F.embedding(items, units))  # (B, L, d)
        last = (present.sum(dim=1) - 1).clamp(min=0)
        return self.compare(states[torch.arange(len(items), device=items.device), last], units)

    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """See `ItemModel.embeddings`. Without traits, "traits" is the zero vector."""
        self._check(which, unseen)
        return self.items.weight.clone() if unseen == "random" else self.items.weight * self.seen[:, None]

    def _drop(self, values: torch.Tensor, batch: SequenceBatch) -> torch.Tensor:
        return dropped(values, self.dropout, batch.generator) if self.training else values
