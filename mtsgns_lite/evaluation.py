"""How good are the embeddings? AUC against three kinds of negatives, and ranking, beside what popularity alone gets.

A pair's score is the cosine of its embeddings; an item without a vector scores 0 with everything, and ties count half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

import numpy as np
import torch

from .data.splits import Split
from .models.base import ItemModel

K = 10


def auc(positive: np.ndarray, negative: np.ndarray) -> float | None:
    """The chance that a true pair scores above a false one, a tie counting half; None without both."""
    if not len(positive) or not len(negative):
        return None
    negative = np.sort(negative)
    below = np.searchsorted(negative, positive, side="left") + np.searchsorted(negative, positive, side="right")
    return float(below.mean() / (2 * len(negative)))


def precision_recall(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thresholds (each distinct score, falling), and the precision and recall of calling pairs at or above one true."""
    score = np.concatenate([positive, negative])
    order = np.argsort(-score, kind="stable")
    true = np.cumsum(order < len(positive))
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    return score[order][last], true[last] / (last + 1), true[last] / max(len(positive), 1)


def ranks(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(P,) the rank, from 1, of item `wanted` (P,) among `scores` (P, items); ties share their middle."""
    own = scores.gather(1, wanted[:, None])
    return 1 + (scores > own).sum(dim=1) + ((scores == own).sum(dim=1) - 1) / 2


def ranking_metrics(rank: torch.Tensor, k: int = K) -> dict[str, float | None]:
    """HR@k, NDCG@k (one relevant item: 1 / log2(1 + rank)) and MRR of the wanted items' ranks."""
    if not len(rank):
        return {f"hr@{k}": None, f"ndcg@{k}": None, "mrr": None}
    rank, hit = rank.double(), rank <= k
    return {
        f"hr@{k}": float(hit.double().mean()),
        f"ndcg@{k}": float((hit / torch.log2(1 + rank)).mean()),
        "mrr": float((1 / rank).mean()),
    }


@dataclass
class Evaluation:
    """The figures of one method. `auc[negatives][region]`, None where there are no such pairs; `ranking` over seen
    pairs; `own` the AUC by the model's own score, where it has one that is not the cosine; `curve` precision and
    recall of seen pairs among degree-matched ones, at about a hundred thresholds."""

    method: str
    auc: dict[str, dict[str, float | None]]
    ranking: dict[str, float | None] = field(default_factory=dict)
    own: dict[str, dict[str, float | None]] | None = None
    curve: dict[str, list[float]] = field(default_factory=dict)


class Evaluations(list[Evaluation]):
    """Several methods' figures, as a table."""

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Column names, and a row of text for each method."""
        kinds = [kind for kind in ("uniform", "degree", "category") if any(kind in row.auc for row in self)]
        columns = [(kind, region) for kind in kinds for region in ("all", "seen", "cold")]
        names = [f"{kind}/{region}" for kind, region in columns]
        ranking = list(self[0].ranking) if len(self) else []
        rows = [
            [row.method]
            + [_text(row.auc[kind][region]) for kind, region in columns]
            + [_text(row.ranking.get(name)) for name in ranking]
            for row in self
        ]
        return ["AUC", *names, *ranking], rows

    def __repr__(self) -> str:
        head, rows = self.table()
        return text_table(head, rows)

    def _repr_html_(self) -> str:
        head, rows = self.table()
        return html_table(head, rows)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def text_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in plain text, first column left, the others right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = "  ".join
    return "\n".join(
        line(cell.ljust(w) if not c else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths)))
        for row in [head, *rows]
    )


def html_table(head: list[str], rows: list[list[str]]) -> str:
    """The same as HTML; names of items may hold any letter."""
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def evaluate(
    model: ItemModel,
    split: Split,
    which: str = "target",
    unseen: str | None = None,
    baselines: bool = True,
    name: str | None = None,
) -> Evaluations:
    """The model's figures on the split, under rows for popularity and for raw co-occurrence.

    `which` and `unseen` are those of `embeddings`; unseen=None is the model's own way: traits where it has them,
    else zero.
    """
    rows = Evaluations(baseline_rows(split)) if baselines else Evaluations()
    options = {} if unseen is None else {"unseen": unseen}
    vectors = model.embeddings(which, **options).detach().cpu()
    rows.append(evaluate_vectors(vectors, split, name or type(model).__name__))
    score = getattr(model, "score", None)
    if score is not None and getattr(model, "users", None) is None:
        rows[-1].own = _auc_rows(split, lambda pairs: _own_score(score, pairs, model.device))
    return rows


@torch.no_grad()
def _own_score(score, pairs: np.ndarray, device: torch.device) -> np.ndarray:
    first, second = torch.from_numpy(pairs.T.copy()).to(device)
    return score(first, second).cpu().numpy()


def held_out_auc(split: Split, most: int = 5_000) -> Callable[[ItemModel], float]:
    """A quick probe for `fit`: model -> AUC of held-out pairs of trained items, by cosine, against degree-matched ones.

    Of more than `most` pairs it asks so many, always the same. Raises ``ValueError`` where the split has no such pairs.
    """
    true, false = _matched_pairs(split)
    if most < 1 or not len(true):
        what = f"most={most} pairs are none" if most < 1 else "The split has no held-out pairs of two trained items"
        raise ValueError(f"{what}: there is nothing to ask during training; hold out more, or leave the probe out.")
    if len(true) > most:
        chosen = np.sort(np.random.default_rng(split.seed).choice(len(true), most, replace=False))
        true, false = true[chosen], false[chosen]
    items, place = np.unique(np.concatenate([true, false]), return_inverse=True)
    rows, (first, second) = torch.from_numpy(items), torch.from_numpy(place.reshape(-1, 2).T.copy())

    @torch.no_grad()
    def probe(model: ItemModel) -> float:
        vectors = model.embeddings("target", unseen="zero")
        unit = torch.nn.functional.normalize(vectors[rows.to(vectors.device)].cpu().float(), dim=1)
        score = (unit[first] * unit[second]).sum(dim=1).numpy()
        return float(auc(score[: len(true)], score[len(true) :]) or 0.0)

    probe.__name__ = "held-out AUC"
    return probe


def evaluate_vectors(vectors: torch.Tensor, split: Split, name: str) -> Evaluation:
    """The figures of any (items, d) vectors, whatever made them."""
    unit = torch.nn.functional.normalize(vectors.float(), dim=1)

    def cosine(pairs: np.ndarray) -> np.ndarray:
        first, second = torch.from_numpy(pairs.T.copy())
        return (unit[first] * unit[second]).sum(dim=1).numpy()

    ranking = _ranking(split, lambda items: unit[items] @ unit.T)
    return Evaluation(name, _auc_rows(split, cosine), ranking, curve=_curve(split, cosine))


def baseline_rows(split: Split) -> list[Evaluation]:
    """Popularity: a pair's score is the product of its ends' counts. Co-occurrence: the weight of its training edge."""
    counts = torch.from_numpy(split.counts).float()
    together = split.graph

    def by_weight(items: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(len(items), len(counts))
        for row, item in enumerate(items.tolist()):
            entries = slice(int(together.starts[item]), int(together.starts[item + 1]))
            scores[row, together.neighbours[entries]] = weights[entries].float()
        return scores

    def product(pairs: np.ndarray) -> np.ndarray:
        return split.counts[pairs].astype(float).prod(axis=1)

    def weight(pairs: np.ndarray) -> np.ndarray:
        return together.weight_between(*torch.from_numpy(pairs.T.copy())).numpy()

    weights = together.weights
    by_count = _ranking(split, lambda items: counts.expand(len(items), -1))
    together_ranks = _ranking(split, by_weight) if split.dataset.baskets is not None else {}
    return [
        Evaluation("popularity", _auc_rows(split, product), by_count, curve=_curve(split, product)),
        Evaluation("cooccurrence", _auc_rows(split, weight), together_ranks, curve=_curve(split, weight)),
    ]


def _curve(split: Split, score, points: int = 100) -> dict[str, list[float]]:
    """Precision and recall at thresholds that are even in recall; empty where there are no degree-matched pairs."""
    true, false = _matched_pairs(split)
    if not len(true):
        return {}
    threshold, precision, recall = precision_recall(score(true), score(false))
    kept = np.unique(np.searchsorted(recall, np.linspace(recall[0], recall[-1], points)).clip(max=len(recall) - 1))
    named = {"threshold": threshold, "precision": precision, "recall": recall}
    return {name: [float(f"{value:.4g}") for value in values[kept]] for name, values in named.items()}


def _matched_pairs(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """(P, 2) held-out pairs whose ends were both trained on, and (P, 2) their degree-matched false ones."""
    false = split.negatives.get("degree", np.full_like(split.pairs, -1))
    asked = split.regions()["seen"] & (false[:, 0] >= 0)
    return split.pairs[asked], false[asked]


def _auc_rows(split: Split, score) -> dict[str, dict[str, float | None]]:
    """AUC for each kind of negatives in each region; a pair for which no negative was found is left out."""
    true = np.asarray(score(split.pairs))
    found = {}
    for kind, false_pairs in split.negatives.items():
        there = false_pairs[:, 0] >= 0
        false = np.asarray(score(np.maximum(false_pairs, 0)))
        found[kind] = {
            region: auc(true[inside & there], false[inside & there]) for region, inside in split.regions().items()
        }
    return found | {"category": dict.fromkeys(split.regions())} if "category" not in found else found


def _ranking(split: Split, score, scores_at_most: int = 400_000_000, block: int = 512) -> dict[str, float | None]:
    """From the first end of each held-out seen pair, rank all seen items for the other.

    On graphs the training neighbours are left out of the ranking. Of very many pairs 20,000 are asked, and fewer in a
    catalogue so large that it would take minutes.
    """
    pairs = split.pairs[split.regions()["seen"]]
    at_most = min(20_000, scores_at_most // len(split.counts))
    if len(pairs) > at_most:
        pairs = pairs[np.random.default_rng(split.seed).choice(len(pairs), at_most, replace=False)]
    unseen = torch.from_numpy(split.counts == 0)
    graph = split.graph if split.dataset.edges is not None else None
    found = []
    for start in range(0, len(pairs), block):
        first, second = torch.from_numpy(pairs[start : start + block].T.copy())
        scores = score(first).clone()
        scores[:, unseen] = -torch.inf
        scores[torch.arange(len(first)), first] = -torch.inf
        if graph is not None:
            row = torch.repeat_interleave(torch.arange(len(first)), graph.degrees[first])
            within = torch.arange(len(row)) - torch.repeat_interleave(
                graph.degrees[first].cumsum(0) - graph.degrees[first], graph.degrees[first]
            )
            scores[row, graph.neighbours[graph.starts[first][row] + within]] = -torch.inf
        found.append(ranks(scores, second))
    return ranking_metrics(torch.cat(found) if found else torch.empty(0))
