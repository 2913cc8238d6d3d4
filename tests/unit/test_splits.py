"""Splits: nothing held out leaks into training, and negatives are what they are called."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

import mtsgns_lite as mt

UNLIKELY = 1e-4


@st.composite
def basket_sets(draw):
    """Any small shop: empty, one-item and long baskets, known and unknown traits, users or none."""
    items = draw(st.integers(3, 25))
    rows = draw(st.lists(st.lists(st.integers(0, items - 1), unique=True, max_size=8), min_size=20, max_size=80))
    rows += [[0, 1, 2]] * 3  # so that something can be held out
    kinds = draw(st.lists(st.sampled_from(["x", "y", None]), min_size=items, max_size=items))
    traits = [mt.Trait.from_values("kind", kinds)] if draw(st.booleans()) else []
    users = np.arange(len(rows)) % 4 if draw(st.booleans()) else None
    return mt.Dataset(
        "any", mt.Catalogue(range(items), traits=traits), mt.Ragged.from_rows(rows), users,
        main_trait="kind" if traits else None,
    )  # fmt: skip


@st.composite
def edge_sets(draw):
    """Any small graph: repeats, both directions, self-loops, weights of 0."""
    items = draw(st.integers(4, 25))
    ends = st.integers(0, items - 1)
    edges = draw(st.lists(st.tuples(ends, ends, st.sampled_from([0.0, 0.5, 1.0, 1.2])), min_size=10, max_size=120))
    edges += [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (0, 3, 1.0), (0, 2, 1.0), (1, 3, 1.0)]
    kinds = draw(st.lists(st.sampled_from(["x", "y", "z", None]), min_size=items, max_size=items))
    source, target, weight = map(np.array, zip(*edges))
    catalogue = mt.Catalogue(range(items), traits=[mt.Trait.from_values("kind", kinds)])
    return mt.Dataset("any", catalogue, edges=mt.Edges(source, target, weight), main_trait="kind")


def try_split(dataset, **options):
    """The split, or None where the set is too small for one; any other mistake is a mistake."""
    try:
        return mt.split(dataset, **options)
    except ValueError as error:
        if "too small" in str(error):
            return None
        raise


@given(basket_sets(), st.integers(0, 3), st.sampled_from([0.0, 0.1, 0.5]))
def test_a_cold_item_never_appears_in_training_baskets(dataset, seed, cold):
    split = try_split(dataset, cold_items=cold, seed=seed)
    if split is None:
        return
    assert not split.cold[split.dataset.baskets.values].any()
    assert not split.counts[split.cold].any()
    assert not (split.graph.degrees.numpy()[split.cold]).any()
    assert not split.cold[~dataset.catalogue.has_traits].any() or not dataset.catalogue.traits
    assert (dataset.popularity[split.cold] >= 5).all()


@given(basket_sets(), st.integers(0, 3))
def test_held_out_pairs_are_of_the_last_baskets_and_training_of_the_others(dataset, seed):
    split = try_split(dataset, cold_items=0.2, seed=seed)
    if split is None:
        return
    rows = [dataset.baskets[r].tolist() for r in range(len(dataset.baskets))]
    first = len(rows) - round(0.1 * len(rows))
    kept = [[item for item in row if not split.cold[item]] for row in rows[:first]]
    assert [split.dataset.baskets[r].tolist() for r in range(len(split.dataset.baskets))] == kept
    late = [row for row in rows[first:] if len(row) > 1]
    assert len(split.pairs) == len(late)
    for (one, other), row in zip(split.pairs.tolist(), late):
        assert one != other
        assert {one, other} <= set(row)
    if dataset.users is not None:
        assert split.dataset.users.tolist() == dataset.users[:first].tolist()


@given(basket_sets(), st.integers(0, 3))
def test_a_negative_of_baskets_keeps_one_end_the_cold_one_if_there_is_one(dataset, seed):
    split = try_split(dataset, cold_items=0.2, seed=seed)
    if split is None:
        return
    one_cold = split.cold[split.pairs].sum(axis=1) == 1
    assert split.cold[split.pairs[one_cold, 0]].all()
    for kind, false in split.negatives.items():
        there = false[:, 0] >= 0
        assert (false[there, 0] == split.pairs[there, 0]).all()
        assert (false[there, 0] != false[there, 1]).all()
        assert (split.counts[false[there, 1]] > 0).all(), kind  # the other end is a seen item
        assert (false[~there] == -1).all()


@given(edge_sets(), st.integers(0, 3), st.sampled_from([0.0, 0.1, 0.4]))
def test_a_cold_item_never_appears_among_training_edges_and_no_held_out_edge_does(dataset, seed, cold):
    split = try_split(dataset, cold_items=cold, seed=seed)
    if split is None:
        return
    edges = split.dataset.edges
    assert not split.cold[edges.source].any()
    assert not split.cold[edges.target].any()
    trained = {frozenset(pair) for pair in zip(edges.source.tolist(), edges.target.tolist())}
    held_out = {frozenset(pair) for pair in split.pairs.tolist()}
    assert not trained & held_out
    source = dataset.edges
    real = (source.weight > 0) & (source.source != source.target)
    every = {frozenset(pair) for pair in zip(source.source[real].tolist(), source.target[real].tolist())}
    assert trained | held_out == every


@given(edge_sets(), st.integers(0, 3))
def test_no_negative_of_a_graph_is_a_true_edge(dataset, seed):
    split = try_split(dataset, cold_items=0.2, seed=seed)
    if split is None:
        return
    source = dataset.edges
    true = {frozenset(pair) for pair in zip(source.source[source.weight > 0], source.target[source.weight > 0])}
    kind_of = dataset.catalogue.traits["kind"].codes[:, 0]
    regions = split.regions()
    for kind, false in split.negatives.items():
        there = false[:, 0] >= 0
        assert not {frozenset(pair) for pair in false[there].tolist()} & true
        assert (false[there, 0] != false[there, 1]).all()
        assert (split.counts[false[there & regions["seen"]]] > 0).all()  # or the missing vector would give it away
        cold = there & regions["cold"]
        assert (false[cold, 0] == split.pairs[cold, 0]).all()
        assert split.cold[false[cold, 0]].all()
        assert (split.counts[false[cold, 1]] > 0).all()
        if kind == "category":
            assert (kind_of[false[there, 1]] == kind_of[split.pairs[there, 1]]).all()
            assert (kind_of[false[there, 1]] > 0).all()  # unknown is no category


@given(basket_sets(), st.integers(0, 3))
def test_regions_are_what_they_say(dataset, seed):
    split = try_split(dataset, cold_items=0.3, seed=seed)
    if split is None:
        return
    regions, trained = split.regions(), set(split.dataset.baskets.take(
        np.flatnonzero(split.dataset.baskets.lengths > 1)).values.tolist())  # fmt: skip
    assert regions["all"].all()
    for row, (one, other) in enumerate(split.pairs.tolist()):
        assert regions["seen"][row] == (one in trained and other in trained)
        assert regions["cold"][row] == (bool(split.cold[one]) and not split.cold[other] and other in trained)


def test_the_last_tenth_in_time_is_held_out(planted_small):
    split = mt.split(planted_small, cold_items=0)
    assert len(split.dataset.baskets) == 2_700
    assert np.array_equal(
        split.dataset.baskets.values, planted_small.baskets.values[: split.dataset.baskets.offsets[-1]]
    )


def test_a_third_of_the_edges_is_held_out(planted_edges):
    split = mt.split(planted_edges, cold_items=0)
    assert len(split.pairs) / len(planted_edges.edges) == pytest.approx(0.33, abs=0.02)
    half = mt.split(planted_edges, cold_items=0, hold_out=0.5)
    assert len(half.pairs) / len(planted_edges.edges) == pytest.approx(0.5, abs=0.02)


def test_a_tenth_of_the_eligible_items_is_cold(planted_small):
    split = mt.split(planted_small, cold_items=0.1)
    eligible = (planted_small.popularity >= 5) & planted_small.catalogue.has_traits
    assert split.cold.sum() == round(0.1 * eligible.sum())
    assert eligible[split.cold].all()
    assert not mt.split(planted_small, cold_items=0).cold.any()


def test_an_edge_listed_in_both_directions_counts_once_for_cold_items():
    """Each of 8 items has 3 neighbours, listed twice: 6 entries, yet fewer than 5 edges."""
    ring = np.arange(8)
    one = np.concatenate([ring, ring, ring[:4]])
    other = np.concatenate([(ring + 1) % 8, (ring - 1) % 8, ring[:4] + 4])
    both = mt.Edges(np.concatenate([one, other]), np.concatenate([other, one]), np.ones(40))
    assert not mt.split(mt.Dataset("ring", mt.Catalogue(range(8)), edges=both), cold_items=0.5).cold.any()


def test_an_item_that_trains_only_alone_is_not_seen():
    """Left to itself, it would be scored by the random vector it started with."""
    rows = [[2], [2], [2], *[[0, 1]] * 33, *[[0, 2]] * 4]
    split = mt.split(mt.Dataset("alone", mt.Catalogue("abc"), mt.Ragged.from_rows(rows)), cold_items=0)
    assert split.counts.tolist() == [33, 33, 0]
    assert not split.regions()["seen"][(split.pairs == 2).any(axis=1)].any()
    model = mt.SGNS(split.catalogue, dim=4)
    mt.fit(model, split.train, device="cpu", progress=False)
    assert not model.embeddings()[2].any()


def test_without_traits_any_item_can_be_cold():
    shop = mt.planted(traits={}, items=100, baskets=500)
    assert mt.split(shop, cold_items=0.2).cold.sum() > 10


def matched(split, observed, weight):
    """Chi-square of drawn items against weights, rare ones pooled."""
    order = np.argsort(-weight)
    groups = np.array_split(order, 20)
    counts = np.bincount(observed, minlength=len(weight))
    expected = np.array([weight[g].sum() for g in groups])
    seen = np.array([counts[g].sum() for g in groups])
    there = expected > 0
    return chisquare(seen[there], seen.sum() * expected[there] / expected.sum()).pvalue


def test_degree_matched_negatives_occur_as_often_as_in_training(planted_small):
    split = mt.split(planted_small, cold_items=0.1, hold_out=0.5)
    drawn = split.negatives["degree"][:, 1]
    assert matched(split, drawn, split.counts) > UNLIKELY
    assert matched(split, drawn, (split.counts > 0).astype(float)) < UNLIKELY


def test_uniform_negatives_are_uniform_over_seen_items(planted_small):
    split = mt.split(planted_small, cold_items=0.1, hold_out=0.5)
    drawn = split.negatives["uniform"][:, 1]
    assert matched(split, drawn, (split.counts > 0).astype(float)) > UNLIKELY
    assert matched(split, drawn, split.counts) < UNLIKELY


def test_degree_matched_negatives_of_a_graph_have_the_ends_of_the_held_out_pairs():
    """On a sparse graph, where leaving out true edges hardly bends the distribution."""
    rng = np.random.default_rng(0)
    weight = np.arange(1, 401) ** -0.4
    ends = rng.choice(400, size=(4_000, 2), p=weight / weight.sum())
    split = mt.split(mt.Dataset("sparse", mt.Catalogue(range(400)), edges=mt.Edges(*ends.T, np.ones(4_000))))
    seen = split.regions()["seen"]
    true = np.bincount(split.pairs[seen].ravel(), minlength=400).astype(float)
    false = np.bincount(split.negatives["degree"][seen].ravel(), minlength=400)
    even = np.bincount(split.negatives["uniform"][seen].ravel(), minlength=400)
    assert np.corrcoef(true, false)[0, 1] > 0.8
    assert abs(np.corrcoef(true, even)[0, 1]) < 0.3
    top = np.argsort(-true)[:40]
    assert false[top].sum() == pytest.approx(true[top].sum(), rel=0.1)


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_category_negatives_share_the_main_trait(which, request):
    dataset = request.getfixturevalue(which)
    split = mt.split(dataset, cold_items=0.1)
    false = split.negatives["category"]
    there = false[:, 0] >= 0
    assert there.mean() > 0.8
    code = dataset.catalogue.traits[dataset.main_trait].codes[:, 0]
    assert (code[false[there, 1]] == code[split.pairs[there, 1]]).all()
    assert (code[false[there]][:, 1] > 0).all()
    assert not (code[split.pairs[there, 1]] == 0).any()


def test_the_category_can_be_any_trait_and_must_be_there(planted_small):
    split = mt.split(planted_small, category="D")
    code = planted_small.catalogue.traits["D"].codes[:, 0]
    there = split.negatives["category"][:, 0] >= 0
    assert (code[split.negatives["category"][there, 1]] == code[split.pairs[there, 1]]).all()
    with pytest.raises(ValueError, match="no trait 'brand'; the catalogue has: A, B, C, D"):
        mt.split(planted_small, category="brand")


def test_a_data_set_without_a_main_trait_has_no_category_negatives():
    shop = mt.planted(traits={}, items=50, baskets=300)
    split = mt.split(shop)
    assert set(split.negatives) == {"uniform", "degree"}
    row = mt.evaluate(mt.SGNS(split.catalogue, dim=4), split)[-1]
    assert row.auc["category"] == {"all": None, "seen": None, "cold": None}


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_the_same_seed_gives_the_same_split_and_another_seed_another(which, request):
    dataset = request.getfixturevalue(which)
    one, same, other = (mt.split(dataset, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.pairs, same.pairs)
    assert all(np.array_equal(one.negatives[kind], same.negatives[kind]) for kind in one.negatives)
    assert not np.array_equal(one.cold, other.cold)


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_a_split_comes_back_from_its_folder_as_it_was(which, request, tmp_path):
    split = mt.split(request.getfixturevalue(which), seed=4)
    split.save(tmp_path / "split")
    back = mt.Split.load(tmp_path / "split")
    assert np.array_equal(back.pairs, split.pairs)
    assert np.array_equal(back.cold, split.cold)
    assert np.array_equal(back.counts, split.counts)
    assert back.negatives.keys() == split.negatives.keys()
    assert all(np.array_equal(back.negatives[kind], split.negatives[kind]) for kind in split.negatives)
    assert (back.seed, back.category, back.dataset.truth) == (4, split.category, split.dataset.truth)
    assert repr(back) == repr(split)
    one, other = (next(iter(s.train.batches(torch.Generator().manual_seed(0), torch.device("cpu"))))
                  for s in (split, back))  # fmt: skip
    assert torch.equal(one.items, other.items)
    for name, trait in split.catalogue.traits.items():
        assert np.array_equal(back.catalogue.traits[name].codes, trait.codes)


def test_the_ids_of_users_stay_with_a_split_but_are_not_handed_out(planted_small, tmp_path):
    ids = np.array([f"customer {number}" for number in range(planted_small.users.max() + 1)], dtype=object)
    split = mt.split(dataclasses.replace(planted_small, user_ids=ids))
    split.save(tmp_path / "split")
    assert mt.Split.load(tmp_path / "split").dataset.user_ids.tolist() == ids.tolist()
    split.save(tmp_path / "handed out", training_only=True)
    assert "customer" not in (tmp_path / "handed out" / "split.json").read_text()


def test_a_folder_without_a_split_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no split"):
        mt.Split.load(tmp_path)


@pytest.mark.parametrize("options", [{"cold_items": 1.0}, {"cold_items": -0.1}, {"hold_out": 1.5}])
def test_a_fraction_must_be_one(options, planted_small):
    with pytest.raises(ValueError, match="must be a fraction"):
        mt.split(planted_small, **options)


@pytest.mark.parametrize("rows", [[[0, 1]] * 3, [[0], [1]] * 40, [[]] * 30])
def test_too_little_to_hold_out_is_told(rows):
    with pytest.raises(ValueError, match="too small"):
        mt.split(mt.Dataset("little", mt.Catalogue("ab"), mt.Ragged.from_rows(rows)))


def test_edges_have_walks_and_no_baskets(planted_edges):
    split = mt.split(planted_edges)
    assert isinstance(split.train, mt.Walks)
    with pytest.raises(ValueError, match=r"split\.walks"):
        split.baskets()


def test_the_pairs_that_factorisation_trains_on_are_the_training_edges(planted_edges):
    split = mt.split(planted_edges)
    pairs = split.edges(weighted=True)
    found = {frozenset(pair) for pair in zip(pairs.first.tolist(), pairs.second.tolist())}
    assert found == {frozenset(pair) for pair in zip(split.dataset.edges.source.tolist(),
                                                     split.dataset.edges.target.tolist())}  # fmt: skip
    assert np.allclose(pairs.value, split.dataset.edges.weight)
    assert (split.edges().value == 1).all()


def test_ratings_become_baskets_of_what_each_user_liked():
    ratings = mt.Ratings(np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40), np.tile([5.0, 4.0, 1.0, 5.0], 40))
    split = mt.split(mt.Dataset("stars", mt.Catalogue("abcd"), ratings=ratings), cold_items=0)
    assert set(split.dataset.baskets.values.tolist()) == {0, 1, 3}
