"""One corpus for all: drawn once, nothing lost, and the pairs that factorisation learns from are those of skip-gram."""

from collections import Counter

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.corpus import AsPairs, Corpus, Rows

CPU = torch.device("cpu")


def epoch(samples, seed=0):
    return list(samples.batches(torch.Generator().manual_seed(seed), CPU))


@pytest.fixture
def baskets():
    """Distinct baskets of 0 to 25 items, so that each row tells which basket it is from: item = 100 r + place."""
    return mt.Baskets(mt.Ragged.from_rows([[100 * r + place for place in range(r)] for r in range(26)]), 2600)


@pytest.fixture
def walks(planted_edges):
    return mt.split(planted_edges).walks(per_node=3, length=6, window=2)


def rows_of(batches):
    return sorted(tuple(row[there].tolist()) for b in batches for row, there in zip(b.items, b.present) if there.any())


def test_walks_are_drawn_once_from_every_node_along_edges(walks):
    corpus = Corpus.draw(walks, seed=0, passes=3)
    assert corpus.rows.shape == (1, walks.rows, 6)  # walks are the data: one pass, whatever the epochs
    assert corpus.rows.dtype == np.int32
    assert Counter(corpus.rows[0, :, 0].tolist()) == {node: 3 for node in walks.starts.tolist()}
    one, other = (
        torch.from_numpy(corpus.rows[0, :, :-1].ravel()).long(),
        torch.from_numpy(corpus.rows[0, :, 1:].ravel()),
    )
    assert (walks.graph.weight_between(one, other.long()) > 0).all()
    assert corpus.fingerprint == Corpus.draw(walks, seed=0).fingerprint != Corpus.draw(walks, seed=1).fingerprint


def test_a_pass_over_baskets_loses_no_item_and_mixes_no_baskets(baskets):
    corpus = Corpus.draw(baskets, passes=4)
    assert corpus.rows.shape[::2] == (4, 10)
    for rows in corpus.rows:
        lists = [row[row >= 0].tolist() for row in rows]
        assert all(len(row) >= 2 and len({item // 100 for item in row}) == 1 for row in lists)
        found = Counter(item for row in lists for item in row)
        assert set(found) == {100 * r + place for r in range(2, 26) for place in range(r)}
        assert sum(found.values()) - len(found) == 2  # baskets of 11 and 21 leave one, who takes another along
    assert len({rows.tobytes() for rows in corpus.rows}) == 4


def test_a_corpus_comes_back_from_its_folder_as_it_was(baskets, tmp_path):
    corpus = Corpus.draw(baskets, passes=2)
    corpus.save(tmp_path)
    back = Corpus.load(tmp_path)
    assert np.array_equal(back.rows, corpus.rows)
    assert back.window == 10
    assert back.fingerprint == corpus.fingerprint


def test_each_epoch_reads_the_next_pass_whole_and_in_another_order(baskets):
    corpus = Corpus.draw(baskets, passes=2)
    samples = Rows(corpus, 2600, batch_size=7)
    read = [epoch(samples, seed) for seed in range(4)]
    for number, batches in enumerate(read):
        assert len(batches) == len(samples)
        assert rows_of(batches) == sorted(map(tuple, corpus.lists[number % 2]))
    assert not torch.equal(read[0][0].items, read[2][0].items)  # the same pass, shuffled again


def test_rows_are_as_walks_to_a_model(walks, quiet_fit):
    """Batch size, noise, window and counts are those of the walks that they were drawn from."""
    rows = Rows(Corpus.draw(walks), len(walks.counts))
    assert (len(rows), rows.batch_size, rows.window) == (len(walks), walks.batch_size, walks.window)
    batch, fresh = epoch(rows)[0], epoch(walks)[0]
    assert batch.items.shape == fresh.items.shape
    assert batch.noise.shape == fresh.noise.shape
    assert torch.allclose(rows.counts, walks.counts.double(), rtol=0.5, atol=12)  # drawn, and expected
    assert int(rows.counts.sum()) == rows.rows * 6


def test_an_empty_corpus_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        Rows(Corpus(np.empty((1, 0, 10), np.int32), 5), 3)


def looped(batches) -> Counter:
    """Every pair within the window once, by the definition, whichever end comes first."""
    pairs: Counter = Counter()
    for batch in batches:
        for row, there in zip(batch.items.tolist(), batch.present.tolist()):
            for i in range(len(row)):
                for j in range(i + 1, min(i + batch.window, len(row) - 1) + 1):
                    if there[i] and there[j]:
                        pairs[tuple(sorted((row[i], row[j])))] += 1
    return pairs


@pytest.mark.parametrize("which", ["walks", "baskets"])
@pytest.mark.parametrize("negatives", [0, 1, 3])
@pytest.mark.parametrize("batch_size", [None, 5, 100])
def test_the_pairs_are_those_of_a_plain_loop(which, negatives, batch_size, request):
    drawn = Corpus.draw(request.getfixturevalue(which))
    samples = Rows(drawn, 2600, batch_size=64)
    pairs = AsPairs(samples, negatives=negatives, batch_size=batch_size)
    batches = epoch(pairs)
    assert len(batches) == len(pairs)
    found: Counter = Counter()
    for batch in batches:
        true = len(batch.first) // (negatives + 1)
        assert batch.value.tolist() == [1.0] * true + [0.0] * (true * negatives)
        assert torch.equal(batch.first[true:], batch.first[:true].repeat(negatives))
        found.update(tuple(sorted(pair)) for pair in zip(batch.first[:true].tolist(), batch.second[:true].tolist()))
    assert found == looped(epoch(Rows(drawn, 2600)))


def test_either_end_of_a_pair_comes_first(walks):
    rows = Rows(Corpus.draw(walks), len(walks.counts))
    forward = {tuple(row[k : k + 2].tolist()) for b in epoch(rows) for row in b.items for k in range(5)}
    single = {pair for pair in forward if pair[::-1] not in forward}
    asked = [b for b in epoch(AsPairs(rows, negatives=0))]
    seen = Counter(pair for b in asked for pair in zip(b.first.tolist(), b.second.tolist()))
    turned = sum(seen[pair[::-1]] for pair in single)
    assert 0.3 < turned / sum(seen[pair] + seen[pair[::-1]] for pair in single) < 0.7


def test_negatives_of_pairs_follow_the_noise_of_the_rows(walks):
    rows = Rows(Corpus.draw(walks), len(walks.counts))
    assert AsPairs(rows).noise is rows.noise
    assert AsPairs(rows).counts is rows.counts


def test_no_batch_holds_all_the_pairs(walks):
    pairs = AsPairs(Rows(Corpus.draw(walks), len(walks.counts)), batch_size=200)
    assert max(len(batch.first) for batch in epoch(pairs)) <= 400  # with one negative each


def test_factorisation_takes_pairs_and_no_rows(walks, planted_edges, quiet_fit):
    rows = Rows(Corpus.draw(walks), len(walks.counts))
    model = mt.MatrixFactorization(planted_edges.catalogue, dim=4)
    quiet_fit(model, AsPairs(rows))
    with pytest.raises(ValueError, match="can't learn from Rows"):
        quiet_fit(model, rows)
