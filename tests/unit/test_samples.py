"""What a model trains on: every item of every basket once, negatives as often as f^0.75 says."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

import mtsgns_lite as mt
from mtsgns_lite.data.samples import Noise, SkipGramBatch

CPU = torch.device("cpu")
UNLIKELY = 1e-4


def epoch(samples, seed=0):
    return list(samples.batches(torch.Generator().manual_seed(seed), CPU))


def rows_of(batches):
    """The items present in each row that is not padding."""
    return [row[there].tolist() for b in batches for row, there in zip(b.items, b.present) if there.any()]


@pytest.fixture
def baskets():
    """Distinct baskets of 0 to 25 items, so that each chunk tells which basket it is from: item = 100 r + place."""
    return mt.Ragged.from_rows([[100 * r + place for place in range(r)] for r in range(26)])


@pytest.mark.parametrize("exponent", [0.75, 1.0, 0.0, 0.5])
def test_negatives_follow_the_counts_to_the_exponent(exponent):
    counts = torch.tensor([1000, 1, 0, 50, 300, 7, 0])
    drawn = Noise(counts, exponent).draw((400, 500), torch.Generator().manual_seed(0))
    observed = np.bincount(drawn.ravel(), minlength=7)
    there = counts.numpy() > 0
    assert not observed[~there].any()
    share = counts.numpy()[there].astype(float) ** exponent
    assert chisquare(observed[there], observed.sum() * share / share.sum()).pvalue > UNLIKELY


def test_no_rare_item_lacks_a_slot_among_the_negatives():
    """A table of 10,000 slots, as often published, would round every rare item here away."""
    counts = torch.ones(50_000)
    counts[0] = 1e9
    noise = Noise(counts, 1.0)
    assert bool((noise.reach.diff() > 0).all())
    rare = Noise(torch.tensor([1_000_000, *[1] * 500]), 0.75).draw((3_000_000,), torch.Generator().manual_seed(1))
    assert len(rare.unique()) == 501


def test_the_noise_of_samples_follows_their_own_counts():
    rng = np.random.default_rng(0)
    rows = [rng.choice(6, size=2, replace=False, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]) for _ in range(2_000)]
    samples = mt.Baskets(mt.Ragged.from_rows(rows), 6, noise_size=50)
    drawn = torch.cat([b.noise.ravel() for b in epoch(samples)])
    counts = np.bincount(np.concatenate(rows), minlength=6)
    assert samples.counts.tolist() == counts.tolist()
    share = counts**0.75
    observed = np.bincount(drawn, minlength=6)
    assert chisquare(observed, observed.sum() * share / share.sum()).pvalue > UNLIKELY


def test_every_kind_of_samples_draws_by_three_quarters(planted_edges, planted_split):
    split = mt.split(planted_edges)
    for samples in (split.walks(), split.edges(), planted_split.baskets()):
        weight = samples.counts.double() ** 0.75 * (samples.counts > 0)
        assert torch.allclose(samples.noise.reach, weight.cumsum(0) / weight.sum())


def test_a_chunk_never_mixes_baskets_and_no_item_is_lost(baskets):
    rows = rows_of(epoch(mt.Baskets(baskets, 2600, chunk=10, batch_size=7)))
    assert all(len({item // 100 for item in row}) == 1 for row in rows)
    assert all(2 <= len(row) <= 10 for row in rows)
    found = Counter(item for row in rows for item in row)
    assert set(found.values()) == {1}
    for r in range(26):
        kept = sum(item // 100 == r for item in found)
        assert kept == r - (r % 10 == 1)  # only a leftover of one makes no pair


def test_every_pair_within_a_chunk_counts(baskets):
    for batch in epoch(mt.Baskets(baskets, 2600, chunk=10)):
        there = batch.present.sum(dim=1)
        assert torch.equal(batch.pairs().sum(dim=(1, 2)), (there * (there - 1)).float())


def test_empty_and_one_item_baskets_are_no_samples():
    baskets = mt.Ragged.from_rows([[], [0], [1, 2], [], [3], [4, 0]])
    samples = mt.Baskets(baskets, 5)
    assert sorted(sorted(row) for row in rows_of(epoch(samples))) == [[0, 4], [1, 2]]
    assert samples.counts.tolist() == [1, 1, 1, 0, 1]  # 3 was never with another, so it is not seen


@pytest.mark.parametrize("rows", [[], [[]], [[0], [1], []]])
def test_baskets_without_any_pair_are_refused(rows):
    with pytest.raises(ValueError, match="no pairs"):
        mt.Baskets(mt.Ragged.from_rows(rows), 2)


def test_a_chunk_of_one_is_refused(baskets):
    with pytest.raises(ValueError, match="two items"):
        mt.Baskets(baskets, 2600, chunk=1)


def test_each_epoch_shuffles_and_draws_anew_and_each_seed_repeats_itself(baskets):
    samples = mt.Baskets(baskets, 2600, batch_size=8)
    generator = torch.Generator().manual_seed(0)
    one, two = ([*samples.batches(generator, CPU)] for _ in range(2))
    assert not torch.equal(one[0].items, two[0].items)
    assert not torch.equal(one[0].noise, two[0].noise)
    again = epoch(samples)
    assert all(torch.equal(a.items, b.items) and torch.equal(a.noise, b.noise) for a, b in zip(one, again))
    assert not torch.equal(epoch(samples, seed=1)[0].items, one[0].items)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 512])
@pytest.mark.parametrize("share", [1, 2, 4])
def test_an_epoch_has_as_many_batches_as_it_says(batch_size, share, baskets, planted_edges):
    graph = mt.Graph.from_edges(planted_edges.edges, len(planted_edges.catalogue))
    for samples in (
        mt.Baskets(baskets, 2600, batch_size=batch_size, share=share),
        mt.Walks(graph, per_node=1, length=4, batch_size=batch_size, share=share),
    ):
        batches = epoch(samples)
        assert len(batches) == len(samples)
        assert all(len(b.items) == len(b.noise) * share for b in batches)


@pytest.mark.parametrize("size", [1, 3, 64])
def test_pairs_come_in_as_many_batches_as_they_say(size):
    samples = mt.Pairs(np.arange(10), np.arange(10)[::-1], 10, negatives=2, batch_size=size)
    batches = epoch(samples)
    assert len(batches) == len(samples)
    assert sum(len(b.first) for b in batches) == 30


def test_windows_reach_both_ways_and_no_further():
    items = torch.zeros(2, 7, dtype=torch.long)
    batch = SkipGramBatch(items, torch.ones_like(items, dtype=torch.bool), 3, items, 5)
    pairs = batch.pairs()
    for i in range(7):
        for j in range(7):
            assert bool(pairs[0, i, j]) == (1 <= abs(i - j) <= 3)


def test_the_first_item_of_a_walk_is_a_context_too(planted_edges):
    samples = mt.Walks(mt.Graph.from_edges(planted_edges.edges, len(planted_edges.catalogue)), window=2)
    pairs = epoch(samples)[0].pairs()
    assert (pairs[:, 1, 0] == 1).all()
    assert (pairs[:, :, 0].sum(dim=1) == 2).all()


def test_every_node_starts_as_many_walks_as_asked(planted_edges):
    graph = mt.Graph.from_edges(planted_edges.edges, len(planted_edges.catalogue))
    starts = Counter(row[0] for row in rows_of(epoch(mt.Walks(graph, length=3, per_node=4, batch_size=3))))
    assert starts == {node: 4 for node in torch.nonzero(graph.degrees > 0).ravel().tolist()}


def test_sub_sampling_keeps_items_as_often_as_the_formula_says():
    rng = np.random.default_rng(0)
    rows = [rng.permutation(4)[:3] for _ in range(4_000)] + [[4, 5]] * 40
    plain = mt.Baskets(mt.Ragged.from_rows(rows), 6)
    thinned = mt.Baskets(mt.Ragged.from_rows(rows), 6, subsample=0.05)
    counts = plain.counts.double()
    kept = torch.zeros(6)
    for batch in epoch(thinned):
        kept += torch.bincount(batch.items[batch.present], minlength=6)
    expected = counts * (0.05 * counts.sum() / counts).sqrt().clamp(max=1)
    assert torch.allclose(kept.double(), expected, rtol=0.05)
    assert kept[4] == 40  # rare items all stay


def test_negative_pairs_keep_the_first_item_and_have_the_value_0():
    first, second = np.arange(0, 50), np.arange(50, 100)
    samples = mt.Pairs(first, second, 100, value=np.full(50, 3.0), negatives=4, batch_size=8)
    for batch in epoch(samples):
        true = len(batch.first) // 5
        assert (batch.value[:true] == 3).all()
        assert (batch.value[true:] == 0).all()
        assert torch.equal(batch.first[true:], batch.first[:true].repeat(4))
        assert ((batch.first[:true] - batch.second[:true]).abs() == 50).all()


def test_either_end_of_an_item_pair_may_come_first_but_a_user_never_turns_item():
    first, second = np.zeros(2_000, dtype=int), np.ones(2_000, dtype=int)
    turned = torch.cat([b.first for b in epoch(mt.Pairs(first, second, 2))])
    assert 0.4 < turned.float().mean() < 0.6
    kept = torch.cat([b.first for b in epoch(mt.Pairs(first, second, 2, symmetric=False))])
    assert not kept.any()


def test_no_pairs_are_refused():
    with pytest.raises(ValueError, match="no pairs"):
        mt.Pairs([], [], 5)


def test_ragged_rows_come_back_as_they_went_in():
    rows = [[3, 1], [], [2], [5, 5, 5], []]
    ragged = mt.Ragged.from_rows(rows)
    assert [ragged[r].tolist() for r in range(5)] == rows
    assert [ragged.take(np.array([3, 1, 0]))[r].tolist() for r in range(3)] == [[5, 5, 5], [], [3, 1]]
    kept = ragged.keep(ragged.values != 5)
    assert [kept[r].tolist() for r in range(5)] == [[3, 1], [], [2], [], []]
    assert len(mt.Ragged.from_rows([])) == 0
    assert len(ragged.take(np.array([], dtype=int))) == 0
