"""Checks of the exercises: ``mt.check.sgns_loss(my_loss)`` says whether an answer is right, and if not, in what way."""

from .adagrad import rowwise_adagrad
from .contribution import contribution_share
from .controls import batch_scores, shuffled_baskets
from .counting import rows_fetched
from .factorisation import mf_loss, mf_score
from .gradients import sgns_gradient
from .negatives import draw_negatives
from .ranking import degree_matched_auc
from .recall import recall_at_k
from .seeds import seed_verdict, worker_draws
from .shop import share_of_top
from .sideinfo import cold_embedding, trait_embedding
from .skipgram import sgns_loss
from .steps import step_chances
from .thresholds import precision_recall
from .together import lift
from .traits import trait_lift
from .walks import pairs_of_walk

__all__ = [
    "batch_scores", "cold_embedding", "contribution_share", "degree_matched_auc", "draw_negatives", "lift", "mf_loss",
    "mf_score", "pairs_of_walk", "precision_recall", "recall_at_k", "rows_fetched", "rowwise_adagrad", "seed_verdict",
    "sgns_gradient", "sgns_loss", "share_of_top", "shuffled_baskets", "step_chances", "trait_embedding", "trait_lift",
    "worker_draws",
]  # fmt: skip
