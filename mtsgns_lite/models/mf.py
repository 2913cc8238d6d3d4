"""Matrix factorisation as embeddings: the score of a pair is a dot product, plus biases if wanted."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue
from ..data.samples import PairBatch
from .base import ItemModel
from .tables import Table


def bce(score: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of logits, for labels 0 and 1."""
    return F.binary_cross_entropy_with_logits(score, value)


def mse(score: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Mean squared error, for ratings, counts and weights."""
    return F.mse_loss(score, value)


LOSSES = {"bce": bce, "mse": mse}


class MatrixFactorization(ItemModel):
    """``s(u, i) = p_u . q_i (+ b_u + b_i + b)``; between items ``s(i, j) = e_i . e_j (+ b_i + b_j + b)``.

    Parameters
    ----------
    users : the number of users, for pairs of a user and an item; None for pairs of items.
    tables : for items, 1: the same table on both sides; 2: a table of its own for the second item, the context, as in
        skip-gram: ``s(i, j) = t_i . c_j``. An item has one bias either way.
    bias : add the biases.
    loss : "bce", "mse", or a function of (score, value).
    regulariser : a function of the rows in the batch (P, 2, d), such as ``lambda rows: 1e-4 * rows.square().mean()``.
    spread : rows start uniform in (-spread, spread); the default is 1/sqrt(dim). A standard normal start, which many
        write, saturates most sigmoids before the first step.
    """

    trains_on = PairBatch

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        users: int | None = None,
        tables: int = 1,
        bias: bool = False,
        loss: str | Callable = "bce",
        regulariser: Callable | None = None,
        spread: float | None = None,
        rate: float = 0.1,
        seed: int = 0,
    ):
        named = loss if isinstance(loss, str) else "bce"
        options = dict(users=users, tables=tables, bias=bias, loss=named, spread=spread, rate=rate, seed=seed)
        super().__init__(catalogue, dim, **options)
        if isinstance(loss, str) and loss not in LOSSES:
            raise ValueError(f"loss={loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function.")
        if tables not in (1, 2) or (tables == 2 and users is not None):
            raise ValueError(f"tables={tables}: pairs of items take 1 or 2 tables, and users have one of their own.")
        spread = dim**-0.5 if spread is None else spread
        self.items = Table(len(catalogue), dim, spread, rate, seed)
        self.context = Table(len(catalogue), dim, spread, rate, seed + 1) if tables == 2 else None
        self.sides = ("target", "context") if tables == 2 else ("target",)
        self.users = None if users is None else Table(users, dim, spread, rate, seed + 1)
        self.item_bias = Table(len(catalogue), 1, rate=rate) if bias else None
        self.user_bias = Table(users, 1, rate=rate) if bias and users is not None else None
        self.bias = nn.Parameter(torch.zeros(())) if bias else None
        self.objective = LOSSES[loss] if isinstance(loss, str) else loss
        self.regulariser = regulariser

    def score(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """(P,) the score of each pair."""
        return self._score(*self._vectors(first, second), first, second)

    def loss(self, batch: PairBatch) -> torch.Tensor:
        """The objective, plus the regulariser on the rows of this batch only."""
        p, q = self._vectors(batch.first, batch.second)
        loss = self.objective(self._score(p, q, batch.first, batch.second), batch.value)
        return loss if self.regulariser is None else loss + self.regulariser(torch.stack([p, q], dim=1))

    def _score(self, p, q, first, second) -> torch.Tensor:
        score = (p * q).sum(dim=1)
        if self.bias is None:
            return score
        assert self.item_bias is not None
        b_first, b_second = self._rows(self.user_bias, self.item_bias, first, second)
        return score + b_first[:, 0] + b_second[:, 0] + self.bias

    def _vectors(self, first, second) -> tuple[torch.Tensor, torch.Tensor]:
        if self.context is not None:
            return self.items(first), self.context(second)
        return self._rows(self.users, self.items, first, second)

    def _rows(self, users: Table | None, items: Table, first, second) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of both sides; where both are items, in one lookup."""
        if users is not None:
            return users(first), items(second)
        p, q = items(torch.stack([first, second]))
        return p, q

    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """See `ItemModel.embeddings`."""
        self._check(which, unseen)
        sides = [table.weight for table in (self.items, self.context) if table is not None]
        rows = torch.stack(sides).mean(dim=0) if which == "mean" else sides[which == "context"]
        return rows.clone() if unseen == "random" else rows * self.seen[:, None]
