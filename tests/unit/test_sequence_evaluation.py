"""Every figure is that of a plain loop over the whole catalogue, and falls when ranks get worse."""

from math import log2

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import Ragged
from mtsgns_lite.data.sequences import Prefixes, Sequences
from mtsgns_lite.models.gru4rec import GRU4Rec
from mtsgns_lite.sequence_evaluation import (
    diversity,
    evaluate_next,
    item_knn,
    nearest_to_last,
    nearest_to_mean,
    next_item_metrics,
    popularity,
    worst_ranks,
)


def questions(before, wanted):
    return Prefixes(Ragged.from_rows(before), Ragged.from_rows(wanted))


def padded(*rows):
    items, present = torch.zeros(len(rows), 4, dtype=torch.long), torch.zeros(len(rows), 4, dtype=torch.bool)
    for row, line in enumerate(rows):
        items[row, : len(line)], present[row, : len(line)] = torch.tensor(line), True
    return items, present


def by_loop(scores, wanted, k):
    """Recall, HR, NDCG, MRR of one question, one item at a time."""
    ranks = [sum(other >= scores[item] for other in scores) if item >= 0 else float("inf") for item in wanted]
    hits = [rank for rank in ranks if rank <= k]
    ideal = sum(1 / log2(1 + place) for place in range(1, min(k, len(wanted)) + 1))
    return [
        len(hits) / len(wanted), float(bool(hits)), sum(1 / log2(1 + rank) for rank in hits) / ideal,
        1 / min(hits) if hits else 0.0,
    ]  # fmt: skip


@pytest.mark.parametrize("several", [False, True])
def test_figures_are_those_of_a_plain_loop(several):
    rng = np.random.default_rng(0)
    table = rng.integers(20, size=(40, 30)) / 2.0  # with ties
    before = [rng.integers(40, size=rng.integers(1, 6)) for _ in range(700)]
    wanted = [rng.choice(30, size=rng.integers(1, 8) if several else 1, replace=False) for _ in before]
    wanted[3] = np.array([-1])
    asked = questions(before, wanted)
    found = evaluate_next({"table": lambda items, present: torch.from_numpy(table[items[:, 0]])}, asked, ks=(3, 5))
    for k in (3, 5):
        each = [by_loop(table[row[0]], answers, k) for row, answers in zip(before, wanted)]
        for name, value in zip(("recall", "hr", "ndcg", "mrr"), np.mean(each, axis=0)):
            assert found["table"][f"{name}@{k}"] == pytest.approx(value), name


def test_ties_and_what_is_no_number_count_as_lost():
    scores = torch.tensor([[1.0, 3.0, 3.0, 0.0], [torch.nan] * 4, [0.0, 1.0, 2.0, torch.nan]])
    row, wanted = torch.tensor([0, 0, 0, 1, 2, 2, 0]), torch.tensor([1, 0, 3, 2, 2, 3, -1])
    assert worst_ranks(scores, row, wanted).tolist() == [2, 3, 4, 4, 2, 4, float("inf")]


def test_every_figure_falls_or_stays_when_a_rank_gets_worse_and_ndcg_falls():
    question = torch.tensor([0, 0, 1])
    before = None
    for rank in range(1, 21):
        found = next_item_metrics(torch.tensor([float(rank), 30.0, 4.0]), question)
        if before is not None:
            assert found["ndcg@20"] < before["ndcg@20"]
            assert all(found[name] <= before[name] for name in found)
        before = found
    worst = next_item_metrics(torch.tensor([21.0, 30.0, 4.0]), question)
    assert worst["ndcg@20"] < before["ndcg@20"]
    assert worst["recall@50"] == before["recall@50"]


def test_the_best_possible_figures_are_1():
    found = next_item_metrics(torch.arange(1.0, 31.0), torch.zeros(30, dtype=torch.long), ks=(20, 50))
    assert found["recall@20"] == pytest.approx(20 / 30)
    assert [found[name] for name in ("hr@20", "ndcg@20", "mrr@20", "recall@50", "ndcg@50")] == pytest.approx([1.0] * 5)


def test_a_prefix_without_items_is_missed():
    asked = questions([[], [1]], [[2], [2]])
    found = evaluate_next({"knows": lambda items, present: torch.eye(4)[[2] * len(items)]}, asked, ks=(1,))
    assert found["knows"]["recall@1"] == 0.5


def test_popularity_is_the_counts():
    train = Sequences(mt.Catalogue(range(4)), Ragged.from_rows([[1, 1, 2], [3], [1, 3]]))
    assert popularity(train)(*padded([0], [1, 2])).tolist() == [[0, 3, 1, 2]] * 2


def test_item_knn_is_the_cosine_of_a_plain_loop():
    rng = np.random.default_rng(0)
    rows = [rng.integers(8, size=rng.integers(1, 6)).tolist() for _ in range(30)]
    found = item_knn(Sequences(mt.Catalogue(range(9)), Ragged.from_rows(rows)))(*padded([5, 3], [8], [0, 1, 2]))
    for scores, last in zip(found, (3, 8, 2)):
        for item in range(9):
            both = sum(item in row and last in row for row in rows)
            n = [sum(one in row for row in rows) for one in (item, last)]
            expected = both / (n[0] * n[1]) ** 0.5 if both and item != last else 0.0
            assert scores[item].item() == pytest.approx(expected, abs=1e-6)


def test_neighbours_of_the_last_item_and_of_the_mean():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 5.0], [-1.0, 0.0], [3.0, 3.0]])
    last = nearest_to_last(vectors)(*padded([1, 0], [0, 1]))
    torch.testing.assert_close(last, torch.tensor([[-1.0, 0.0, -1.0, 0.5**0.5], [0.0, -1.0, 0.0, 0.5**0.5]]))
    mean = nearest_to_mean(vectors)(*padded([1, 0], [2]))
    torch.testing.assert_close(mean[0] / mean[0].max(), torch.tensor([0.5**0.5, 0.5**0.5, -(0.5**0.5), 1.0]))
    assert mean[1].argmax() == 2


def test_diversity_is_how_many_known_pairs_differ():
    catalogue = mt.Catalogue(
        range(5),
        traits=[
            mt.Trait.from_values("kind", ["a", "a", "b", None, "c"]),
            mt.Trait.from_values("tags", ["x|y", "y|z", "z", None, "w"], "|"),
        ],
    )
    lists = np.array([[0, 1, 2], [0, 2, 4], [0, 1, 3], [3, 3, 0]])
    assert diversity(lists, catalogue, "kind") == pytest.approx(np.mean([2 / 3, 1, 0]))
    assert diversity(lists, catalogue, "tags") == pytest.approx(np.mean([1 / 3, 1, 0]))
    assert diversity(np.array([[3, 0]]), catalogue, "kind") is None
    asked = questions([[0]], [[1]])
    ranked = {
        "down": lambda items, present: -torch.arange(5.0)[None],
        "up": lambda items, present: torch.arange(5.0)[None],
    }
    found = evaluate_next(ranked, asked, ks=(2, 3), catalogue=catalogue, trait="kind")
    assert [found["down"][f"diversity@{k}"] for k in (2, 3)] == pytest.approx([0, 2 / 3])
    assert found["up"]["diversity@2"] is None
    with pytest.raises(ValueError, match="kinds"):
        diversity(lists, catalogue, "kinds")


def test_the_table_has_a_row_for_each_method():
    train = Sequences(mt.Catalogue(range(4)), Ragged.from_rows([[1, 1, 2], [3], [1, 3]]))
    methods = {"popularity": popularity(train), "item-kNN": item_knn(train)}
    found = evaluate_next(methods, train.prefixes(), ks=(2,))
    lines = repr(found).splitlines()
    assert [line.split()[0] for line in lines] == ["next", "popularity", "item-kNN"]
    assert "recall@2" in lines[0]
    assert f"{found['item-kNN']['ndcg@2']:.4f}" in lines[2]
    assert found._repr_html_().count("<tr>") == 3


def test_what_can_not_be_asked_is_refused():
    with pytest.raises(ValueError, match="no questions"):
        evaluate_next({}, questions([], []))
    with pytest.raises(ValueError, match="give it with catalogue="):
        evaluate_next({}, questions([[0]], [[1]]), trait="kind")


def test_gru4rec_finds_what_follows_where_the_last_item_does_not_tell(quiet_fit):
    """Items 0..9 stand in two orders, and the first item says which: the last alone leaves two that may come next."""
    rng = np.random.default_rng(0)
    rows = [
        [10 + way, *((start + np.arange(5) * (1 if way else -1)) % 10)]
        for way, start in rng.integers((2, 10), size=(600, 2))
    ]
    past, held_out = Sequences(mt.Catalogue(range(12)), Ragged.from_rows(rows)).split(0.1)
    model = GRU4Rec(past.catalogue, dim=16, dropout=0.0)
    quiet_fit(model, past.samples(batch_size=64, noise_size=8), 8, adam=0.01)
    everything = held_out.prefixes()
    asked = everything.take(np.flatnonzero(everything.items.lengths > 1))
    sgns = mt.SGNS(past.catalogue, dim=8)
    quiet_fit(sgns, mt.data.samples.Baskets(past.items, 12), 3)
    methods = {
        "popularity": popularity(past), "item-kNN": item_knn(past), "last": nearest_to_last(sgns.embeddings()),
        "mean": nearest_to_mean(sgns.embeddings()), "GRU4Rec": model.scores,
    }  # fmt: skip
    found = evaluate_next(methods, asked, ks=(1,))
    assert found["GRU4Rec"]["recall@1"] > 0.9
    assert all(found[name]["recall@1"] < 0.7 for name in methods if name != "GRU4Rec")


def test_without_repeats_nothing_of_the_prefix_is_ranked():
    """Of five items scored 4, 3, 2, 1, 0 the second is wanted: first once the first is out, and never if it is out."""
    asked = Prefixes(Ragged.from_rows([[0, 4], [3], [1, 0, 0, 0]]), Ragged.from_rows([[1], [1], [1]]))

    def scores(items, present):
        return torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0]).repeat(len(items), 1)

    for repeats, expected in ((True, (1 / 2 + 1 / 2 + 1 / 2) / 3), (False, (1 + 1 / 2 + 0) / 3)):
        found = evaluate_next({"": scores}, asked, ks=(2,), length=2, repeats=repeats)[""]
        assert found["mrr@2"] == pytest.approx(expected)


def test_item_knn_of_a_whole_history_is_the_sum_over_its_items():
    rows = [[0, 1, 2], [1, 2], [3, 0], [2, 4, 0], [1, 4]]
    train = Sequences(mt.Catalogue(range(5)), Ragged.from_rows(rows))
    items, present = (
        torch.tensor([[0, 1, 1], [3, 2, 2], [4, 4, 4]]),
        torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0]]) > 0,
    )
    one = item_knn(train)
    found = item_knn(train, last=False)(items, present)
    alone = one(torch.tensor([[0], [1], [3]]), torch.ones(3, 1, dtype=torch.bool))
    torch.testing.assert_close(found[0], alone[0] + alone[1])
    torch.testing.assert_close(found[1], alone[2])
    assert (found[2] == 0).all()


def test_what_is_no_question_is_told():
    asked = Prefixes(Ragged.from_rows([[0]]), Ragged.from_rows([[1]]))
    for methods, questions in ((lambda items, present: items, asked), ({}, Ragged.from_rows([[0]]))):
        with pytest.raises(ValueError, match="Give names and what ranks"):
            evaluate_next(methods, questions)
    with pytest.raises(ValueError, match="length=0"):
        evaluate_next({}, asked, length=0)
