"""Do the embeddings know what a session is after? Ranks of the item that is bought in the end, and markets told apart.

Scores are cosines, as in `evaluation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F

from .data.negatives import draw_negatives
from .data.sessions import Sessions
from .evaluation import auc, ranks
from .models.base import ItemModel


@dataclass(frozen=True)
class GoalRanks:
    """Where the finally bought item ranks as the sessions go on.

    Attributes
    ----------
    ranks : (sessions, steps) the rank, from 1, that the bought item has k + 1 clicks before it is bought; NaN where the
        session had not begun.
    among : (sessions,) how many items it is ranked among: half of it is the mean rank of a guess.
    """

    ranks: np.ndarray
    among: np.ndarray

    @property
    def before(self) -> np.ndarray:
        """(steps,) how many clicks before the purchase: 1, 2, ..."""
        return np.arange(1, self.ranks.shape[1] + 1)

    @cached_property
    def asked(self) -> np.ndarray:
        """(steps,) of how many sessions."""
        return np.isfinite(self.ranks).sum(axis=0)

    @cached_property
    def by_click(self) -> np.ndarray:
        """(steps,) the mean rank; NaN where no session was asked."""
        return np.where(self.asked > 0, np.nansum(self.ranks, axis=0) / np.maximum(self.asked, 1), np.nan)

    @cached_property
    def mean(self) -> float:
        """The mean rank over all sessions and steps."""
        return float(np.nanmean(self.ranks))

    def __repr__(self) -> str:
        shown = ", ".join(f"{before}: {rank:.1f}" for before, rank in zip(self.before, self.by_click) if rank == rank)
        return (
            f"{len(self.ranks):,} sessions, mean rank {self.mean:.1f} of {self.among.mean():.0f}; "
            f"by clicks before the purchase: {shown}"
        )


def goal_ranks(
    model: ItemModel,
    sessions: Sessions,
    market: str | None = None,
    last: int = 5,
    steps: int = 15,
    which: str = "target",
    by: str = "cosine",
    block: int = 1_024,
) -> GoalRanks:
    """Rank the finally bought item by cosine with the mean of the (unit) vectors of the last clicks until then.

    What is asked are the events before the purchase, without those of the bought item itself, which would be near
    itself; the clicked items that ask are left out of the ranking. Sessions without a goal, without such clicks, or
    whose goal has no vector, are not asked.

    Parameters
    ----------
    sessions : held-out ones.
    market : a trait, to rank among the items that share its value with the bought one; None is all items.
    last : how many clicks ask. steps : how many clicks before the purchase to begin.
    by : "popularity" ranks by how often the model saw each item instead, whatever asks: the row to beat.
    Raises ``ValueError`` when no session can be asked.
    """
    if by not in ("cosine", "popularity"):
        raise ValueError(f'by={by!r} is not known: choose "cosine" or "popularity".')
    vectors = F.normalize(model.embeddings(which).detach().cpu().float(), dim=1)
    there = (vectors != 0).any(dim=1)
    clicks, goals = _clicks_before(sessions, there.numpy())
    if not len(goals):
        raise ValueError("No session ends in a purchase of a known item after a click on another: nothing to ask.")
    code = None if market is None else _codes(model, market)
    found = np.full((len(goals), steps), np.nan)
    for step in range(steps):
        rows = np.flatnonzero(clicks.lengths > step)
        for some in np.array_split(rows, -(-len(rows) // block)) if len(rows) else []:
            now = clicks.offsets[some + 1] - step  # one past the click of now
            places = now[:, None] - 1 - np.arange(last)
            known = torch.from_numpy(places >= clicks.offsets[some][:, None])
            asking = torch.from_numpy(clicks.values[np.maximum(places, 0)])  # (rows, last)
            asking = torch.where(known, asking, asking[:, :1])
            if by == "popularity":
                scores = model.counts.cpu().float().repeat(len(some), 1)
            else:
                query = (vectors[asking] * known[:, :, None]).sum(dim=1)
                scores = F.normalize(query, dim=1) @ vectors.T
            scores.masked_fill_(~there, -torch.inf).scatter_(1, asking, -torch.inf)
            wanted = torch.from_numpy(goals[some])
            if code is not None:
                scores.masked_fill_(code != code[wanted][:, None], -torch.inf)
            found[some, step] = ranks(scores, wanted).numpy()
    if code is None:
        among = np.full(len(goals), int(there.sum()))
    else:
        among = np.bincount(code[there], minlength=int(code.max()) + 1)[code.numpy()[goals]]
    return GoalRanks(found, among)


def _codes(model: ItemModel, market: str) -> torch.Tensor:
    """(items,) the code of each item's market; 0 is unknown."""
    return torch.from_numpy(model.catalogue.select(market).traits[market].codes[:, 0].copy())


def _clicks_before(sessions: Sessions, known: np.ndarray):
    """The events before each purchase that are not of the bought item, as rows; and the bought items."""
    items, row = sessions.items, sessions.items.row_of
    place = np.arange(len(items.values)) - items.offsets[row]
    clicks = items.keep((place < sessions.goal_places[row]) & (items.values != sessions.goals[row]))
    asked = np.flatnonzero((sessions.goals >= 0) & known[sessions.goals] & (clicks.lengths > 0))
    return clicks.take(asked), sessions.goals[asked]


def market_auc(model: ItemModel, sessions: Sessions, market: str, which: str = "target", seed: int = 0) -> float | None:
    """AUC among items of one market: a pair of a held-out session, against one whose second item is drawn from
    its market by how often each occurs in training; None where there are no such pairs.

    The pair is a random one of each session, of two different trained items of a market. As the ends of a pair and its
    false one are drawn alike, popularity alone gets about one half.
    """
    code = _codes(model, market).numpy()
    counts = model.counts.cpu().numpy()
    rng = np.random.default_rng(seed)
    pairs = _pairs(sessions, (counts > 0) & (code > 0), code, rng)
    false = draw_negatives(pairs, counts, code[:, None], rng, keep_first=True)
    pairs, false = pairs[false[:, 0] >= 0], false[false[:, 0] >= 0]
    vectors = F.normalize(model.embeddings(which).detach().cpu().float(), dim=1)
    true, other = ((vectors[rows[:, 0]] * vectors[rows[:, 1]]).sum(dim=1).numpy() for rows in (pairs, false))
    return auc(true, other)


def _pairs(sessions: Sessions, allowed: np.ndarray, code: np.ndarray, rng, tries: int = 20) -> np.ndarray:
    """(P, 2) a random pair of different allowed items of one market from each session that is found to have one."""
    kept = sessions.items.keep(allowed[sessions.items.values])
    kept = kept.take(np.flatnonzero(kept.lengths > 1))
    pairs = np.full((len(kept), 2), -1)
    todo = np.arange(len(kept))
    for _ in range(tries):
        places = rng.integers(kept.lengths[todo][:, None], size=(len(todo), 2))
        drawn = kept.values[kept.offsets[todo][:, None] + places]
        good = (drawn[:, 0] != drawn[:, 1]) & (code[drawn[:, 0]] == code[drawn[:, 1]])
        pairs[todo[good]] = drawn[good]
        todo = todo[~good]
    return pairs[pairs[:, 0] >= 0]


def market_mixing(model: ItemModel, market: str, k: int = 10, which: str = "target", block: int = 1_024) -> float:
    """The share of the k nearest neighbours of seen items that are in another market; items of unknown market aside.

    Raises ``ValueError`` for a model that has seen less than two items of known market.
    """
    code = _codes(model, market)
    items = torch.nonzero(model.seen.cpu() & (code > 0)).ravel()
    if len(items) < 2:
        raise ValueError("The model has seen less than two items of known market: train it first (mt.fit).")
    code = code[items]
    vectors = F.normalize(model.embeddings(which).detach().cpu().float(), dim=1)[items]
    elsewhere = 0
    for rows in torch.arange(len(items)).split(block):
        scores = vectors[rows] @ vectors.T
        scores[torch.arange(len(rows)), rows] = -torch.inf
        near = scores.topk(min(k, len(items) - 1), dim=1).indices
        elsewhere += int((code[near] != code[rows][:, None]).sum())
    return elsewhere / (len(items) * min(k, len(items) - 1))
