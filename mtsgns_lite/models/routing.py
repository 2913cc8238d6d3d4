"""Dynamic routing: items vote, and interests form where votes agree (Sabour et al. 2017)."""

from __future__ import annotations

import torch


def squash(z: torch.Tensor) -> torch.Tensor:
    """``|z|^2 / (1 + |z|^2) z / |z|`` over the last axis: the direction stays, the length goes below 1."""
    square = z.square().sum(dim=-1, keepdim=True)
    return z * square.clamp(min=1e-12).sqrt() / (1 + square)


def route(
    votes: torch.Tensor, within: torch.Tensor, start: torch.Tensor, rounds: int, there: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Find interests u_k and how far item l belongs to each of them, w_lk, for each question by itself.

    Each round: ``w_lk = softmax over k of b_lk``, ``u_k = squash(sum_l w_lk v_kl)`` over the items that the question
    may read, and ``b_lk += u_k . v_kl``. Gradients go through the last round's sum alone: the rounds before it only
    find out which items belong together.

    Parameters
    ----------
    votes : (B, K, L, d) v_kl, what item l says interest k would be.
    within : (B, T, L) booleans, the items that question t may read.
    start : (K, L) b before the first round.
    rounds : 3 in the papers.
    there : (B, T, K) booleans, the interests that question t has; all, if not given.

    Returns
    -------
    (B, T, K, d) the interests, 0 for those that are not there, and (B, T, K, L) the weights w, 0 for items not read.
    """
    fixed = votes.detach()
    b = start.expand(len(votes), within.shape[1], -1, -1)  # (B, T, K, L)
    missing = None if there is None else ~there[..., None]
    for turn in range(rounds):
        w = (b if missing is None else b.masked_fill(missing, -torch.inf)).softmax(dim=2) * within[:, :, None]
        u = squash(_summed(w, votes if turn == rounds - 1 else fixed))  # (B, T, K, d)
        if turn < rounds - 1:
            b = b + (u.transpose(1, 2) @ fixed.transpose(2, 3)).transpose(1, 2)
    return u, w


def _summed(weights: torch.Tensor, votes: torch.Tensor) -> torch.Tensor:
    """(B, T, K, L), (B, K, L, d) -> (B, T, K, d) sum over l."""
    return (weights.transpose(1, 2) @ votes).transpose(1, 2)
