"""From a trained model to answers: cached vectors, an index over them, a store of versions, a service."""

from ..cold import TraitRows
from .embeddings import Embeddings, user_vector, user_vectors
from .files import source_hash
from .index import ApproximateIndex, ExactIndex, recall
from .live import Live
from .recommender import Recommender
from .server import running, serve
from .store import Store, Version

__all__ = [
    "ApproximateIndex", "Embeddings", "ExactIndex", "Live", "recall", "Recommender", "running", "serve", "source_hash",
    "Store", "TraitRows", "user_vector", "user_vectors", "Version",
]  # fmt: skip
