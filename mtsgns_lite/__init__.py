"""mtsgns_lite: item embeddings for recommendation, from matrix factorisation to skip-gram that knows its traits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .comparison import compare
from .data.catalogue import Catalogue, Trait
from .data.dataset import Dataset, Edges, Ragged, Ratings
from .data.datasets import load
from .data.graph import Graph
from .data.planted import planted
from .data.samples import Baskets, Pairs, Walks
from .data.splits import Split, split
from .device import pick_device
from .evaluation import auc, evaluate, evaluate_vectors, held_out_auc, precision_recall
from .models import (
    MIND,
    SGNS,
    ComiRecDR,
    ComiRecSA,
    ContentSGNS,
    GRU4Rec,
    ItemModel,
    MatrixFactorization,
    MultiTraitSGNS,
)
from .models.mf import bce, mse
from .models.sgns import sgns_loss
from .models.tables import Table
from .neighbours import neighbours, neighbours_of_text, recommend, trait_weights
from .storage import export_vectors, library_version, load_model, save_model
from .training import History, TrainingDiverged, fit

if TYPE_CHECKING:
    from . import check, interests, scale, sequence_evaluation, serving, transfer
    from .data.basket_sessions import basket_sessions
    from .data.planted_interests import planted_interests
    from .data.planted_sessions import planted_sessions
    from .data.sequences import Prefixes, Sequences
    from .data.sessions import Sessions
    from .goals import goal_ranks, market_auc, market_mixing
    from .sequence_evaluation import evaluate_next
    from .views.counter import cold_item
    from .views.explorer import explore
    from .views.stepper import sgns_stepper
    from .views.weights import show_trait_weights

__version__ = library_version()

_LATER = {  # where a name is; imported when first asked for: the views bring plotly along
    "check": "check", "cold_item": "views.counter", "explore": "views.explorer", "serving": "serving",
    "sgns_stepper": "views.stepper", "show_trait_weights": "views.weights", "transfer": "transfer",
    "basket_sessions": "data.basket_sessions", "goal_ranks": "goals", "market_auc": "goals", "market_mixing": "goals",
    "planted_sessions": "data.planted_sessions", "Sessions": "data.sessions", "interests": "interests",
    "sequence_evaluation": "sequence_evaluation", "evaluate_next": "sequence_evaluation",
    "planted_interests": "data.planted_interests", "Prefixes": "data.sequences", "scale": "scale",
    "Sequences": "data.sequences",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _LATER:
        module = importlib.import_module(f".{_LATER[name]}", __name__)
        return module if _LATER[name] == name else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "auc", "basket_sessions", "Baskets", "bce", "Catalogue", "check", "cold_item", "ComiRecDR", "ComiRecSA", "compare",
    "ContentSGNS", "Dataset", "Edges", "evaluate", "evaluate_next", "evaluate_vectors", "explore", "export_vectors",
    "fit", "goal_ranks", "Graph", "GRU4Rec", "held_out_auc", "History", "interests", "ItemModel", "load", "load_model",
    "market_auc", "market_mixing", "MatrixFactorization", "MIND", "mse", "MultiTraitSGNS", "neighbours",
    "neighbours_of_text", "Pairs", "pick_device", "planted", "planted_interests", "planted_sessions",
    "precision_recall", "Prefixes", "Ragged", "Ratings", "recommend", "save_model", "scale", "sequence_evaluation",
    "Sequences", "serving", "Sessions", "SGNS", "sgns_loss", "sgns_stepper", "show_trait_weights", "split", "Split",
    "Table", "TrainingDiverged", "Trait", "trait_weights", "transfer", "Walks",
]  # fmt: skip
