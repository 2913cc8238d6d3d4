"""Checks of the exercises: ``mt.check.sgns_loss(my_loss)`` says whether an answer is right, and if not, in what way."""

from .adagrad import rowwise_adagrad
from .attention import attend
from .balance import balanced_accuracy
from .bought import bought_rank
from .contribution import contribution_share
from .controls import batch_scores, shuffled_baskets
from .counting import rows_fetched
from .cutting import session_of
from .diversity import diversify
from .factorisation import mf_loss, mf_score
from .filters import conv_max
from .goals import goal_loss
from .gradients import sgns_gradient
from .grams import ngrams_of
from .nearest import top_k
from .negatives import draw_negatives
from .people import user_vector
from .pieces import masked_mean
from .ranking import degree_matched_auc
from .reading import so_far
from .recall import recall_at_k
from .routing import route
from .seeds import seed_verdict, worker_draws
from .sharding import rows_held
from .shop import share_of_top
from .sideinfo import cold_embedding, trait_embedding
from .skipgram import sgns_loss
from .steps import step_chances
from .summing import summed_step
from .thresholds import precision_recall
from .together import lift
from .traits import trait_lift
from .travelling import traffic
from .walks import pairs_of_walk

__all__ = [
    "attend", "balanced_accuracy", "batch_scores", "bought_rank", "cold_embedding", "contribution_share",
    "conv_max", "degree_matched_auc", "diversify", "draw_negatives", "goal_loss", "lift", "masked_mean", "mf_loss",
    "mf_score", "ngrams_of", "pairs_of_walk", "precision_recall", "recall_at_k", "route", "rows_fetched",
    "rows_held", "rowwise_adagrad", "seed_verdict", "session_of", "sgns_gradient", "sgns_loss", "share_of_top",
    "shuffled_baskets", "so_far", "step_chances", "summed_step", "top_k", "traffic", "trait_embedding",
    "trait_lift", "user_vector", "worker_draws",
]  # fmt: skip
