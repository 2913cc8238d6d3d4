"""What every model of items has in common."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..data.catalogue import Catalogue
from ..data.samples import SkipGramBatch


class ItemModel(nn.Module):
    """A model with a vector for each item of a catalogue.

    A subclass defines ``loss(batch)`` and ``embeddings(which, unseen)``.

    Attributes
    ----------
    counts : (items,) how often each item stood in what the model was trained on; 0 means it was never seen.
    options : the arguments the model was made with, so that it can be saved and made again.
    adam : the rate at which `fit` has Adam change what is in no table.
    """

    counts: torch.Tensor
    sides: tuple[str, ...] = ("target",)
    adam: float = 0.01
    trains_on: type = SkipGramBatch  # the kind of batch that `loss` takes

    def __init__(self, catalogue: Catalogue, dim: int, **options):
        super().__init__()
        if dim < 1:
            raise ValueError(f"An embedding needs at least one dimension, not {dim}.")
        self.catalogue, self.dim = catalogue, dim
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in options.items()}
        self.options = {"dim": int(dim), **plain}  # which JSON can take
        self.register_buffer("counts", torch.zeros(len(catalogue)))

    @property
    def device(self) -> torch.device:
        """Where the model's numbers are."""
        return self.counts.device

    @property
    def seen(self) -> torch.Tensor:
        """(items,) booleans: was the item in the training data?"""
        return self.counts > 0

    def observe(self, counts: torch.Tensor) -> None:
        """Take note of how often each item occurs in the training data; `fit` calls this once."""
        if len(counts) != len(self.catalogue):
            raise ValueError(
                f"The samples have {len(counts)} items but the model's catalogue has {len(self.catalogue)}: "
                "make both from the same data set."
            )
        self.counts.copy_(counts)

    def loss(self, batch) -> torch.Tensor:
        """The mean loss of a batch, a scalar to differentiate."""
        raise NotImplementedError

    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """(items, dim) a vector for each item.

        Parameters
        ----------
        which : "target", "context" or "mean" of the two, as far as the model has them.
        unseen : what an item gets that training never saw: "zero", a zero vector; "traits", the vector of its
            traits (where the model has them); "random", its untrained row: the published mistake, here to be shown.
        """
        raise NotImplementedError

    def _check(self, which: str, unseen: str) -> None:
        choices = (*self.sides, "mean") if len(self.sides) > 1 else self.sides
        if which not in choices:
            raise ValueError(f"{type(self).__name__} has no embedding {which!r}: choose from {', '.join(choices)}.")
        if unseen not in ("zero", "traits", "random"):
            raise ValueError(f'unseen={unseen!r} is not known: choose "zero", "traits" or "random".')
