"""What a sequence model minimises. Each loss takes

scores : (P, N) what the model thinks of each of N candidates at each of P places, and
wanted : (P,) which candidate came next there;

all others are the negatives. With r_i the score of the wanted candidate and r_j those of the negatives, each is a mean
over places. Nothing here is the log of a rounded-off number: ``log sigma(x)`` is `logsigmoid`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F


def cross_entropy(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """``-log (exp r_i / sum_k exp r_k)``, k over all candidates."""
    return F.cross_entropy(scores, wanted)


def sampled_softmax(scores: torch.Tensor, wanted: torch.Tensor, log_q: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of ``r_k - log q_k``, q_k being the chance that k is among the candidates (Jean et al. 2015).

    Candidates that are popular stand there too often as negatives; without the correction the model learns them down.
    With it, it learns the softmax over the whole catalogue. `log_q` is (N,); 0 everywhere is plain cross-entropy.
    """
    return F.cross_entropy(scores - log_q, wanted)


def bpr(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """``-mean_j log sigma(r_i - r_j)`` (Rendle et al. 2009; Hidasi et al. 2016)."""
    own, other = _parts(scores, wanted)
    return -_mean(F.logsigmoid(own - scores), other)


def top1(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """``mean_j sigma(r_j - r_i) + sigma(r_j^2)`` (Hidasi et al. 2016): the second term holds negatives near 0."""
    own, other = _parts(scores, wanted)
    return _mean(torch.sigmoid(scores - own) + torch.sigmoid(scores.square()), other)


def bpr_max(scores: torch.Tensor, wanted: torch.Tensor, penalty: float = 0.0) -> torch.Tensor:
    """``-log sum_j s_j sigma(r_i - r_j) + penalty sum_j s_j r_j^2`` (Hidasi and Karatzoglou 2018, eq. 10).

    s is the softmax over the negatives alone, so that those score most that come nearest to the wanted one. The penalty
    keeps dot products small; cosines can't grow, and a penalty of 1 on 14 times a cosine teaches nothing else.
    """
    own, other = _parts(scores, wanted)
    log_s = scores.masked_fill(~other, -torch.inf).log_softmax(dim=1)  # (P, N)
    better = torch.logsumexp(log_s + F.logsigmoid(own - scores), dim=1)
    return (penalty * (log_s.exp() * scores.square()).sum(dim=1) - better).mean()


LOSSES: dict[str, Callable[..., torch.Tensor]] = {
    "cross-entropy": cross_entropy, "sampled-softmax": sampled_softmax, "bpr": bpr, "top1": top1, "bpr-max": bpr_max,
}  # fmt: skip


def _parts(scores: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(P, 1) the wanted candidates' scores, and (P, N) booleans, which candidates are negatives."""
    if scores.shape[1] < 2:
        raise ValueError("There is one candidate only, so nothing to tell it from: draw some (noise_size=).")
    other = torch.ones_like(scores, dtype=torch.bool).scatter_(1, wanted[:, None], False)
    return scores.gather(1, wanted[:, None]), other


def _mean(values: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The mean over the negatives of each place, then over places."""
    return (values * other).sum(dim=1).mean() / (values.shape[1] - 1)
