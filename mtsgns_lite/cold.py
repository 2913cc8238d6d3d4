"""What traits alone say of an item: the vector of a new one, from the texts of its traits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .data.catalogue import UNKNOWN, Trait
from .models.traits import MultiTraitSGNS

Values = Mapping[str, str | Iterable[str] | None]


class NotThere(KeyError, ValueError):
    """A name that a catalogue or a model does not hold, as a sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


def codes_of(traits: Mapping[str, Trait], values: Values) -> dict[str, list[int]]:
    """The known codes of each trait, from texts: ``{"brand": "Acme", "tags": ["new", "sale"]}``.

    What is left out, None or "unknown" has none. Raises `NotThere` for a trait or a value that is not there,
    ``ValueError`` for more values than an item can have.
    """
    for name in values:
        if name not in traits:
            raise NotThere(f"There is no trait {name!r}; the model has: {', '.join(traits)}.")
    return {name: _codes(trait, values.get(name)) for name, trait in traits.items()}


def _codes(trait: Trait, chosen: str | Iterable[str] | None) -> list[int]:
    texts = [chosen] if isinstance(chosen, str) else list(chosen or [])
    texts = [text for text in dict.fromkeys(str(text).strip() for text in texts) if text and text != UNKNOWN]
    for text in texts:
        if text not in trait.values:
            near = difflib.get_close_matches(text, trait.values, n=1, cutoff=0.5)
            raise NotThere(f"No item has the {trait.name} {text!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    if len(texts) > trait.codes.shape[1]:
        raise ValueError(f"An item has at most {trait.codes.shape[1]} of the trait {trait.name!r}, not {len(texts)}.")
    return [trait.values.index(text) for text in texts]


@dataclass(frozen=True)
class TraitRows:
    """The learned part of a trait model that makes a vector from traits alone, as plain arrays.

    Attributes
    ----------
    rows : (values, d) the vectors of all traits' values, trait after trait; each trait's first row is "unknown".
    logits : (traits,) of the softmax over the known traits.
    scale : multiply by the number of known traits (see `models.traits`).
    """

    rows: np.ndarray
    logits: np.ndarray
    scale: bool

    @classmethod
    def of(cls, model: MultiTraitSGNS, which: str = "target") -> TraitRows:
        """Those of one side of a model.

        An item with weights of its own has learned none before it is sold, and cold="mean" asks for the plain mean:
        then all traits count the same.
        """
        side = model._side(which)
        learned = model.cold == "weights" and not side.per_item
        traits = len(model.traits)
        logits = side.logits.weight.detach()[0, 1 : 1 + traits] if learned else torch.zeros(traits)
        return cls(side.values.weight.detach().cpu().numpy().copy(), logits.cpu().numpy().copy(), bool(side.scale))

    def weights(self, known: Sequence[bool] | np.ndarray) -> np.ndarray:
        """(traits,) the softmax over the known ones, 0 for the others."""
        known = np.asarray(known, dtype=bool)
        weights = np.zeros(len(known), dtype=np.float32)
        if known.any():
            weights[known] = np.exp(self.logits[known] - self.logits[known].max())
        return weights / max(weights.sum(), 1e-30)

    def vector(self, traits: Mapping[str, Trait], values: Values) -> np.ndarray:
        """(d,) ``m sum_s softmax(a)_s mean_c W_c`` over the m known traits s and their codes c; zero without any."""
        codes = list(codes_of(traits, values).values())
        firsts = np.cumsum([0, *(len(trait.values) for trait in traits.values())])
        weights = self.weights([bool(own) for own in codes])
        vector = np.zeros(self.rows.shape[1], dtype=np.float32)
        for weight, own, first in zip(weights, codes, firsts):
            if own:
                vector += weight * self.rows[first + np.asarray(own)].mean(axis=0)
        return vector * (sum(map(bool, codes)) if self.scale else 1)
