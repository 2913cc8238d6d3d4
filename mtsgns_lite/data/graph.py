"""Weighted edges -> compressed rows -> random walks, on any device.

First order: the next node is drawn in proportion to the weights of the current node's edges.
Second order, node2vec (Grover, Leskovec 2016): the weight of a step from v to x, coming from t, is multiplied by
1/p when x = t, by 1 when x is a neighbour of t, and by 1/q otherwise. Both need the graph's memory and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from .dataset import Edges, Ragged


@dataclass(frozen=True)
class Graph:
    """An undirected weighted graph in compressed rows (CSR).

    Attributes
    ----------
    starts : (nodes + 1,) where each node's neighbours begin.
    neighbours : (2 edges,) sorted within each row.
    reach : (2 edges,) float64, the running total of the weights over all rows, which a uniform number is looked up in.
    """

    starts: torch.Tensor
    neighbours: torch.Tensor
    reach: torch.Tensor

    @classmethod
    def from_edges(cls, edges: Edges, nodes: int) -> Graph:
        """Weights of repeated pairs are summed over both directions; self-loops and zero weights are dropped."""
        from scipy.sparse import coo_array

        keep = (edges.source != edges.target) & (edges.weight > 0)
        shape, ends = (nodes, nodes), (edges.source[keep], edges.target[keep])
        half = coo_array((edges.weight[keep].astype(np.float64), ends), shape=shape).tocsr()
        return cls._from_matrix(half + half.T)

    @classmethod
    def from_baskets(cls, baskets: Ragged, nodes: int) -> Graph:
        """The co-occurrence graph: an edge's weight is in how many baskets both items are."""
        from scipy.sparse import csr_array

        has = csr_array((np.ones(len(baskets.values)), baskets.values, baskets.offsets), shape=(len(baskets), nodes))
        together = (has.T @ has).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        return cls._from_matrix(together)

    @classmethod
    def _from_matrix(cls, matrix) -> Graph:
        matrix.sum_duplicates()
        matrix.sort_indices()
        return cls(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(np.cumsum(matrix.data)),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    def to(self, device: torch.device | str) -> Graph:
        """The same graph on another device; this one, where it is there already, with all it has derived."""
        if self.starts.to(device) is self.starts:
            return self
        return Graph(self.starts.to(device), self.neighbours.to(device), self.reach.to(device))

    @property
    def degrees(self) -> torch.Tensor:
        """(nodes,) the number of neighbours."""
        return self.starts.diff()

    @property
    def weights(self) -> torch.Tensor:
        """(2 edges,) the weight of each entry."""
        return self.reach.diff(prepend=self.reach.new_zeros(1))

    @property
    def rows(self) -> torch.Tensor:
        """(2 edges,) the node that each entry belongs to."""
        return torch.repeat_interleave(torch.arange(len(self), device=self.starts.device), self.degrees)

    def edges(self) -> Edges:
        """Each undirected edge once, source < target."""
        once = self.rows < self.neighbours
        return Edges(self.rows[once].numpy(), self.neighbours[once].numpy(), self.weights[once].numpy())

    @cached_property
    def keys(self) -> torch.Tensor:
        """(2 edges,) row * nodes + neighbour of each entry: rising numbers, in which an edge is looked up."""
        return self.rows * len(self) + self.neighbours

    def weight_between(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The weight of each pair's edge; 0 where there is none."""
        if not len(self.neighbours):
            return torch.zeros(len(source), dtype=self.reach.dtype, device=source.device)
        place, found = self._find(source, target)
        return torch.where(found, self.reach[place] - self._before(place), 0.0)

    def _find(self, source: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The entry of each pair's edge, and whether there is one."""
        key = source * len(self) + target
        place = torch.searchsorted(self.keys, key).clamp(max=len(self.keys) - 1)
        return place, self.keys[place] == key

    def step(self, nodes: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """One first-order step from each node (which must have a neighbour)."""
        return self.neighbours[self._draw(nodes, generator)]

    def _draw(self, nodes: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """An entry of each node's row, in proportion to its weight: the first whose running total passes the draw."""
        draw = torch.rand(len(nodes), generator=generator, device=nodes.device, dtype=torch.float64)
        first, last, low, strength = (own[nodes] for own in self._rows)
        place = self._guide[first + (draw * (last - first + 1)).long()]
        point = low + draw * strength
        place += self.reach[place] <= point  # mostly the guide is right, or one short
        place = torch.minimum(place, last)  # rounding may have put the point at the row's end
        short = torch.nonzero(self.reach[place] <= point).ravel()
        place[short] = torch.searchsorted(self.reach, point[short], right=True)
        return torch.minimum(place, last)

    @cached_property
    def _rows(self) -> tuple[torch.Tensor, ...]:
        """(nodes,) each: the first and the last entry of a row, the running total before it, and its own total."""
        first, last = self.starts[:-1], self.starts[1:] - 1
        low = self._before(first)
        return first, last, low, torch.where(last >= first, self.reach[last] - low, 0.0)

    @cached_property
    def _guide(self) -> torch.Tensor:
        """(2 edges,) where to begin looking for a draw, see `guide_of`."""
        return guide_of(self._rows, self.reach)

    def _before(self, place: torch.Tensor) -> torch.Tensor:
        """The running total up to, and without, an entry."""
        return torch.where(place > 0, self.reach[(place - 1).clamp(min=0)], 0.0)

    def _step_pq(self, previous, nodes, weight, p, q, generator) -> tuple[torch.Tensor, torch.Tensor]:
        """One second-order step, and the weight of the edge it takes; `weight` is that of the edge to the node before.

        A first-order step is proposed and accepted with alpha / max(alpha), where alpha is 1/p back to the node before,
        1 to a neighbour of it, 1/q to others. What 1/p has above the others would keep all else waiting, so it is drawn
        by itself ("outlier folding", Yang et al. 2019); a neighbour is searched for only if the draw depends on it.
        """
        low, high = min(1.0, 1 / q), max(1.0, 1 / q)
        beyond = max(1 / p - high, 0.0) * weight / self._rows[3][nodes]
        chosen, weight, open_ = previous.clone(), weight.clone(), torch.arange(len(nodes), device=nodes.device)
        while len(open_):
            before, entry = previous[open_], self._draw(nodes[open_], generator)
            draw = torch.rand(len(open_), generator=generator, device=nodes.device, dtype=torch.float64)
            draw = draw * (high + beyond[open_]) - beyond[open_]  # below 0: back; else even in [0, high)
            back = self.neighbours[entry] == before
            accepted = draw < torch.where(back, 1 / p, low)
            unsure = torch.nonzero(~back & (draw >= low)).ravel()
            accepted[unsure] = self._find(before[unsure], self.neighbours[entry[unsure]])[1] == (q > 1)
            taken = accepted & (draw >= 0)
            entry, places = entry[taken], open_[taken]
            chosen[places], weight[places] = self.neighbours[entry], self.reach[entry] - self._before(entry)
            open_ = open_[~accepted]
        return chosen, weight

    def walks(
        self,
        starts: torch.Tensor,
        length: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """One walk from each start node: (walks, length) node numbers.

        Raises ``ValueError`` for p or q that is not positive, and for a start node without edges.
        """
        if p <= 0 or q <= 0:
            raise ValueError(f"p and q must be positive, not p={p}, q={q}.")
        if (self.starts[starts] == self.starts[starts + 1]).any():
            raise ValueError("A walk can't start at a node without edges: start from graph.degrees > 0.")
        path = [starts]
        for _ in range(length - 1):
            if p == q == 1:
                path.append(self.step(path[-1], generator))
            elif len(path) == 1:
                entry = self._draw(starts, generator)
                path.append(self.neighbours[entry])
                weight = self.reach[entry] - self._before(entry)
            else:
                node, weight = self._step_pq(path[-2], path[-1], weight, p, q, generator)
                path.append(node)
        return torch.stack(path, dim=1)

    def expected_visits(self, length: int = 10) -> torch.Tensor:
        """(nodes,) how often first-order walks, one from each node with edges, are expected to visit each node."""
        rows, weights = self.rows, self.weights
        total = torch.zeros(len(self), dtype=torch.float64, device=rows.device).index_add_(0, rows, weights)
        chance = weights / total[rows]
        here = (self.degrees > 0).double()
        visits = here.clone()
        for _ in range(length - 1):
            here = torch.zeros_like(here).index_add_(0, self.neighbours, here[rows] * chance)
            visits += here
        return visits


def guide_of(of_rows: tuple[torch.Tensor, ...], reach: torch.Tensor) -> torch.Tensor:
    """(entries,) where to begin looking for a draw (Chen and Asau 1974).

    A row of n entries is cut into n equal parts of its total; for each, the entry in which that part begins.
    `of_rows` is as `Graph._rows`, of rows that fill `reach`.
    """
    row = torch.repeat_interleave(of_rows[1] - of_rows[0] + 1)
    first, last, low, strength = (own[row] for own in of_rows)
    part = torch.arange(len(reach), device=first.device) - first
    begins = torch.searchsorted(reach, low + strength * part / (last - first + 1), right=True)
    return torch.minimum(torch.maximum(begins, first), last)
