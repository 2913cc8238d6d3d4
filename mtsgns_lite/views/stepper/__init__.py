"""Skip-gram that can be played with, one step at a time, on a graph small enough to draw."""

from .view import SgnsStepper, sgns_stepper

__all__ = ["SgnsStepper", "sgns_stepper"]
