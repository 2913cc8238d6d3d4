"""Several processes draw one batch: together the same rows and negatives as one, each row once an epoch."""

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.disk_graph import open_graph, write_graph
from mtsgns_lite.scale.addresses import Shuffle, generator_at, mix, uniform
from mtsgns_lite.scale.rows import open_rows, write_rows

BASKETS = mt.Ragged.from_rows([[0, 1, 2, 3, 4, 5, 6, 7], [8, 9], [3], [], [1, 2, 9, 10, 11], [12, 13, 14, 0], [5, 6]])


def splitmix64(number, key):
    """The same with Python's own whole numbers."""
    x = (number * 0x9E3779B97F4A7C15 + key) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return x ^ (x >> 31)


def test_mixed_numbers_are_those_of_splitmix64():
    numbers = [0, 1, 77, 2**40, 2**62]
    assert [int(x) % 2**64 for x in mix(torch.tensor(numbers), 12345)] == [splitmix64(x, 12345) for x in numbers]


def test_uniform_numbers_are_even_and_depend_on_the_key():
    drawn = uniform(torch.arange(100_000), 5)
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert np.abs(np.histogram(drawn.numpy(), 20, (0, 1))[0] / 5_000 - 1).max() < 0.08
    assert abs(float(torch.corrcoef(torch.stack([drawn, uniform(torch.arange(100_000), 6)]))[0, 1])) < 0.02


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 65, 1000, 4097])
def test_a_shuffle_is_a_permutation_of_which_any_part_can_be_had(size):
    shuffle = Shuffle(size, 1, 2)
    whole = shuffle(torch.arange(size))
    assert torch.equal(whole.sort()[0], torch.arange(size))
    some = torch.randint(0, size, (7,))
    assert torch.equal(shuffle(some), whole[some])


def test_shuffles_differ_by_address_and_keep_no_order():
    one, other = (Shuffle(10_000, 1, epoch)(torch.arange(10_000)).double() for epoch in (0, 1))
    for a, b in ((one, other), (one, torch.arange(10_000).double()), (one[1:], one[:-1])):
        assert abs(float(torch.corrcoef(torch.stack([a, b]))[0, 1])) < 0.05


def test_a_generator_is_that_of_its_address():
    draws = [torch.rand(3, generator=generator_at(*address)) for address in ((1, 2), (1, 2), (2, 1), (1, 2, 0))]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def samples_of(kind, **options):
    graph = mt.Graph.from_baskets(BASKETS, 20)
    options = {"batch_size": 8, "share": 2, **options}
    return mt.Walks(graph, 6, per_node=3, **options) if kind == "walks" else mt.Baskets(BASKETS, 20, 3, **options)


def streams(samples, folder, world, seed=0):
    settings = write_rows(samples, folder, 3)
    return [open_rows(folder, settings, seed, rank, world) for rank in range(world)]


def joined(batches):
    """One batch of the parts of all processes."""
    return tuple(torch.cat([getattr(batch, name) for batch in batches]) for name in ("items", "present", "noise"))


@pytest.mark.parametrize("kind", ["walks", "baskets"])
@pytest.mark.parametrize("options", [{}, {"subsample": 0.05}])
@pytest.mark.parametrize("world", [2, 3])
def test_the_parts_of_a_batch_make_up_the_batch_of_one_process(kind, options, world, tmp_path):
    (alone,) = streams(samples_of(kind, **options), tmp_path / "one", 1)
    together = streams(samples_of(kind, **options), tmp_path / "many", world)
    for epoch in range(2):
        for whole, parts in zip(alone.batches(epoch), zip(*(stream.batches(epoch) for stream in together))):
            for ours, theirs in zip(joined(parts), joined([whole])):
                assert torch.equal(ours, theirs)
                assert len(theirs)
            assert sum(part.totals[0] for part in parts) == whole.totals[0] == whole.pairs().sum()


@pytest.mark.parametrize("kind", ["walks", "baskets"])
def test_epochs_seeds_and_batches_differ_and_an_epoch_can_be_entered_anywhere(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("mtsgns_lite.scale.rows.BLOCK", 3)
    (stream,) = streams(samples_of(kind, batch_size=2), tmp_path / "a", 1)
    (other,) = streams(samples_of(kind, batch_size=2), tmp_path / "b", 1, seed=1)
    first, again = list(stream.batches(0)), list(stream.batches(0, first=2))
    assert len(first) == len(stream) > 3
    for one, two in zip(first[2:], again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(joined([one]), joined([two])))
    noise = [torch.cat([b.noise for b in batches]) for batches in (first, stream.batches(1), other.batches(0))]
    assert not torch.equal(noise[0], noise[1])
    assert not torch.equal(noise[0], noise[2])
    assert not torch.equal(first[0].noise, first[1].noise)


def test_every_node_starts_its_walks_and_each_step_is_an_edge(tmp_path):
    samples = samples_of("walks")
    edges = {(int(a), int(b)) for a, b in zip(samples.graph.rows, samples.graph.neighbours)}
    (stream,) = streams(samples, tmp_path, 1)
    starts = []
    for batch in stream.batches(0):
        rows = batch.items[batch.present[:, 0]]
        assert all((int(a), int(b)) in edges for row in rows for a, b in zip(row, row[1:]))
        starts += rows[:, 0].tolist()
    assert sorted(starts) == sorted(3 * samples.starts.tolist())


def test_an_epoch_holds_each_basket_once_in_chunks_shuffled_anew(tmp_path):
    samples = samples_of("baskets")
    (stream,) = streams(samples, tmp_path, 1)
    orders = set()
    for epoch in range(6):
        batches = list(stream.batches(epoch))
        rows = [row[there].tolist() for b in batches for row, there in zip(b.items, b.present) if there.any()]
        # chunks of 3, 3, 2; of 2; none of one item; of 3, 2; of 3, where the fourth item rests; of 2
        assert sorted(map(len, rows)) == [2, 2, 2, 2, 3, 3, 3, 3]
        assert len(rows) == samples.rows
        first = [row for row in rows if {4, 7} & set(row) or set(row) <= set(range(8))]
        counts = np.bincount([item for row in rows for item in row], minlength=20)
        assert counts[[4, 7, 8, 10, 11]].tolist() == [1] * 5  # each stands in one basket, which is all read
        assert counts[15:].sum() == 0
        orders.add(str(sorted(first)))
    assert len(orders) > 1


def test_negatives_come_as_often_as_their_shares_say(tmp_path):
    samples = samples_of("walks")
    (stream,) = streams(samples, tmp_path, 1)
    drawn = torch.cat([batch.noise.ravel() for epoch in range(60) for batch in stream.batches(epoch)])
    share = samples.noise.reach.diff(prepend=torch.zeros(1, dtype=torch.float64))
    assert np.abs(torch.bincount(drawn, minlength=20) / len(drawn) - share).max() < 0.01


def test_a_graph_on_the_disk_stays_where_it_is(tmp_path):
    samples = samples_of("walks")
    kept = open_graph(write_graph(samples.graph, tmp_path / "graph", 6))
    mapped = mt.Walks(kept, 6, per_node=3, batch_size=8, share=2)
    settings = write_rows(mapped, tmp_path / "rows", 3)
    assert not (tmp_path / "rows" / "graph").exists()
    ours = open_rows(tmp_path / "rows", settings, 0)
    (theirs,) = streams(samples, tmp_path / "other", 1)
    for one, two in zip(ours.batches(0), theirs.batches(0), strict=True):
        assert torch.equal(one.items, two.items)


def test_more_processes_than_stripes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="4 processes can't share 3 stripes"):
        streams(samples_of("walks"), tmp_path, 4)


def test_other_samples_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Processes can't share Pairs"):
        write_rows(mt.Pairs([0, 1], [1, 2], 3), tmp_path, 3)
