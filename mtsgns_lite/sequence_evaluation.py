"""How often is the item that came next among the first 20, or 50, of the whole catalogue?

What ranks is a function ``scores(items, present)``: (B, L) sequences so far, padded at the end -> (B, items), such as
`GRU4Rec.scores`. All items are ranked, never a sample of them: sampled metrics can put methods in another order
(Krichene and Rendle 2020). Items already in the sequence stay in the ranking, for people come back to them;
repeats=False takes them out, where nobody does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import embedding, normalize

from .data.catalogue import Catalogue
from .data.dataset import Ragged
from .data.sequences import Prefixes, Sequences
from .evaluation import html_table, text_table

if TYPE_CHECKING:
    from .models.sequence import SequenceModel

Scorer = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
KS = (20, 50)


def worst_ranks(scores: torch.Tensor, row: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(W,) ranks, from 1, of items `wanted` (W,) in the rows `row` (W,) of `scores` (B, items).

    All that is not lower counts as higher: a model that scores everything alike finds nothing, nor does one whose
    scores are not numbers. An item of -1 has the rank infinity.
    """
    scores = scores[row]
    own = scores.gather(1, wanted.clamp(min=0)[:, None])
    rank = (scores.shape[1] - (scores < own).sum(dim=1)).double()
    return torch.where(wanted < 0, torch.inf, rank)


def next_item_metrics(ranks: torch.Tensor, question: torch.Tensor, ks: tuple[int, ...] = KS) -> dict[str, float]:
    """Means over questions, where item w is wanted in `question[w]` (W,) and has the rank `ranks[w]` (W,).

    With R_q the ranks of the items that question q wants, and H = those of them that are at most k:
    Recall@k = |H| / |R_q|; HR@k = 1 if H is not empty; NDCG@k = ``sum_H 1 / log2(1 + rank)`` over its largest possible
    value; MRR@k = 1 / min H, or 0. With one item wanted, Recall and HR are the same.
    """
    number, ranks = torch.bincount(question).double(), ranks.double()  # (Q,), (W,)
    asked = number > 0
    best = torch.full_like(number, torch.inf).scatter_reduce_(0, question, ranks, "amin")
    found: dict[str, float] = {}
    for k in ks:
        hit = (ranks <= k).double()
        gain = torch.zeros_like(number).index_add_(0, question, hit / torch.log2(1 + ranks))
        ideal = (1 / torch.log2(torch.arange(2, k + 2).double())).cumsum(0)[number.clamp(1, k).long() - 1]
        hits = torch.zeros_like(number).index_add_(0, question, hit)
        each = {"recall": hits / number, "hr": hits > 0, "ndcg": gain / ideal, "mrr": (best <= k) / best}
        found |= {f"{name}@{k}": float(value[asked].double().mean()) for name, value in each.items()}
    return found


def diversity(lists: np.ndarray, catalogue: Catalogue, trait: str) -> float | None:
    """How many pairs within a list differ in the trait, a mean over `lists` (B, k) (Cen et al. 2020, eq. 12).

    Pairs with an unknown value are left out; two items of several values differ where they share none. None where no
    list has a pair. Raises ``ValueError`` for a trait that does not exist.
    """
    codes = catalogue.select(trait).traits[trait].codes[lists]  # (B, k, m)
    first, second = np.triu_indices(lists.shape[1], k=1)
    known = (codes > 0).any(axis=2)
    shares = (codes[:, first, :, None] == codes[:, second, None, :]) & (codes[:, first, :, None] > 0)
    pairs = known[:, first] & known[:, second]
    differ = (pairs & ~shares.any(axis=(2, 3))).sum(axis=1)
    asked = pairs.any(axis=1)
    return float((differ[asked] / pairs.sum(axis=1)[asked]).mean()) if asked.any() else None


@dataclass
class SequenceFigures:
    """The figures of each method, which prints as a table: `rows[method][figure]`, None where there is none."""

    rows: dict[str, dict[str, float | None]] = field(default_factory=dict)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Column names, and a row of text for each method."""
        names = list(next(iter(self.rows.values()), {}))
        cells = [
            [method, *("-" if row[name] is None else f"{row[name]:.4f}" for name in names)]
            for method, row in self.rows.items()
        ]
        return ["next item", *names], cells

    def __getitem__(self, method: str) -> dict[str, float | None]:
        return self.rows[method]

    def __repr__(self) -> str:
        return text_table(*self.table())

    def _repr_html_(self) -> str:
        return html_table(*self.table())


@torch.no_grad()
def evaluate_next(
    methods: Mapping[str, Scorer | SequenceModel],
    asked: Prefixes,
    ks: tuple[int, ...] = KS,
    catalogue: Catalogue | None = None,
    trait: str | None = None,
    length: int = 50,
    repeats: bool = True,
    device: torch.device | str = "cpu",
) -> SequenceFigures:
    """Ask every method every question.

    Parameters
    ----------
    methods : name -> what ranks (see above), or a sequence model.
    catalogue, trait : if given, the list of the first k's diversity in that trait is a figure too.
    length : how many items of a prefix are read, its last. One without any is not answered, and counts as missed.
    repeats : may an item of the prefix come again? If not, none of them is ranked.
    device : where the methods want the sequences.
    Raises ``ValueError`` where nothing is asked, for a trait without a catalogue, and for what is no name and scorer.
    """
    if not isinstance(methods, Mapping) or not isinstance(asked, Prefixes):
        raise ValueError('Give names and what ranks, {"GRU4Rec": model}, and then Prefixes: `prefixes()` of Sequences.')
    if length < 1:
        raise ValueError(f"length={length} is how many items of a prefix are read: give 1 or more.")
    if not len(asked):
        raise ValueError("There are no questions: hold out sequences of two items or more.")
    if trait is not None and catalogue is None:
        raise ValueError("Diversity needs the catalogue that has the trait: give it with catalogue=.")
    figures = SequenceFigures()
    for name, method in methods.items():
        scorer = getattr(method, "scores", method)
        rank, question, lists = [], [], []
        for rows, items, present in asked.batches(256, length, device):
            scores = scorer(items, present)
            if not repeats:
                scores = _without(scores, asked.items.take(rows))
            wanted = asked.wanted.take(rows)
            row = torch.from_numpy(wanted.row_of).to(scores.device)
            found = worst_ranks(scores, row, torch.from_numpy(wanted.values).to(scores.device))
            rank.append(torch.where(present.any(dim=1).to(scores.device)[row], found, torch.inf).cpu())
            question.append(torch.from_numpy(rows[wanted.row_of]))
            if trait is not None:
                lists.append(scores.topk(min(max(ks), scores.shape[1]), dim=1).indices.cpu().numpy())
        figures.rows[name] = dict(next_item_metrics(torch.cat(rank), torch.cat(question), ks))
        if catalogue is not None and trait is not None:
            shown = np.concatenate(lists)
            figures.rows[name] |= {f"diversity@{k}": diversity(shown[:, :k], catalogue, trait) for k in ks}
    return figures


def _without(scores: torch.Tensor, given: Ragged) -> torch.Tensor:
    """(B, items) scores, minus infinity for the items of each row of `given`."""
    row, item = (torch.from_numpy(part).to(scores.device) for part in (given.row_of, given.values))
    return scores.index_put((row, item), torch.tensor(-torch.inf, device=scores.device, dtype=scores.dtype))


def popularity(train: Sequences) -> Scorer:
    """The most frequent items, whatever came before."""
    counts = torch.from_numpy(np.bincount(train.items.values, minlength=len(train.catalogue))).float()
    return lambda items, present: counts.to(items.device).expand(len(items), -1)


def own_items(train: Sequences) -> Scorer:
    """The sequence's own items, the most frequent first and by popularity where equal, and then the popular ones."""
    counts = torch.from_numpy(np.bincount(train.items.values, minlength=len(train.catalogue))).float()
    share = counts / (counts.max() + 1)

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        own = share.to(items.device).expand(len(items), -1).clone()
        return own.scatter_add_(1, items, present.float())

    return scores


def item_knn(train: Sequences, last: bool = True) -> Scorer:
    """What stands in the same sequences as the last item: ``n_ij / sqrt(n_i n_j)``, the cosine of the columns of the
    sequences-by-items matrix (the item-kNN row of Hidasi et al. 2016, without their regularisation).

    last : ask the last item alone, as for clicks; False sums over all items that were read, as for baskets.
    """
    from scipy.sparse import csr_matrix, diags

    shape = (len(train), len(train.catalogue))
    entries = np.ones(len(train.items.values), dtype=np.float32)
    matrix = csr_matrix((entries, (train.items.row_of, train.items.values)), shape=shape)
    matrix.data[:] = 1.0  # an item that stands twice in a sequence counts once
    count = np.asarray(matrix.sum(axis=0)).ravel()
    scaled = matrix @ diags(1 / np.sqrt(np.maximum(count, 1)))
    cosine = (scaled.T @ scaled).tocsr()
    cosine.setdiag(0.0)

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        if last:
            return torch.from_numpy(cosine[_last(items, present).cpu().numpy()].toarray()).to(items.device)
        row, place = present.cpu().numpy().nonzero()
        read = csr_matrix(
            (np.ones(len(row), np.float32), (row, items.cpu().numpy()[row, place])), (len(items), shape[1])
        )
        return torch.from_numpy((read @ cosine).toarray()).to(items.device)

    return scores


def nearest_to_last(vectors: torch.Tensor) -> Scorer:
    """The items whose vectors, (items, d), have the largest cosine with that of the last item; itself comes last."""
    unit = normalize(vectors.detach().float(), dim=1)

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        last = _last(items, present)
        found = unit[last] @ unit.T
        found[torch.arange(len(last)), last] = -1.0
        return found

    return scores


def nearest_to_mean(vectors: torch.Tensor) -> Scorer:
    """The items whose vectors, (items, d), have the largest cosine with the mean of the sequence's unit vectors."""
    unit = normalize(vectors.detach().float(), dim=1)

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        mean = (embedding(items, unit) * present[..., None]).sum(dim=1)  # (B, d), its length changes no order
        return mean @ unit.T

    return scores


def _last(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """(B,) the last item of each sequence."""
    return items.gather(1, (present.sum(dim=1, keepdim=True) - 1).clamp(min=0))[:, 0]
