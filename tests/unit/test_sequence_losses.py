"""Each loss is that of a plain loop, has its closed form, and does not overflow."""

from itertools import product
from math import exp, log

import numpy as np
import pytest
import torch

from mtsgns_lite.models.sequence_losses import LOSSES, bpr, bpr_max, cross_entropy, sampled_softmax, top1


def sigma(x):
    return 1 / (1 + exp(-x))


def by_loop(name, scores, wanted, log_q=None, penalty=0.0):
    """The equations, one place and one negative at a time."""
    total = 0.0
    for place, i in enumerate(wanted):
        r = scores[place]
        others = [j for j in range(len(r)) if j != i]
        if name == "cross-entropy":
            total -= log(exp(r[i]) / sum(exp(value) for value in r))
        elif name == "sampled-softmax":
            weighed = [exp(value) / exp(log_q[k]) for k, value in enumerate(r)]
            total -= log(weighed[i] / sum(weighed))
        elif name == "bpr":
            total -= sum(log(sigma(r[i] - r[j])) for j in others) / len(others)
        elif name == "top1":
            total += sum(sigma(r[j] - r[i]) + sigma(r[j] ** 2) for j in others) / len(others)
        else:
            s = {j: exp(r[j]) / sum(exp(r[k]) for k in others) for j in others}
            total -= log(sum(s[j] * sigma(r[i] - r[j]) for j in others))
            total += penalty * sum(s[j] * r[j] ** 2 for j in others)
    return total / len(wanted)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_a_plain_loop(name):
    rng = np.random.default_rng(0)
    scores, wanted = rng.normal(size=(7, 5)) * 2, rng.integers(5, size=7)
    log_q = np.log(rng.uniform(0.1, 1, size=5))
    more = {"log_q": torch.from_numpy(log_q)} if name == "sampled-softmax" else {}
    found = LOSSES[name](torch.from_numpy(scores), torch.from_numpy(wanted), **more)
    assert found.item() == pytest.approx(by_loop(name, scores, wanted, log_q), abs=1e-12)


def test_the_penalty_of_bpr_max_is_weighed():
    scores, wanted = torch.tensor([[1.0, 2.0, -1.0]]), torch.tensor([0])
    for penalty in (0.0, 0.5, 1.0):
        expected = by_loop("bpr-max", scores.tolist(), [0], penalty=penalty)
        assert bpr_max(scores, wanted, penalty).item() == pytest.approx(expected, abs=1e-6)


def test_closed_forms_where_all_scores_are_equal():
    scores, wanted = torch.zeros(4, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 0])
    expected = {"cross-entropy": log(3), "bpr": log(2), "top1": 1.0, "bpr-max": log(2)}
    for name, value in expected.items():
        assert LOSSES[name](scores, wanted).item() == pytest.approx(value, abs=1e-12)


def test_closed_forms_of_gradients():
    """Cross-entropy: softmax less the wanted one. BPR: a negative gets sigma(r_j - r_i) / (N - 1), and i their sum."""
    scores = torch.tensor([[0.3, -1.0, 2.0, 0.7]], dtype=torch.float64, requires_grad=True)
    r, wanted = scores.detach()[0].numpy(), torch.tensor([2])
    found = torch.autograd.grad(cross_entropy(scores, wanted), scores)[0][0].numpy()
    np.testing.assert_allclose(found, np.exp(r) / np.exp(r).sum() - [0, 0, 1, 0])
    found = torch.autograd.grad(bpr(scores, wanted), scores)[0][0].numpy()
    each = 1 / (1 + np.exp(r[2] - r)) / 3 * (np.arange(4) != 2)
    np.testing.assert_allclose(found, each - each.sum() * (np.arange(4) == 2))


def test_sampled_softmax_is_the_chance_that_the_wanted_one_is_who_it_is_given_the_candidates():
    """Item y is wanted with softmax(r)_y, each other is drawn with q_j: enumerate who it was, given the candidates."""
    r, q = np.array([0.5, -0.3, 1.2, 0.1]), np.array([0.9, 0.2, 0.5, 0.4])
    likely = np.exp(r) / np.exp(r).sum()
    for chosen in product([False, True], repeat=4):
        there = np.flatnonzero(chosen)
        if len(there) < 2:
            continue
        joint = [likely[y] * np.prod([(q[j] if chosen[j] else 1 - q[j]) for j in range(4) if j != y]) for y in there]
        log_q = np.log(q)[there]
        for place in range(len(there)):
            found = sampled_softmax(torch.from_numpy(r[there])[None], torch.tensor([place]), torch.from_numpy(log_q))
            assert found.item() == pytest.approx(-log(joint[place] / sum(joint)), abs=1e-12)


def test_sampled_softmax_estimates_the_whole_softmaxs_gradient_better_than_none():
    """Popular items are drawn often: uncorrected they are pushed down, corrected they stay where they belong."""
    rng = np.random.default_rng(0)
    r = torch.from_numpy(rng.normal(size=40))
    drawn = np.linspace(0.02, 0.6, 40)
    whole = torch.softmax(r, 0)
    sums = {"plain": torch.zeros(40, dtype=torch.float64), "corrected": torch.zeros(40, dtype=torch.float64)}
    for _ in range(3_000):
        there = rng.random(40) < drawn
        y = int(torch.multinomial(whole, 1, generator=torch.Generator().manual_seed(int(rng.integers(2**31)))))
        there[y] = True
        index = torch.from_numpy(np.flatnonzero(there))
        place = torch.searchsorted(index, torch.tensor([y]))
        for name in sums:
            scores = r.clone().requires_grad_()
            log_q = torch.from_numpy(np.log(drawn))[index] * (name == "corrected")
            loss = sampled_softmax(scores[index][None], place, log_q)
            sums[name] += torch.autograd.grad(loss, scores)[0]
    bias = {name: float(total.abs().sum()) / 3_000 for name, total in sums.items()}  # at the truth it should be 0
    assert bias["corrected"] < 0.3 * bias["plain"]


@pytest.mark.parametrize("name", LOSSES)
def test_losses_neither_overflow_nor_lose_their_gradient(name):
    scores = torch.tensor([[-80.0, 90.0, 0.0], [90.0, -80.0, 0.0]], requires_grad=True)
    more = {"log_q": torch.zeros(3)} if name == "sampled-softmax" else {}
    loss = LOSSES[name](scores, torch.tensor([0, 0]), **more)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(scores.grad).all()
    if name != "top1":  # which flattens out far from the truth, as its authors found
        assert scores.grad[0].abs().sum() > 0
        assert loss > 50  # of the first place, not the limit of a rounded-off log


@pytest.mark.parametrize("loss", [bpr, top1, bpr_max])
def test_one_candidate_alone_is_refused(loss):
    with pytest.raises(ValueError, match="one candidate"):
        loss(torch.zeros(2, 1), torch.tensor([0, 0]))
