"""Sequences are those of a plain loop, every step is trained on once, and padding is only padding."""

import dataclasses
import gzip
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import Ragged
from mtsgns_lite.data.sequence_samples import cut, session_parallel
from mtsgns_lite.data.sequences import Prefixes, Sequences, pad

CPU = torch.device("cpu")
SHOP = mt.Catalogue(range(10))


def made(*rows):
    return Sequences(SHOP, Ragged.from_rows(rows))


def lists(rows):
    return [rows[row].tolist() for row in range(len(rows))]


def random_rows(seed, rows=60, most=30):
    rng = np.random.default_rng(seed)
    return [rng.integers(10, size=rng.integers(most + 1)).tolist() for _ in range(rows)]


def epoch(samples, seed=0):
    return list(samples.batches(torch.Generator().manual_seed(seed), CPU))


def steps_of(batch):
    """(item, next item) of every present place, the sequences one after another."""
    return list(zip(batch.items[batch.present].tolist(), batch.candidates[batch.wanted].tolist()))


def test_users_baskets_follow_one_another_and_are_shuffled_within():
    baskets = Ragged.from_rows([[0, 1, 2, 3, 4, 5, 6, 7], [8, 9], [1, 2, 3, 4, 5, 6, 7, 8]])
    shop = mt.Dataset("shop", SHOP, baskets=baskets, users=np.array([1, 0, 1]))
    first, second = lists(Sequences.from_dataset(shop).items)
    assert sorted(first) == [8, 9]
    assert sorted(second[:8]) == list(range(8))
    assert sorted(second[8:]) == list(range(1, 9))
    assert second[:8] != list(range(8))
    assert lists(Sequences.from_dataset(shop, shuffle=False).items) == [[8, 9], [*range(8), *range(1, 9)]]
    again, other = (Sequences.from_dataset(shop, seed=seed).items.values for seed in (0, 1))
    np.testing.assert_array_equal(again, [*first, *second])
    assert (other != again).any()
    alone = mt.Dataset("shop", SHOP, baskets=baskets)
    assert [len(row) for row in lists(Sequences.from_dataset(alone).items)] == [8, 2, 8]


def test_a_data_set_without_baskets_is_refused(planted_edges):
    with pytest.raises(ValueError, match="no sequences"):
        Sequences.from_dataset(planted_edges)


def test_rows_of_ids_are_numbered_by_frequency_or_by_a_catalogue():
    rows = [["b", "c"], ["c", "a", "c"], ["b"]]
    free = Sequences.from_rows(rows)
    assert free.catalogue.ids.tolist() == ["c", "b", "a"]
    assert lists(free.items) == [[1, 0], [0, 2, 0], [1]]
    bound = Sequences.from_rows(rows, mt.Catalogue(["z", "b", "c"]))
    assert lists(bound.items) == [[1, 2], [2, 2], [1]]
    with pytest.raises(ValueError, match="right file"):
        Sequences.from_rows(rows, mt.Catalogue(["y", "z"]))
    with pytest.raises(ValueError, match="right file"):
        Sequences.from_rows([])
    with pytest.raises(ValueError, match="0 to 9"):
        made([3, 10])


def test_files_are_read_plain_or_gzipped_and_damaged_ones_refused(tmp_path):
    plain, packed, asked = tmp_path / "s.txt", tmp_path / "s.txt.gz", tmp_path / "test.txt"
    plain.write_text("7 8 7\n\n9 7\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        read = Sequences.from_file(path)
        assert [read.catalogue.ids[row].tolist() for row in lists(read.items)] == [["7", "8", "7"], ["9", "7"]]
    assert lists(Sequences.from_file(plain, user_first=True).items) == [[1, 0], [0]]
    asked.write_text("7 5 8\t9\n5\t5\n")
    prefixes = Prefixes.from_file(asked, mt.Catalogue(["7", "8", "9"]))
    assert (lists(prefixes.items), lists(prefixes.wanted)) == ([[0, 1], []], [[2], [-1]])
    asked.write_text("7\t8\n7 9\n")
    with pytest.raises(ValueError, match=r"line 2.*a tab"):
        Prefixes.from_file(asked, SHOP)
    with pytest.raises(FileNotFoundError, match="no file"):
        Sequences.from_file(tmp_path / "none.txt")
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(ValueError, match="damaged"):
        Sequences.from_file(packed)


def test_whole_sequences_are_held_out_the_last_or_drawn():
    sequences = made(*([number % 10, 1] for number in range(20)))
    past, held_out = sequences.split(0.25)
    assert (past.items[0][0], len(past), len(held_out)) == (0, 15, 5)
    assert lists(held_out.items) == lists(sequences.items)[15:]
    some, others = sequences.split(0.25, seed=1)
    assert sorted(lists(some.items) + lists(others.items)) == sorted(lists(sequences.items))
    assert lists(others.items) != lists(held_out.items)
    with pytest.raises(ValueError, match="leaves a part empty"):
        sequences.split(0.01)


def test_every_item_but_the_first_is_asked_after_its_predecessors():
    rows = [*random_rows(0), [], [4]]
    expected = [(row[max(0, place - 5) : place], row[place]) for row in rows for place in range(1, len(row))]
    prefixes = made(*rows).prefixes(length=5)
    assert list(zip(lists(prefixes.items), prefixes.wanted.values.tolist())) == expected
    assert all(len(wanted) == 1 for wanted in lists(prefixes.wanted))


def test_the_ends_of_sequences_and_their_last_items_are_asked():
    sequences = made([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2], [3], [4, 5, 6])
    ends = sequences.ends(0.2)
    assert (lists(ends.items), lists(ends.wanted)) == ([[0, 1, 2, 3, 4, 5, 6, 7], [1], [4, 5]], [[8, 9], [2], [6]])
    assert lists(sequences.ends(0.99).items) == [[0], [1], [4]]
    kept, asked = sequences.leave_last()
    assert lists(kept.items) == [[0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 2], [3], [4, 5]]
    assert (lists(asked.items), lists(asked.wanted)) == ([[0, 1, 2, 3, 4, 5, 6, 7, 8], [4, 5]], [[9], [6]])
    with pytest.raises(ValueError, match="part=1"):
        sequences.ends(1)
    with pytest.raises(ValueError, match="one for each"):
        Prefixes(Ragged.from_rows([[1]]), Ragged.from_rows([]))


def test_questions_come_with_their_last_items_padded_at_the_end():
    prefixes = Prefixes(Ragged.from_rows([[1, 2, 3, 4], [5], [], [6, 7]]), Ragged.from_rows([[0]] * 4))
    found = {}
    for rows, items, present in prefixes.batches(size=3, length=3):
        assert (items[~present] == 0).all()
        for row, line, there in zip(rows.tolist(), items, present):
            assert there.tolist() == sorted(there.tolist(), reverse=True)
            found[row] = line[there].tolist()
    assert found == {0: [2, 3, 4], 1: [5], 2: [], 3: [6, 7]}
    assert [tensor.shape for tensor in pad(Ragged.from_rows([[]]))] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("length", [1, 3, 20])
def test_long_sequences_are_cut_from_their_ends_with_every_step_once(length):
    rows = random_rows(1)
    parts = lists(cut(Ragged.from_rows(rows), length))
    assert Counter(pair for part in parts for pair in pairwise(part)) == Counter(
        p for row in rows for p in pairwise(row)
    )
    assert all(2 <= len(part) <= length + 1 for part in parts)
    assert lists(cut(Ragged.from_rows([[1, 2, 3, 4, 5, 6]]), 3)) == [[3, 4, 5, 6], [1, 2, 3]]


def test_an_epoch_has_every_step_once_in_batches_of_like_work():
    rows = random_rows(2, rows=400)
    sequences = made(*rows)
    samples = sequences.samples(length=20, batch_size=200, noise_size=5)
    batches = epoch(samples)
    assert Counter(pair for b in batches for pair in steps_of(b)) == Counter(p for row in rows for p in pairwise(row))
    assert len(batches) == len(samples) == len(epoch(samples, seed=3))
    places = [len(batch.wanted) for batch in batches]
    assert sorted(places)[1:] == pytest.approx([200] * (len(places) - 1), abs=20)
    assert all((batch.places[~batch.present] == 0).all() for batch in batches)
    padding = sum(int((~batch.present).sum()) for batch in batches)
    assert padding < 0.1 * sum(places)
    assert samples.counts.tolist() == np.bincount(np.concatenate(rows).astype(int), minlength=10).tolist()


def test_epochs_differ_and_are_the_seeds():
    samples = made(*random_rows(3)).samples(batch_size=50, noise_size=3)
    first, same, other = ([steps_of(batch) for batch in epoch(samples, seed)] for seed in (0, 0, 1))
    assert first == same
    assert first != other


def test_candidates_are_the_batchs_items_and_those_drawn_each_once():
    sequences = Sequences(
        mt.Catalogue(range(500)), Ragged.from_rows([[1, 2], [2, 3], *([[i, i + 1] for i in range(300)])])
    )
    for batch in epoch(sequences.samples(batch_size=4, noise_size=50)):
        own = {item for pair in steps_of(batch) for item in pair}
        candidates = batch.candidates.tolist()
        assert len(set(candidates)) == len(candidates)
        assert own < set(candidates)
        assert max(candidates) <= 300  # what never occurs is never drawn
    for batch in epoch(sequences.samples(batch_size=4, noise_size=0)):
        assert set(batch.candidates.tolist()) == {item for pair in steps_of(batch) for item in pair}


def test_log_q_is_how_often_an_item_is_a_candidate():
    """Drawn 4 times ~ sqrt(count), or among the batch's 4 items ~ count: sequences of one step, in random batches."""
    rng = np.random.default_rng(0)
    share = np.arange(1, 21) / 210
    sequences = Sequences(mt.Catalogue(range(20)), Ragged.from_rows(rng.choice(20, size=(8_000, 2), p=share)))
    there, log_q = np.zeros(20), np.full(20, np.nan)
    batches = epoch(sequences.samples(batch_size=2, noise_size=4))
    for batch in batches:
        there[batch.candidates] += 1
        log_q[batch.candidates] = batch.log_q
    np.testing.assert_allclose(there / len(batches), np.exp(log_q), atol=0.03)
    assert np.exp(log_q).max() > 4 * np.exp(log_q).min()


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([[1], []], {}, "two items"),
        ([[1, 2]], {"length": 0}, "must be 1 or more"),
        ([[1, 2]], {"noise_size": -1}, "0 or more"),
    ],
)
def test_what_makes_no_batches_is_refused(rows, options, message):
    with pytest.raises(ValueError, match=message):
        made(*rows).samples(**options)


@pytest.mark.parametrize("lanes", [1, 3, 100])
def test_session_parallel_reads_every_session_in_its_lane(lanes):
    rows = random_rows(4, rows=30, most=6)
    wanted = [row for row in rows if len(row) > 1]
    reading, read, sizes = {}, [], []
    for lane, item, following, fresh in session_parallel(Ragged.from_rows(rows), lanes):
        sizes.append(len(lane))
        assert len(set(lane.tolist())) == len(lane)
        for one, now, then, new in zip(lane.tolist(), item.tolist(), following.tolist(), fresh.tolist()):
            if new:
                read.append(reading.setdefault(one, []))
                reading[one] = read[-1] = [now]
            assert reading[one][-1] == now
            reading[one].append(then)
    assert sorted(read) == sorted(wanted)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == min(lanes, len(wanted))
    with pytest.raises(ValueError, match="lanes=0"):
        next(session_parallel(Ragged.from_rows(rows), 0))


def test_next_baskets_are_each_users_last_after_all_that_came_before(planted_small):
    past, asked = Sequences.next_baskets(planted_small)
    rows = {}
    for number, user in enumerate(planted_small.users.tolist()):
        rows.setdefault(user, []).append(planted_small.baskets[number])
    several = [rows[user] for user in sorted(rows) if len(rows[user]) > 1]
    assert len(asked) == len(several)
    for question, (*before, last) in enumerate(several):
        assert asked.wanted[question].tolist() == last.tolist()
        given = asked.items[question]
        assert sorted(given) == sorted(np.concatenate(before))
        assert sorted(given[: len(before[0])]) == sorted(before[0])  # shuffled within a basket, in order of baskets
    assert len(past.items.values) == len(planted_small.baskets.values) - len(asked.wanted.values)
    alone = dataclasses.replace(planted_small, users=None)
    with pytest.raises(ValueError, match="no users with baskets"):
        Sequences.next_baskets(alone)


def test_recent_items_are_the_last():
    sequences = Sequences(mt.Catalogue(range(5)), Ragged.from_rows([[0, 1, 2], [3], [], [4, 4, 2, 1]]))
    rows = sequences.recent(2).items
    assert [rows[row].tolist() for row in range(4)] == [[1, 2], [3], [], [2, 1]]
    with pytest.raises(ValueError, match="n=0"):
        sequences.recent(0)


def test_planted_users_take_from_the_groups_that_they_want():
    made, wants = mt.planted_interests(groups=20, group_size=5, users=400, interests=3, stray=0.0, seed=3)
    codes = made.catalogue.traits["group"].codes[:, 0]
    assert np.bincount(codes)[1:].tolist() == [5] * 20
    assert all(len(set(row)) == 3 for row in wants.tolist())
    names = np.array(made.catalogue.traits["group"].values)
    for user in range(0, 400, 7):
        groups = {int(names[code].split()[1]) for code in codes[made.items[user]]}
        assert groups <= set(wants[user].tolist())
    assert np.bincount(wants.ravel(), minlength=20).min() > 30
    strayed, wants = mt.planted_interests(groups=20, group_size=5, users=400, stray=0.5, seed=3)
    of = np.array([int(name.split()[1]) for name in names[strayed.catalogue.traits["group"].codes[:, 0]]])
    inside = [np.isin(of[strayed.items[user]], wants[user]).mean() for user in range(400)]
    assert np.mean(inside) == pytest.approx(0.5 + 0.5 * 2 / 20, abs=0.02)
    with pytest.raises(ValueError, match="make no shop"):
        mt.planted_interests(groups=2, interests=3)


def test_new_questions_want_what_the_prefix_has_not():
    asked = Prefixes(Ragged.from_rows([[0, 1], [2], [3, 3], []]), Ragged.from_rows([[1, 4, 0], [2], [-1, 0], [5]]))
    new = asked.new()
    assert lists(new.items) == [[0, 1], [3, 3], []]
    assert lists(new.wanted) == [[4], [-1, 0], [5]]


def test_a_table_is_no_file_of_sequences(tmp_path):
    (tmp_path / "orders.csv").write_text("user,item\n1,bread\n1,milk\n")
    with pytest.raises(ValueError, match="has commas where blanks part the items"):
        Sequences.from_file(tmp_path / "orders.csv")
