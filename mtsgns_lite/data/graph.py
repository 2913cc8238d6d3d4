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
        """The same graph on another device."""
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
        before = torch.where(place > 0, self.reach[(place - 1).clamp(min=0)], 0.0)
        return torch.where(found, self.reach[place] - before, 0.0)

    def _find(self, source: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The entry of each pair's edge, and whether there is one."""
        key = source * len(self) + target
        place = torch.searchsorted(self.keys, key).clamp(max=len(self.keys) - 1)
        return place, self.keys[place] == key

    def step(self, nodes: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """One first-order step from each node (which must have a neighbour)."""
        first, last = self.starts[nodes], self.starts[nodes + 1] - 1
        low = torch.where(first > 0, self.reach[(first - 1).clamp(min=0)], 0.0)
        draw = torch.rand(len(nodes), generator=generator, device=nodes.device, dtype=torch.float64)
        place = torch.searchsorted(self.reach, low + draw * (self.reach[last] - low), right=True)
        return self.neighbours[torch.minimum(torch.maximum(place, first), last)]

    def _step_pq(self, previous, nodes, p, q, generator) -> torch.Tensor:
        """One second-order step by rejection: propose a first-order step, accept it with alpha / max(alpha)."""
        most = max(1 / p, 1.0, 1 / q)
        chosen, open_ = torch.empty_like(nodes), torch.arange(len(nodes), device=nodes.device)
        while len(open_):
            before, proposed = previous[open_], self.step(nodes[open_], generator)
            alpha = torch.where(self._find(before, proposed)[1], 1.0, 1 / q)
            alpha = torch.where(proposed == before, 1 / p, alpha)
            draw = torch.rand(len(open_), generator=generator, device=nodes.device)
            accepted = draw * most < alpha
            chosen[open_[accepted]] = proposed[accepted]
            open_ = open_[~accepted]
        return chosen

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
        if (self.degrees[starts] == 0).any():
            raise ValueError("A walk can't start at a node without edges: start from graph.degrees > 0.")
        path = [starts]
        for _ in range(length - 1):
            if len(path) == 1 or p == q == 1:
                path.append(self.step(path[-1], generator))
            else:
                path.append(self._step_pq(path[-2], path[-1], p, q, generator))
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
