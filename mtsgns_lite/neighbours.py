"""What is near what, and why: nearest items, recommendations for a basket, trait weights and contributions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .data.catalogue import Catalogue
from .evaluation import html_table, text_table
from .models.base import ItemModel
from .models.sequence import SequenceModel
from .models.siamese import ContentSGNS
from .models.traits import MultiTraitSGNS


@dataclass(frozen=True)
class Neighbour:
    """An item, its cosine similarity with what was asked, and the traits they share, as text."""

    item: int
    id: str
    name: str
    similarity: float
    shared: dict[str, str]
    seen: bool


class Neighbours(list[Neighbour]):
    """Neighbours from the nearest on, shown as a table; `asked` says of what."""

    def __init__(self, found: Iterable[Neighbour], asked: str):
        super().__init__(found)
        self.asked = asked

    def _table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [n.name + ("" if n.seen else " (never bought)"), f"{n.similarity:.3f}", ", ".join(n.shared) or "-"]
            for n in self
        ]
        return [f"near {self.asked}", "cosine", "shares"], rows

    def __repr__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table(*self._table())


def neighbours(
    model: ItemModel, item: object, k: int = 10, which: str = "target", unseen: str | None = None, others: str = "seen"
) -> Neighbours:
    """The k nearest items by cosine.

    Parameters
    ----------
    item : a number, id or name (see `Catalogue.index`).
    others : "seen", only items that were in the training data; "all".
    Raises ``KeyError`` for an item that is not there, ``ValueError`` when it has no vector.
    """
    query = model.catalogue.index(item)
    vectors = _unit(model, which, unseen)
    if not vectors[query].any():
        raise ValueError(
            f"{model.catalogue.names[query]!r} was never seen in training and has no vector in this model."
        )
    return nearest(model, vectors @ vectors[query], query, k, others)


def nearest(model: ItemModel, scores: torch.Tensor, query: int | None, k: int, others: str = "seen") -> Neighbours:
    """The k items with the highest scores (items,), the query left out."""
    scores = scores.clone()
    if others == "seen":
        scores[~model.seen.to(scores.device)] = -torch.inf
    if query is not None:
        scores[query] = -torch.inf
    best = scores.topk(min(k, int((scores > -torch.inf).sum())))
    found = [
        Neighbour(i, model.catalogue.ids[i], model.catalogue.names[i], s,
                  {} if query is None else shared_traits(model.catalogue, query, i), bool(model.seen[i]))
        for s, i in zip(best.values.tolist(), best.indices.tolist())
    ]  # fmt: skip
    return Neighbours(found, "the basket" if query is None else model.catalogue.names[query])


def shared_traits(catalogue: Catalogue, one: int, other: int) -> dict[str, str]:
    """The traits in which two items have a value in common, and which."""
    shared = {}
    for name, trait in catalogue.traits.items():
        common = (set(trait.codes[one].tolist()) & set(trait.codes[other].tolist())) - {0}
        if common:
            shared[name] = " | ".join(trait.values[code] for code in sorted(common))
    return shared


def recommend(model: ItemModel, basket: Sequence[object], k: int = 10, which: str = "target") -> Neighbours:
    """The k items nearest to the mean of a basket's (unit) vectors, those in the basket left out.

    Raises ``ValueError`` for an empty basket, or one without an item that has a vector; ``KeyError`` for an item that
    is not there.
    """
    items = [model.catalogue.index(item) for item in basket]
    if not items:
        raise ValueError("The basket is empty: put at least one item in, or recommend the most popular ones.")
    vectors = _unit(model, which, None)
    if not vectors[items].any():
        raise ValueError("No item of the basket was seen in training, so none has a vector in this model: add others.")
    scores = vectors @ F.normalize(vectors[items].mean(dim=0), dim=0)
    scores[items] = -torch.inf
    return nearest(model, scores, None, k)


def neighbours_of_text(model: ContentSGNS, text: str, k: int = 10, others: str = "seen") -> Neighbours:
    """The k items nearest to any text, as an item that nobody bought yet would stand that had it for its own.

    Raises ``ValueError`` for a model that reads no texts, or an empty text.
    """
    if not isinstance(model, ContentSGNS):
        raise ValueError(f"{type(model).__name__} reads no texts: use ContentSGNS.")
    if not text.strip():
        raise ValueError("The text is empty: write what the item is called.")
    unit = F.normalize(model.encode([text])[0], dim=0)
    found = nearest(model, _unit(model, "target", None) @ unit, None, k, others)
    return Neighbours(found, repr(text))


def _unit(model: ItemModel, which: str, unseen: str | None) -> torch.Tensor:
    options = {} if unseen is None else {"unseen": unseen}
    return F.normalize(model.embeddings(which, **options).detach(), dim=1)


@dataclass(frozen=True)
class TraitWeights:
    """Per source (the item itself, then its traits): the mean softmax weight over the seen items that have a trait,
    its spread over them (standard deviation), and the contribution share over all seen items; `truth` holds the planted
    shares where they are known."""

    sources: list[str]
    weight: list[float]
    spread: list[float]
    share: list[float]
    truth: dict[str, float] | None = None

    def _table(self) -> tuple[list[str], list[list[str]]]:
        rows = [[s, f"{w:.3f}", f"{c:.3f}"] for s, w, c in zip(self.sources, self.weight, self.share)]
        head = ["source", "weight", "contribution share"]
        if self.truth:
            head, rows = [*head, "planted"], [[*row, f"{self.truth.get(row[0], 0):.3f}"] for row in rows]
        return head, rows

    def __repr__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table(*self._table())


@torch.no_grad()
def trait_weights(
    model: MultiTraitSGNS | SequenceModel, which: str = "target", truth: dict[str, float] | None = None
) -> TraitWeights:
    """What the model learned of each source, over the seen items.

    A softmax weight alone is not an importance, for the length of the vectors can make up for it. The contribution
    share is ``sum_v <c_s(v) - mean c_s, H(v) - mean H> / sum_v |H(v) - mean H|^2`` and adds up to 1.
    Raises ``ValueError`` for a model without traits on that side, or one that was not trained yet.
    """
    if not isinstance(model, MultiTraitSGNS | SequenceModel):
        raise ValueError(f"{type(model).__name__} has no traits, so there are no weights: use MultiTraitSGNS.")
    side, items = model._side(which), torch.nonzero(model.seen).ravel()
    if not len(items):
        raise ValueError("The model has seen no items yet, so there are no weights to read: train it first (mt.fit).")
    described = items[model.has_traits[items]]  # another item has nothing to weigh: its own row counts whole
    weights = side.weights(described if len(described) else items)
    parts = model.contributions(which, items)
    parts = parts - parts.mean(dim=0)
    whole = parts.sum(dim=1)  # (U, d)
    share = torch.einsum("usd,ud->s", parts, whole) / whole.square().sum().clamp(min=1e-30)
    spread = weights.std(dim=0, correction=0)
    return TraitWeights(model.sources, weights.mean(dim=0).tolist(), spread.tolist(), share.tolist(), truth)
