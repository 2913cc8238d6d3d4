"""One of the `METHODS` on the whole of a data set, nothing held out: what the command line trains and keeps."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from .data.dataset import Dataset
from .data.splits import Split
from .methods import METHODS
from .models import ItemModel
from .training import History, fit


def usual_method(dataset: Dataset) -> str:
    """The method for a data set, unless another is asked for."""
    return "traits-global" if dataset.catalogue.traits else "sgns"


def trainable(dataset: Dataset, name: str, dim: int = 64, seed: int = 0, empty: bool = False) -> tuple[ItemModel, Any]:
    """One of `METHODS`, untrained, and what it trains on: the whole data set, nothing held out. An `empty` model has
    shapes but no numbers, and takes no memory.

    Raises ``ValueError`` for a name that has no model, or one that needs traits where there are none.
    """
    method = METHODS.get(name)
    if method is None or method.model is None:
        there = ", ".join(own for own, method in METHODS.items() if method.model)
        raise ValueError(f"No model is called {name!r}: choose from {there}.")
    dataset = dataset.as_baskets()
    whole = Split(dataset, np.empty((0, 2), np.int64), {}, np.zeros(len(dataset.catalogue), dtype=bool), seed)
    with torch.device("meta") if empty else nullcontext():
        model = method.model(dataset.catalogue, dim=dim, seed=seed)
    return model, method.samples(whole, whole.train)


def train_method(
    dataset: Dataset, name: str, dim: int = 64, epochs: int = 3, seed: int = 0, device: str | None = None
) -> tuple[ItemModel, History]:
    """Fit one of `METHODS` on the whole data set; raises as `trainable` does."""
    model, samples = trainable(dataset, name, dim, seed)
    return model, fit(model, samples, epochs, device=device, seed=seed)
