"""Checks of the exercises: ``mt.check.sgns_loss(my_loss)`` says whether an answer is right, and if not, in what way."""

from .factorisation import mf_loss, mf_score
from .negatives import draw_negatives
from .skipgram import sgns_loss
from .walks import pairs_of_walk

__all__ = ["draw_negatives", "mf_loss", "mf_score", "pairs_of_walk", "sgns_loss"]
