"""From a user's interests to a list: retrieval for each interest, merged, and a list that is less of the same.

The merge and the greedy aggregation are those of ComiRec (Cen et al., KDD 2020, section 3.3 and algorithm 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .data.catalogue import Catalogue
from .sequence_evaluation import Scorer

if TYPE_CHECKING:
    from .models.sequence import SequenceModel
    from .serving.index import ExactIndex


def retrieve(index: ExactIndex, users: np.ndarray, k: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """The k items of largest ``max over interests of cos(u_k, e_i)``, and these cosines, from the best on.

    Parameters
    ----------
    index : of the items' vectors (see `serving.index`).
    users : (K, d) one user's interests; a zero vector is an interest that is not there.
    """
    best: dict[int, float] = {}
    for user in np.asarray(users)[np.any(users, axis=1)]:
        for item, cosine in zip(*index.search(user, k, far=True)):
            best[int(item)] = max(best.get(int(item), -np.inf), float(cosine))
    order = sorted(best, key=lambda item: -best[item])[:k]
    return np.array(order, dtype=np.int64), np.array([best[item] for item in order], dtype=np.float32)


def diversify(scores: torch.Tensor, codes: torch.Tensor, weight: float, k: int = 50) -> torch.Tensor:
    """Greedy aggregation: take k of N candidates one by one, each the one that adds most to

        Q = sum_i scores_i + weight sum_i sum_j [i and j differ in their category],

    over the items i, j chosen.

    Parameters
    ----------
    scores : (B, N) of each user's candidates; minus infinity where there is none.
    codes : (B, N, m) the values of each candidate's trait, 0 for unknown or none; two items differ where both are
        known and share none.
    weight : lambda; 0 is the plain order by score.
    Returns (B, k) places among the candidates, in the order chosen. Raises ``ValueError`` for k above N.
    """
    if k > scores.shape[1]:
        raise ValueError(f"{scores.shape[1]} candidates are too few to choose {k} from: take more, or a lower k.")
    worth, chosen = scores.clone(), []
    known = (codes > 0).any(dim=2)  # (B, N)
    for _ in range(k):
        best = worth.argmax(dim=1, keepdim=True)  # (B, 1)
        chosen.append(best)
        theirs = codes.take_along_dim(best[:, :, None], dim=1)  # (B, 1, m)
        shares = ((codes[..., None] == theirs[:, :, None]) & (codes[..., None] > 0)).any(dim=(2, 3))
        worth += weight * (known & known.take_along_dim(best, dim=1) & ~shares)
        worth.scatter_(1, best, -torch.inf)
    return torch.cat(chosen, dim=1)


def reranked(scorer: Scorer, catalogue: Catalogue, trait: str, weight: float, k: int = 50, among: int = 200) -> Scorer:
    """What `evaluate_next` asks: the k items that `diversify` takes `among` the first of another scorer, and no others.

    Scores are multiplied so that the best of each user is 1 and the worst that is at hand 0: a weight means the same
    for all. Raises ``ValueError`` for a trait that does not exist, and a weight that is not a number.
    """
    if not weight >= 0:
        raise ValueError(f"weight={weight} is what each pair of different kinds is worth: give 0 or more.")
    codes = torch.from_numpy(catalogue.select(trait).traits[trait].codes)

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        every = scorer(items, present)
        best = every.topk(min(among, every.shape[1]), dim=1)
        spread = (best.values[:, :1] - best.values[:, -1:]).clamp(min=1e-9)
        worth = (best.values - best.values[:, -1:]) / spread
        places = diversify(worth, codes.to(every.device)[best.indices], weight, min(k, worth.shape[1]))
        return in_order(best.indices.gather(1, places), every.shape[1])

    return scores


def indexed(model: SequenceModel, index: ExactIndex, k: int = 50) -> Scorer:
    """What `evaluate_next` asks: the k items that `retrieve` finds for a model's interests, and no others."""

    def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        found = torch.full((len(items), len(model.catalogue)), -torch.inf)
        for row, users in enumerate(model.users(items, present).cpu().numpy()):
            numbers, cosines = retrieve(index, users, k)
            found[row, torch.from_numpy(numbers)] = torch.from_numpy(cosines)
        return found.to(items.device)

    return scores


def in_order(lists: torch.Tensor, items: int) -> torch.Tensor:
    """(B, k) items, the best first -> (B, items) scores that rank them so, and minus infinity for all others."""
    ranks = -torch.arange(lists.shape[1], dtype=torch.float32, device=lists.device)
    found = torch.full((len(lists), items), -torch.inf, device=lists.device)
    return found.scatter_(1, lists, ranks.expand_as(lists).contiguous())
