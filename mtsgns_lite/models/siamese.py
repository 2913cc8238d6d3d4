"""Content towers: an item's text is one more source of its vector, read by an encoder that is trained with the rest.

    H_v = sum_s c_s(v),    c_s(v) = m_v * softmax(a)_s * W^s_v,    and for the text    W^text_v = tower(text of v)

as in `models.traits`, whose tables, weights and losses are used here: how much an item's company says of it (its own
row) and how much its text does is learned, and read as the weights of traits are. The encoder hears the same positives
and negatives, end to end, so an item that nobody bought yet has a vector. ``siamese=True`` reads the text on the
context side too, by the same encoder: the siamese network of two texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue, Trait
from ..data.text import item_texts
from .base import ItemModel
from .encoders import CNN, ENCODERS, Frozen, NGrams, Tower
from .tables import Table
from .traits import MultiTraitSGNS, TraitMixture


class Reader(nn.Module):
    """The items' texts and their tower. It is asked like a `Table`: item numbers in, vectors of their texts out.

    Parameters
    ----------
    texts : (items,) each item's text, "" for none.
    encoder, dim, seed : see `Tower`.

    Attributes
    ----------
    there : (items,) booleans: has the item a text?
    """

    text_of: torch.Tensor
    there: torch.Tensor
    features: torch.Tensor

    def __init__(self, texts: Sequence[str], encoder: CNN | NGrams | Frozen, dim: int, seed: int):
        super().__init__()
        self.distinct = distinct(texts)
        number = {text: place for place, text in enumerate(self.distinct)}
        self.register_buffer("text_of", torch.tensor([number.get(text, 0) for text in texts]), persistent=False)
        self.register_buffer("there", torch.tensor([bool(text) for text in texts]), persistent=False)
        # A frozen encoder is saved without its function, so what it had read is saved in its place.
        unread = isinstance(encoder, Frozen) and encoder.encode is None
        features = torch.zeros(len(self.distinct), encoder.width) if unread else encoder.features(self.distinct)
        self.register_buffer("features", features, persistent=isinstance(encoder, Frozen))
        self.tower = Tower(encoder, dim, seed)
        self.register_load_state_dict_post_hook(Reader._read_again)

    def _read_again(self, *_) -> None:
        if not isinstance(self.tower.encoder, Frozen):  # the word pieces may be others now
            self.features = self.tower.encoder.features(self.distinct).to(self.features.device)

    def forward(self, items: torch.Tensor) -> torch.Tensor:
        """(U,) items -> (U, d); each distinct text is read once."""
        texts, place = self.text_of[items].unique(return_inverse=True)
        return F.embedding(place, self.tower(self.features[texts]))


def distinct(texts: Sequence[str]) -> list[str]:
    """Each text once, in order, without the empty one."""
    return list(dict.fromkeys(text for text in texts if text))


class ContentMixture(TraitMixture):
    """A `TraitMixture` with the text as its last source. own=False leaves the items' own rows out."""

    def __init__(self, reader: Reader, own: bool, catalogue: Catalogue, **settings):
        super().__init__(catalogue, more=1, **settings)
        self.read, self.own = reader.forward, own  # the model holds the reader, which two sides may share
        self.count[:, -1] = reader.there

    def known(self, items: torch.Tensor, own: bool = True) -> torch.Tensor:
        """See `TraitMixture.known`."""
        return super().known(items, own and self.own)

    def of_traits(self, items: torch.Tensor, mix: torch.Tensor) -> torch.Tensor:
        """See `TraitMixture.of_traits`: the traits' part and the text's."""
        return super().of_traits(items, mix) + mix[:, -1:] * self.read(items)

    def contributions(self, items: torch.Tensor, **options) -> torch.Tensor:
        """See `TraitMixture.contributions`."""
        text = self.mix(items, **options)[:, -1:] * self.read(items)  # (U, d)
        return torch.cat([super().contributions(items, **options)[:, :-1], text[:, None]], dim=1)


class ContentSGNS(MultiTraitSGNS):
    """Skip-gram whose target vectors are mixtures of the item's own row, its text's encoding and, if asked, its traits.

    Parameters
    ----------
    text : what is read of an item: "name", a trait, or several of these, joined by blanks.
    encoder : "cnn" (word pieces, needs sentencepiece), "ngrams", or a function from texts to (texts, e) numbers that
        stays as it is, such as ``SentenceTransformer(folder).encode``.
    encoder_options : arguments of the encoder (see `models.encoders`).
    own : has an item a row of its own beside its text? False: the text alone, whatever company it keeps.
    traits : names of traits that are sources too, or "all".
    siamese : read the text on the context side as well, by the same encoder; context vectors are mixtures then too.
    Others as in `MultiTraitSGNS`. Raises ``ValueError`` for a text, trait or encoder that does not exist, and where no
    item has a text.
    """

    adam = 0.003
    reader: Reader

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        text: str | Sequence[str] = "name",
        encoder: str | Callable = "cnn",
        own: bool = True,
        traits: str | Sequence[str] = (),
        siamese: bool = False,
        weights: str = "global",
        scale: bool = True,
        auxiliary: float = 0.2,
        cold: str = "weights",
        rate: float = 0.1,
        trait_rate: float = 0.015,
        context_rate: float = 0.2,
        weight_rate: float | None = None,
        encoder_options: dict | None = None,
        seed: int = 0,
    ):
        kind, made_of = encoder if isinstance(encoder, str) else "frozen", dict(encoder_options or {})
        if kind not in ENCODERS:
            raise ValueError(f"encoder={encoder!r} is not known: choose cnn, ngrams, or give a function of texts.")
        columns = [text] if isinstance(text, str) else list(text)
        chosen = list(catalogue.traits) if traits == "all" else [traits] if isinstance(traits, str) else list(traits)
        texts = item_texts(catalogue, columns)
        if not any(texts):
            raise ValueError(f"No item has a text in {', '.join(columns)}: name the columns that hold it with text=.")
        ItemModel.__init__(
            self, catalogue, dim, text=columns, encoder=kind, own=own, traits=chosen, siamese=siamese, weights=weights,
            scale=scale, auxiliary=auxiliary, cold=cold, rate=rate, trait_rate=trait_rate, context_rate=context_rate,
            weight_rate=weight_rate, seed=seed,
        )  # fmt: skip
        self._check_choices()
        self.context_traits, self._chosen = siamese, catalogue.select(*chosen)
        if callable(encoder):
            made_of["encode"] = encoder
        made = ENCODERS[kind](distinct(texts), dim, seed=seed, **made_of)
        self.reader = Reader(texts, made, dim, seed)
        self.options["encoder_options"] = {"width": made.width} if isinstance(made, Frozen) else made_of

        def side(spread: float, rate: float) -> TraitMixture:
            return ContentMixture(
                self.reader, own, self._chosen, dim=dim, weights=weights, scale=scale, spread=spread, rate=rate,
                trait_rate=trait_rate, weight_rate=weight_rate, seed=seed,
            )  # fmt: skip

        self.target = side(0.5 / dim, rate)
        self.context = side(0.0, context_rate) if siamese else Table(len(catalogue), dim, rate=context_rate)
        described = torch.from_numpy(self._chosen.has_traits) | self.reader.there
        self.register_buffer("has_traits", described, persistent=False)

    @property
    def traits(self) -> dict[str, Trait]:
        """The traits that are sources."""
        return self._chosen.traits

    @property
    def sources(self) -> list[str]:
        """The item, its traits, its text."""
        return [*super().sources, "text"]

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, dim) what the encoder makes of any texts, in the space of the items."""
        if isinstance(texts, str):
            raise ValueError(f"Give a list of texts, such as [{texts!r}].")
        tower, training = self.reader.tower, self.training
        tower.eval()
        try:
            return tower(tower.encoder.features(list(texts)).to(self.device))
        finally:
            tower.train(training)
