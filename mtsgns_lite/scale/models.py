"""`SGNS` and `MultiTraitSGNS` on tables that are spread over processes: their own losses on other tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..data.catalogue import Catalogue
from ..data.samples import SkipGramBatch
from ..models import SGNS, MultiTraitSGNS
from ..models.base import ItemModel
from ..models.traits import WEIGHT_RATES, TraitMixture, known_values
from .mapped import mapped
from .tables import Tables, TableSpec

KINDS = {"SGNS": SGNS, "MultiTraitSGNS": MultiTraitSGNS}


def check_kind(kind: str) -> None:
    """Raises ``ValueError`` for a model that can't be spread."""
    if kind not in KINDS:
        raise ValueError(f"{kind} can't be spread over processes: take {' or '.join(KINDS)}.")


def table_specs(kind: str, options: dict, items: int, traits: int = 0, values: int = 0) -> list[TableSpec]:
    """The tables of a model, as it would make them itself.

    items, traits, values : how many of each the catalogue has; `values` over all traits, the unknown ones included.
    """
    dim = options["dim"]
    if kind == "SGNS":
        rate = options["rate"]
        return [TableSpec("target", items, dim, rate, 0.5 / dim), TableSpec("context", items, dim, rate)]
    weights, logit_rate = options["weights"], options["weight_rate"]
    logit_rate = WEIGHT_RATES[weights] if logit_rate is None else logit_rate

    def side(name: str, rate: float, spread: float) -> list[TableSpec]:
        per_item = weights == "item"
        rows, start = (items, 0.0) if per_item else (1, 0.1)
        return [
            TableSpec(f"{name}.items", items, dim, rate, spread),
            TableSpec(f"{name}.values", values, dim, options["trait_rate"]),
            TableSpec(f"{name}.logits", rows, 1 + traits, logit_rate, start=start, everywhere=not per_item),
        ]

    target = side("target", options["rate"], 0.5 / dim)
    if options["context_traits"]:
        return target + side("context", options["context_rate"], 0.0)
    return [*target, TableSpec("context", items, dim, options["context_rate"])]


def write_traits(kind: str, catalogue: Catalogue, folder: Path) -> tuple[int, int]:
    """Put what the model knows of the catalogue's traits into a folder, as arrays; how many traits and values."""
    if kind == "SGNS":
        return 0, 0
    folder.mkdir(parents=True, exist_ok=True)
    arrays = known_values(catalogue, 1 + len(catalogue.traits)) | {"has_traits": catalogue.has_traits}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return len(catalogue.traits), sum(len(trait.values) for trait in catalogue.traits.values())


class SpreadMixture(TraitMixture):
    """One side's trait mixture; what it knows of the items stays on the disk, and is shared by a host."""

    def __init__(self, tables: Tables, side: str, options: dict, known: dict[str, torch.Tensor]):
        nn.Module.__init__(self)
        self.scale, self.per_item = options["scale"], options["weights"] == "item"
        self.sources = known["count"].shape[1]
        self.items, self.values, self.logits = (tables[f"{side}.{part}"] for part in ("items", "values", "logits"))
        for name in ("starts", "code", "source", "count"):
            setattr(self, name, known[name])

    def asks(self, side: str, items: torch.Tensor) -> dict[str, torch.Tensor]:
        """(U,) rising item numbers -> the rows that they need, by table."""
        asked = {f"{side}.items": items, f"{side}.values": self.entries(items)[1].unique()}
        return asked | ({f"{side}.logits": items} if self.per_item else {})


class SpreadSGNS(SGNS):
    """`SGNS` on `Tables`."""

    def __init__(self, tables: Tables):
        nn.Module.__init__(self)
        self.target, self.context = tables["target"], tables["context"]

    def asks(self, batch: SkipGramBatch) -> dict[str, torch.Tensor]:
        """The rows that a batch needs, by table: rising numbers."""
        return {"target": batch.items.unique(), "context": contexts(batch)}


class SpreadTraits(MultiTraitSGNS):
    """`MultiTraitSGNS` on `Tables`; `known`: what `write_traits` wrote."""

    target: SpreadMixture

    def __init__(self, tables: Tables, options: dict, known: dict[str, torch.Tensor]):
        nn.Module.__init__(self)
        self.options, self.auxiliary = options, options["auxiliary"]
        self.has_traits = known["has_traits"]
        self.target = SpreadMixture(tables, "target", options, known)
        both = options["context_traits"]
        self.context = SpreadMixture(tables, "context", options, known) if both else tables["context"]

    def asks(self, batch: SkipGramBatch) -> dict[str, torch.Tensor]:
        """The rows that a batch needs, by table: rising numbers."""
        asked, context = self.target.asks("target", batch.items.unique()), contexts(batch)
        if isinstance(self.context, SpreadMixture):
            return asked | self.context.asks("context", context)
        return asked | {"context": context}


def contexts(batch: SkipGramBatch) -> torch.Tensor:
    """(U,) the items of a batch and its negatives, once each."""
    return torch.cat([batch.items.ravel(), batch.noise.ravel()]).unique()


def spread_model(kind: str, options: dict, tables: Tables, folder: Path) -> ItemModel:
    """The model on its tables; `folder` is where `write_traits` wrote."""
    if kind == "SGNS":
        return SpreadSGNS(tables)
    names = ("starts", "code", "source", "count", "has_traits")
    return SpreadTraits(tables, options, {name: mapped(folder / f"{name}.npy").to(tables.device) for name in names})
