"""Metrics against their definitions, written out in loops, and against scikit-learn."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mtsgns_lite as mt
from mtsgns_lite.evaluation import ranking_metrics, ranks

SCORES = st.lists(st.integers(-3, 3), min_size=1, max_size=30)  # few values, so many ties


@given(SCORES, SCORES)
def test_auc_is_the_chance_to_win_and_ties_count_half(positive, negative):
    expected = np.mean([(p > n) + 0.5 * (p == n) for p in positive for n in negative])
    assert mt.auc(np.array(positive), np.array(negative)) == pytest.approx(expected)


def test_auc_of_nothing_is_none():
    assert mt.auc(np.array([]), np.array([1.0])) is None
    assert mt.auc(np.array([1.0]), np.array([])) is None
    assert mt.auc(np.zeros(5), np.zeros(7)) == 0.5


@given(SCORES, SCORES)
def test_precision_and_recall_are_those_of_scikit_learn(positive, negative):
    from sklearn.metrics import precision_recall_curve

    thresholds, precision, recall = mt.precision_recall(np.array(positive, float), np.array(negative, float))
    label = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    theirs = precision_recall_curve(label, np.r_[positive, negative])
    assert np.allclose(thresholds, theirs[2][::-1])
    assert np.allclose(precision, theirs[0][-2::-1])
    assert np.allclose(recall, theirs[1][-2::-1])


@given(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=8), st.integers(0, 5))
def test_a_rank_counts_who_is_above_and_half_of_who_is_level(rows, wanted):
    scores = torch.tensor(rows, dtype=torch.float32)
    found = ranks(scores, torch.full((len(rows),), wanted))
    for row, rank in zip(rows, found.tolist()):
        above = sum(score > row[wanted] for score in row)
        level = sum(score == row[wanted] for score in row) - 1
        assert rank == 1 + above + level / 2


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 20))
def test_ranking_metrics_are_their_definitions(found, k):
    metrics = ranking_metrics(torch.tensor(found), k)
    assert metrics[f"hr@{k}"] == pytest.approx(np.mean([rank <= k for rank in found]))
    assert metrics["mrr"] == pytest.approx(np.mean([1 / rank for rank in found]))
    gains = [1 / math.log2(1 + rank) if rank <= k else 0 for rank in found]
    assert metrics[f"ndcg@{k}"] == pytest.approx(np.mean(gains))


def test_ndcg_falls_with_rank():
    at = [ranking_metrics(torch.tensor([rank]))["ndcg@10"] for rank in range(1, 12)]
    assert at[0] == 1
    assert all(high > low for high, low in zip(at, at[1:]))
    assert at[10] == 0


def cosine(one, other):
    length = np.linalg.norm(one) * np.linalg.norm(other)
    return one @ other / length if length else 0.0


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_figures_are_those_of_a_plain_loop(which, request):
    """Cosine, regions, missing negatives, ranking without the query, unseen items and training neighbours."""
    split = mt.split(request.getfixturevalue(which), hold_out=0.1, seed=2)
    vectors = torch.randn(300, 4, generator=torch.Generator().manual_seed(0)).double()
    vectors[split.cold] = 0
    row, v = mt.evaluate_vectors(vectors, split, "random"), vectors.numpy()
    regions = split.regions()
    for kind, false in split.negatives.items():
        for region in ("all", "seen", "cold"):
            inside = np.flatnonzero(regions[region] & (false[:, 0] >= 0))
            positive = np.round([cosine(*v[split.pairs[i]]) for i in inside], 6)
            negative = np.round([cosine(*v[false[i]]) for i in inside], 6)
            wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
            assert row.auc[kind][region] == pytest.approx(wins, abs=1e-4)

    found, graph = [], split.graph if split.dataset.edges is not None else None
    unit = v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    for one, other in split.pairs[regions["seen"]].tolist():
        scores = np.round(unit @ unit[one], 6)
        among = set(np.flatnonzero(split.counts > 0)) - {one}
        if graph is not None:
            among -= set(graph.neighbours[graph.starts[one] : graph.starts[one + 1]].tolist())
        assert other in among
        found.append(1 + sum(scores[x] > scores[other] for x in among))
    assert row.ranking["hr@10"] == pytest.approx(np.mean(np.array(found) <= 10), abs=1e-3)
    assert row.ranking["mrr"] == pytest.approx(np.mean(1 / np.array(found)), abs=1e-3)


def test_baselines_are_the_product_of_counts_and_the_weight_of_the_edge(planted_split):
    popularity, together = mt.evaluate(mt.SGNS(planted_split.catalogue, dim=2), planted_split)[:2]
    assert (popularity.method, together.method) == ("popularity", "cooccurrence")
    baskets = [set(planted_split.dataset.baskets[r].tolist()) for r in range(len(planted_split.dataset.baskets))]
    for row, score in (
        (popularity, lambda a, b: planted_split.counts[a] * planted_split.counts[b]),
        (together, lambda a, b: sum(a in basket and b in basket for basket in baskets)),
    ):
        true = np.array([score(a, b) for a, b in planted_split.pairs.tolist()])
        false = np.array([score(a, b) for a, b in planted_split.negatives["degree"].tolist()])
        wins = (true[:, None] > false).mean() + 0.5 * (true[:, None] == false).mean()
        assert row.auc["degree"]["all"] == pytest.approx(wins)


def test_uniform_negatives_flatter_popularity_and_matched_ones_do_not(planted_small):
    split = mt.split(planted_small, hold_out=0.5)
    popularity = mt.evaluate(mt.SGNS(split.catalogue, dim=2), split)[0].auc
    assert popularity["uniform"]["seen"] > 0.6
    assert popularity["degree"]["seen"] == pytest.approx(0.5, abs=0.03)


def test_the_planted_traits_themselves_score_above_a_half_and_noise_does_not(planted_split):
    """One-hot traits, each as long as its share says: items of the same values are near each other."""
    shares = planted_split.dataset.truth["shares"]
    columns = [torch.eye(len(t.values))[t.codes[:, 0]] * shares[t.name] ** 0.5
               for t in planted_split.catalogue.traits.values()]  # fmt: skip
    assert mt.evaluate_vectors(torch.cat(columns, dim=1), planted_split, "truth").auc["degree"]["all"] > 0.55
    noise = torch.randn(300, 32, generator=torch.Generator().manual_seed(0))
    assert mt.evaluate_vectors(noise, planted_split, "noise").auc["degree"]["all"] == pytest.approx(0.5, abs=0.04)


def test_traits_help_cold_items_and_plain_skip_gram_stands_at_a_half(trained, planted_split, quiet_fit):
    plain = mt.SGNS(planted_split.catalogue, dim=16)
    quiet_fit(plain, planted_split.train, epochs=3)
    with_traits = mt.evaluate(trained, planted_split, baselines=False)[0].auc["degree"]
    without = mt.evaluate(plain, planted_split, baselines=False)[0].auc["degree"]
    assert without["cold"] == 0.5  # zero vectors: every comparison is a tie
    assert with_traits["cold"] > 0.55  # a few hundred pairs: two standard errors are 0.04
    assert min(with_traits["seen"], without["seen"]) > 0.6


def test_unseen_policies_change_the_cold_figures_alone(trained, planted_split):
    zero = mt.evaluate(trained, planted_split, unseen="zero", baselines=False)[0]
    traits = mt.evaluate(trained, planted_split, baselines=False)[0]
    assert zero.auc["degree"]["cold"] == 0.5
    assert traits.auc["degree"]["cold"] > 0.55
    assert zero.auc["degree"]["seen"] == traits.auc["degree"]["seen"]


def test_factorisation_has_its_own_score_beside_the_cosine(planted_split, quiet_fit):
    model = mt.MatrixFactorization(planted_split.catalogue, dim=4, bias=True)
    row = mt.evaluate(model, planted_split, baselines=False)[0]
    assert row.own is not None
    assert row.own["degree"]["all"] != row.auc["degree"]["all"]
    users = mt.MatrixFactorization(planted_split.catalogue, dim=4, users=9)
    assert mt.evaluate(users, planted_split, baselines=False)[0].own is None  # its score needs a user


def test_the_table_shows_a_row_for_each_method(trained, planted_split):
    found = mt.evaluate(trained, planted_split, name="ours")
    assert [line.split()[0] for line in repr(found).splitlines()] == ["AUC", "popularity", "cooccurrence", "ours"]
    assert found._repr_html_().count("<tr>") == 4


def test_a_training_graph_without_edges_can_still_be_evaluated():
    """Four edges, all held out: baselines and vectors answer, nothing crashes."""
    star = mt.Edges(np.zeros(4, int), np.arange(1, 5), np.ones(4))
    split = mt.split(mt.Dataset("star", mt.Catalogue("abcdef"), edges=star), cold_items=0, hold_out=0.999)
    assert not len(split.dataset.edges)
    rows = mt.evaluate(mt.SGNS(split.catalogue, dim=2), split)
    assert rows[1].auc["degree"]["seen"] is None


# --- the probe ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [mt.SGNS, mt.MultiTraitSGNS, mt.MatrixFactorization])
def test_the_probe_of_all_pairs_is_the_figure_of_evaluate(make, planted_split, quiet_fit):
    model = make(planted_split.catalogue, dim=8)
    samples = planted_split.edges() if make is mt.MatrixFactorization else planted_split.train
    quiet_fit(model, samples)
    found = mt.held_out_auc(planted_split)(model)
    assert found == pytest.approx(mt.evaluate(model, planted_split, baselines=False)[0].auc["degree"]["seen"], abs=1e-6)


def test_the_probe_of_few_pairs_asks_always_the_same_and_is_near(trained, planted_split):
    few = [mt.held_out_auc(planted_split, most=300)(trained) for _ in range(2)]
    assert few[0] == few[1]
    assert few[0] == pytest.approx(mt.held_out_auc(planted_split)(trained), abs=0.06)  # three standard errors


def test_the_probe_does_not_touch_the_model_nor_the_dice(trained, planted_split):
    before, dice = {name: value.clone() for name, value in trained.state_dict().items()}, torch.get_rng_state()
    mt.held_out_auc(planted_split)(trained)
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert torch.equal(torch.get_rng_state(), dice)


def test_a_split_without_pairs_to_ask_has_no_probe(planted_split):
    unmatched = {"degree": np.full_like(planted_split.pairs, -1)}
    nothing = [replace(planted_split, negatives=unmatched), replace(planted_split, negatives={})]
    for split in nothing:
        with pytest.raises(ValueError, match="no held-out pairs of two trained items"):
            mt.held_out_auc(split)
    with pytest.raises(ValueError, match="most=0"):
        mt.held_out_auc(planted_split, most=0)
