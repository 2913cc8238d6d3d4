"""Text encoders: texts in, what is to be said of them out. Each is a plain module; any can take another's place.

``encoder.features(texts)``, (texts, ...) numbers, is what it reads of each text, made once for a catalogue;
``encoder(features)``, (texts, width), is differentiated. A `Tower` puts it into the items' space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..data.text import PAD, WordPieces, letter_grams, padded
from .tables import Table


class CNN(nn.Module):
    """Word pieces -> their vectors -> filters of several widths -> each filter's largest answer.

    The sentence CNN of Kim (2014), on word pieces e_1..e_T: a filter f of width w answers
    ``max(0, max_t f . [e_t .. e_{t+w-1}])``, blanks standing around the text. (No bias: it would be standardised away.)

    Parameters
    ----------
    pieces : how many word pieces to learn at most. length : pieces of a text that are read.
    filters : how many of each of the `widths`.
    cuts : ways of cutting each text into pieces that training goes through in turn; the likeliest comes first.
    """

    step: torch.Tensor

    def __init__(
        self,
        texts: Sequence[str],
        dim: int,
        pieces: int = 2_000,
        length: int = 24,
        filters: int = 64,
        widths: Sequence[int] = (1, 2, 3),
        cuts: int = 1,
        rate: float = 0.1,
        seed: int = 0,
    ):
        super().__init__()
        if cuts < 1 or min(widths) < 1:
            raise ValueError(f"cuts={cuts} and widths={tuple(widths)} must be 1 or more.")
        self.words, self.length, self.widths, self.cuts = WordPieces.learn(texts, pieces), length, tuple(widths), cuts
        self.pieces = Table(pieces, dim, spread=0.5, rate=rate, seed=seed)
        self.width = len(self.widths) * filters
        generator = torch.Generator().manual_seed(seed)
        self.filters = nn.ParameterList(
            torch.randn(width, dim, filters, generator=generator) * (2 / (width * dim)) ** 0.5 for width in self.widths
        )
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def features(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, cuts, T) piece numbers; the first cut is the likeliest."""
        cuts = [self.words.ids(texts, self.length, seed) for seed in [None, *range(1, self.cuts)]]
        longest = max(int((cut != PAD).sum(axis=1).max(initial=1)) for cut in cuts)
        return torch.from_numpy(np.stack(cuts, axis=1)[:, :, :longest])

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(U, cuts, T) -> (U, widths * filters).

        A filter over looked-up rows is a sum of looked-up products: what a piece says at each place of the filter is
        computed once for each distinct piece, which is ten times less work than once for each place of each text.
        """
        margin = max(self.widths)  # every filter passes a place where nothing stands, and so answers at least 0
        places = F.pad(features[:, self._cut()], (margin, margin), value=PAD)  # (U, T + 2 margin)
        pieces, places = places.unique(return_inverse=True)
        rows = self.pieces(pieces) * (pieces != PAD)[:, None]  # (P, dim)
        answers = []
        for width, filters in zip(self.widths, self.filters):
            says = rows @ filters  # (width, P, filters)
            stop = places.shape[1] - width + 1
            total = torch.stack([F.embedding(places[:, at : at + stop], says[at]) for at in range(width)]).sum(dim=0)
            answers.append(total.amax(dim=1))  # (U, filters)
        return torch.cat(answers, dim=1)

    def _cut(self) -> int:
        if not self.training:
            return 0
        self.step += 1
        return int(self.step) % self.cuts

    def get_extra_state(self) -> torch.Tensor:
        """The word pieces, which belong to the rows of their table and are saved with them."""
        return torch.frombuffer(bytearray(self.words.model), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Put saved word pieces back."""
        self.words = WordPieces(state.cpu().numpy().tobytes())


class NGrams(nn.Module):
    """The mean of the vectors of a text's words and letter n-grams, hashed (fastText, Bojanowski et al. 2017)."""

    def __init__(self, texts: Sequence[str], dim: int, buckets: int = 2**15, rate: float = 0.05, seed: int = 0):
        super().__init__()
        self.buckets, self.width = buckets, dim
        self.grams = Table(buckets + 1, dim, spread=0.5 / dim, rate=rate, seed=seed)

    def features(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, T) n-gram numbers."""
        return torch.from_numpy(padded(letter_grams(texts, self.buckets)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(U, T) -> (U, dim)."""
        there = features != PAD
        grams, places = features.unique(return_inverse=True)
        share = there / there.sum(dim=1, keepdim=True).clamp(min=1)
        return F.embedding_bag(places, self.grams(grams), per_sample_weights=share, mode="sum")


class Frozen(nn.Module):
    """What somebody else's encoder makes of a text, as it is: only the projection is learned.

    Parameters
    ----------
    encode : texts -> (texts, width) numbers, such as ``SentenceTransformer(folder).encode``; None in a model that was
        saved and loaded: what it had read is kept, and for new texts give it the function again (``encoder.encode =``).
    width : where there is no function to ask.
    """

    def __init__(
        self, texts: Sequence[str], dim: int, encode: Callable | None = None, width: int | None = None, seed: int = 0
    ):
        super().__init__()
        self.encode = encode
        self.width = self.features(texts[:1]).shape[1] if width is None else width

    def features(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, width) unit vectors. Raises ``ValueError`` where the function is missing, or makes something else."""
        if self.encode is None:
            raise ValueError("This model's frozen encoder was not saved with it: set encoder.encode to the same one.")
        made = torch.as_tensor(np.asarray(self.encode(list(texts))), dtype=torch.float32)
        if made.dim() != 2 or len(made) != len(texts):
            raise ValueError(
                f"The encoder made {tuple(made.shape)} of {len(texts)} texts: it must give one row of numbers to each."
            )
        return F.normalize(made, dim=1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(U, width) -> (U, width)."""
        return features


class Tower(nn.Module):
    """An encoder and the way into the items' space: ``P standardise(encoder(features)) + q``.

    Standardised over the batch (Ioffe and Szegedy 2015), the answers tell texts apart from the first step on; as they
    come, all texts would first move in one direction, away from the negatives, and leave an item's own row nothing to
    say. What is standardised needs the shift q, because skip-gram's scores are below 0 on the mean: they are log-odds
    less log k (Levy and Goldberg 2014).
    """

    encoder: Any

    def __init__(self, encoder: CNN | NGrams | Frozen, dim: int, seed: int = 0):
        super().__init__()
        self.encoder, width = encoder, encoder.width
        self.standardise = nn.BatchNorm1d(width, affine=False)
        generator = torch.Generator().manual_seed(seed)
        self.project = nn.Parameter(torch.randn(width, dim, generator=generator) * 0.5 / dim)
        self.shift = nn.Parameter(torch.zeros(dim))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(U, ...) -> (U, dim)."""
        answers = self.encoder(features)  # (U, width)
        if len(answers) == 1 and self.training:  # one text alone has no deviation
            return self.shift.expand(1, -1) + 0 * (answers @ self.project)
        return self.standardise(answers) @ self.project + self.shift


ENCODERS: dict[str, Any] = {"cnn": CNN, "ngrams": NGrams, "frozen": Frozen}
