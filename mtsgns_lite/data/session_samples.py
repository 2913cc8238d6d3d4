"""Skip-gram over sessions, with the bought item as a context of the whole session (Grbovic and Cheng, KDD 2018).

Beside the pairs within a window, every place of a session that has a goal b makes a pair with it, whatever the
distance: ``-log sigma(v_b . u_l)``. And beside negatives from the whole shop there may be negatives from the session's
own market, ``-sum log sigma(-v_m . u_l)``: the others are told apart too easily when hardly any session leaves its
market. Both reach the model as weighted pairs and as negatives, so its loss stays that of skip-gram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from .dataset import Ragged
from .samples import Noise, SkipGramBatch, SkipGramSamples

if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .sessions import Sessions


@dataclass(frozen=True)
class SessionBatch(SkipGramBatch):
    """Rows of sessions. With `goals`, the last column is no event but the session's goal, present where there is one.

    Attributes
    ----------
    weight : (B, L) how much each place counts as a context; L includes the goals' column.
    goals : is there such a column?
    """

    weight: torch.Tensor
    goals: bool

    def pairs(self) -> torch.Tensor:
        """(B, L, L) the weight of place j as a context of place i: within the window, or everywhere if j is the goal.

        The goal is no target, and an item no context of itself, though it may be clicked, and bought, again.
        """
        pairs = super().pairs()
        if self.goals:
            present = self.present.float()
            pairs[:, :, -1] = present * present[:, -1:]
            pairs[:, -1, :] = 0.0
        return pairs * (self.items[:, :, None] != self.items[:, None, :]) * self.weight[:, None, :]


class MarketNoise:
    """Negatives from given markets, in proportion to count^exponent among the items of each.

    Parameters
    ----------
    counts, market : (items,) how often each item occurs, and which market it is in; 0 is unknown, and is no market:
        the negatives of those are drawn from the whole catalogue.
    """

    def __init__(self, counts: torch.Tensor, market: torch.Tensor, exponent: float = 0.75):
        self.whole = Noise(counts, exponent)
        self.market, self.order = market, torch.argsort(market, stable=True)
        weight = torch.where(counts > 0, counts.double().clamp(min=1e-300) ** exponent, 0.0)
        self.reach = torch.cat([weight.new_zeros(1), weight[self.order].cumsum(0)])
        self.edges = torch.searchsorted(market[self.order], torch.arange(int(market.max()) + 2))

    def draw(self, like: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
        """(B,) items -> (B, size) items of the same markets, on the generator's device."""
        parts = (part.to(generator.device) for part in (self.market, self.order, self.reach, self.edges))
        self.market, self.order, self.reach, self.edges = parts
        market = self.market[like]
        first, last = self.edges[market][:, None], self.edges[market + 1][:, None] - 1
        low, high = self.reach[first], self.reach[last + 1]
        uniform = torch.rand(len(like), size, generator=generator, device=generator.device, dtype=torch.float64)
        place = torch.searchsorted(self.reach, low + uniform * (high - low), right=True) - 1
        drawn = self.order[torch.minimum(torch.maximum(place, first), last)]
        return torch.where(market[:, None] > 0, drawn, self.whole.draw(tuple(drawn.shape), generator))


class SessionSamples(SkipGramSamples):
    """Sessions in shuffled order, each in its own order; a long one is cut into parts of like length.

    Parameters
    ----------
    goals : how much the session's goal counts as a context of its every place, beside 1 for a click in the window: a
        place has up to 2 `window` of those, and one goal. 0 is plain skip-gram on the same rows.
    weights : kind of event -> how much such an event counts as a context in the window, 1 where not given.
    market : a trait of the catalogue from whose values negatives are drawn as well: those of one place of each row.
    length : events in a row, at most. window : contexts are at most this far away along the session.
    negatives, market_negatives : negatives per pair from the whole catalogue, and from the market. `noise_size` are
        drawn in all, in that proportion: 20 for every `share` rows, or with markets 10 for each row.
    exponent : negatives are drawn in proportion to count^exponent, in the market too.
    batch_size : as in `Walks`.
    Raises ``ValueError`` for a length of less than two, a window of less than one, weights of kinds that don't exist,
    negative weights, a market that is no single-valued trait, and sessions without any pair.
    """

    def __init__(
        self,
        sessions: Sessions,
        goals: float = 10.0,
        weights: Mapping[str, float] | None = None,
        market: str | None = None,
        length: int = 20,
        window: int = 5,
        negatives: int = 5,
        market_negatives: int = 5,
        noise_size: int | None = None,
        exponent: float = 0.75,
        batch_size: int | None = None,
        share: int = 4,
    ):
        if length < 2:
            raise ValueError(f"A row of {length} makes no pair: it needs two events or more.")
        if window < 1:
            raise ValueError(f"window={window} leaves no click a context: give 1 or more.")
        if not 0 <= goals < np.inf:
            raise ValueError(f"goals={goals} is how much a goal counts beside a click: give a number, 0 or more.")
        items, weight = _rows(sessions, length, goals, _kind_weights(sessions, weights))
        events = items[:, :-1] if goals else items
        row, place = torch.nonzero(events >= 0, as_tuple=True)
        if not len(row):
            raise ValueError("No session holds two different items, so there are no pairs to learn from.")
        counts = torch.bincount(events[row, place], minlength=len(sessions.catalogue))
        codes = None if market is None else _markets(sessions.catalogue, market)
        share = 1 if market is not None else share  # each row has a market of its own
        market_negatives = 0 if market is None else market_negatives
        size = (20 if market is None else 10) if noise_size is None else noise_size
        local = round(size * market_negatives / (negatives + market_negatives))
        super().__init__(
            counts, len(items), window, negatives + market_negatives, size - local, exponent, batch_size, share, 0.0
        )
        self.items, self.weight, self.goals = items, weight, goals > 0
        self.length, self.local = events.shape[1], local
        self.market_noise = None if codes is None else MarketNoise(counts, codes, exponent)

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SessionBatch]:
        """One epoch."""
        order = torch.randperm(self.rows, generator=generator, device=device).to(self.items.device)
        for start in range(0, self.rows, self.batch_size):
            rows = order[start : start + self.batch_size]
            gap = -len(rows) % self.share
            items = torch.cat([self.items[rows], self.items.new_full((gap, self.items.shape[1]), -1)]).to(device)
            weight = torch.cat([self.weight[rows], self.weight.new_zeros(gap, self.items.shape[1])]).to(device)
            present = items >= 0
            items = items.clamp(min=0)
            noise = self.noise.draw((len(items) // self.share, self.noise_size), generator)
            if self.market_noise is not None:
                there = present[:, : self.length].sum(dim=1)
                one = (torch.rand(len(items), generator=generator, device=device) * there).long()
                like = items.gather(1, one[:, None])[:, 0]
                noise = torch.cat([noise, self.market_noise.draw(like, self.local, generator)], dim=1)
            yield SessionBatch(items, present, self.window, noise, self.negatives, weight, self.goals)


def _kind_weights(sessions: Sessions, weights: Mapping[str, float] | None) -> np.ndarray:
    """(kinds,) how much each counts."""
    given = dict(weights or {})
    unknown = [kind for kind in given if kind not in sessions.kind_names]
    if unknown:
        raise ValueError(f"No event is of the kind {unknown[0]!r}; there are: {', '.join(sessions.kind_names)}.")
    if any(not 0 <= weight < np.inf for weight in given.values()):
        raise ValueError(f"The weight of a kind of event must be a number, 0 or more; these are {given}.")
    return np.array([given.get(kind, 1.0) for kind in sessions.kind_names], dtype=np.float32)


def _markets(catalogue: Catalogue, market: str) -> torch.Tensor:
    """(items,) the code of each item's market."""
    codes = catalogue.select(market).traits[market].codes
    if codes.shape[1] > 1:
        raise ValueError(f"Trait {market!r} has several values for an item: a market must have one.")
    return torch.from_numpy(codes[:, 0].copy())


def _rows(sessions: Sessions, length: int, goals: float, of_kind: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, L) items, -1 where there is none, and their weights; if `goals`, the last column is the session's goal.

    A session of n events is cut into the fewest parts of at most `length`, whose sizes differ by one at the most.
    Rows in which nothing but one item stands make no pair, and are left out.
    """
    values: Ragged = sessions.items
    n, row = values.lengths, values.row_of
    parts = -(-n // length)
    place = np.arange(len(values.values)) - values.offsets[row]
    part = place * parts[row] // np.maximum(n[row], 1)
    first = -(-part * n[row] // np.maximum(parts[row], 1))  # the first place of that part
    at, column = (np.cumsum(parts) - parts)[row] + part, place - first
    width = min(length, int(n.max(initial=0)))
    items = np.full((int(parts.sum()), width + (goals > 0)), -1)
    weight = np.zeros(items.shape, dtype=np.float32)
    items[at, column], weight[at, column] = values.values, of_kind[sessions.kinds]
    if goals:
        items[:, -1], weight[:, -1] = np.repeat(sessions.goals, parts), goals
    lowest = np.where(items < 0, items.max(initial=0) + 1, items).min(axis=1, initial=items.max(initial=0) + 1)
    several = items.max(axis=1, initial=-1) > lowest
    return torch.from_numpy(items[several]), torch.from_numpy(weight[several])
