"""mtsgns_lite: item embeddings for recommendation, from matrix factorisation to skip-gram that knows its traits."""

from .comparison import compare
from .data.catalogue import Catalogue, Trait
from .data.dataset import Dataset, Edges, Ragged, Ratings
from .data.datasets import load
from .data.graph import Graph
from .data.planted import planted
from .data.samples import Baskets, Pairs, Walks
from .data.splits import Split, split
from .device import pick_device
from .evaluation import auc, evaluate, evaluate_vectors, precision_recall
from .models import SGNS, ItemModel, MatrixFactorization, MultiTraitSGNS
from .models.mf import bce, mse
from .models.sgns import sgns_loss
from .models.tables import Table
from .neighbours import neighbours, recommend, trait_weights
from .storage import export_vectors, library_version, load_model, save_model
from .training import History, TrainingDiverged, fit

__version__ = library_version()

__all__ = [
    "auc", "Baskets", "bce", "Catalogue", "compare", "Dataset", "Edges", "evaluate", "evaluate_vectors",
    "export_vectors", "fit", "Graph", "History", "ItemModel", "load", "load_model", "MatrixFactorization",
    "mse", "MultiTraitSGNS", "neighbours", "Pairs", "pick_device", "planted", "precision_recall", "Ragged",
    "Ratings", "recommend", "save_model", "SGNS", "sgns_loss", "split", "Split", "Table", "TrainingDiverged",
    "Trait", "trait_weights", "Walks",
]  # fmt: skip
