"""The planted shop is as it says, and what was planted is found again."""

import numpy as np
import pytest

import mtsgns_lite as mt


def test_the_truth_is_handed_back():
    assert mt.planted(items=50, baskets=20).truth["shares"] == pytest.approx(
        {"item": 0.2, "A": 0.44, "B": 0.24, "C": 0.0, "D": 0.12}
    )
    own = mt.load("planted", traits={"x": 0.5, "y": 0.0}, items=50, baskets=20)
    assert own.truth["shares"] == {"item": 0.5, "x": 0.5, "y": 0.0}
    assert list(own.catalogue.traits) == ["x", "y"]
    assert own.main_trait == "x"


def test_sizes_and_cardinalities_are_those_asked_for():
    shop = mt.planted({"x": 0.3, "y": 0.3}, {"x": 7}, items=400, baskets=50, missing=0.0)
    assert shop.sizes()["items"] == 400
    assert len(shop.baskets) == 50
    assert [values for _, values, _, _ in shop.catalogue.describe()] == [7, 20]


def test_the_missing_fraction_is_missing():
    shop = mt.planted(items=2_000, baskets=10, missing=0.3)
    for _, _, fill, _ in shop.catalogue.describe():
        assert fill == pytest.approx(0.7, abs=0.04)
    assert all(trait.fill_rate == 1 for trait in mt.planted(items=50, baskets=10, missing=0).catalogue.traits.values())


def test_baskets_have_the_length_asked_for_and_no_item_twice():
    shop = mt.planted(items=300, baskets=2_000, basket_length=5.0)
    assert shop.baskets.lengths.mean() == pytest.approx(5, abs=0.15)
    assert shop.baskets.lengths.min() >= 1
    assert all(len(set(shop.baskets[r].tolist())) == len(shop.baskets[r]) for r in range(200))


def test_popularity_falls_as_steeply_as_asked():
    def top(skew):
        counts = mt.planted(items=400, baskets=2_000, skew=skew, strength=0.0).popularity
        assert (np.diff(counts) <= 0).all()  # most bought first
        return counts[:40].sum() / counts.sum()

    assert top(0.0) < top(0.8) < top(1.2)
    assert top(0.0) == pytest.approx(0.12, abs=0.02)  # a tenth of the items, and the noise that sorting picks out


def test_the_same_seed_gives_the_same_shop_and_another_seed_another():
    one, same, other = (mt.planted(items=80, baskets=60, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.baskets.values, same.baskets.values)
    assert all(np.array_equal(one.catalogue.traits[t].codes, same.catalogue.traits[t].codes) for t in "ABCD")
    assert not np.array_equal(one.baskets.values, other.baskets.values)


def lift(shop, trait):
    """How much more often two items of a basket share the value than two bought at random do."""
    code = shop.catalogue.traits[trait].codes[:, 0]
    first, second = [], []
    for r in range(len(shop.baskets)):
        row = shop.baskets[r]
        first += row[:-1].tolist()
        second += row[1:].tolist()
    first, second = np.array(first), np.array(second)
    known = (code[first] > 0) & (code[second] > 0)
    share = np.bincount(code[shop.baskets.values])[1:] / (code[shop.baskets.values] > 0).sum()
    return (code[first] == code[second])[known].mean() / (share**2).sum()


@pytest.mark.parametrize("context_side", [False, True])
def test_items_of_a_basket_share_the_planted_traits_and_not_the_empty_one(context_side):
    shop = mt.planted({"A": 0.6, "C": 0.0}, {"A": 10, "C": 10}, items=300, baskets=3_000, context_side=context_side)
    assert lift(shop, "C") == pytest.approx(1, abs=0.05)
    assert lift(shop, "A") > 1.3


def test_shares_that_make_no_sense_are_refused():
    for shares in ({"A": 0.8, "B": 0.4}, {"A": -0.1}):
        with pytest.raises(ValueError, match="at most 1"):
            mt.planted(shares)
    with pytest.raises(ValueError, match="at least two items"):
        mt.planted(items=1)


def test_traits_planted_with_no_weight_get_none(trained, planted_small):
    found = mt.trait_weights(trained, truth=planted_small.truth["shares"])
    share = dict(zip(found.sources, found.share))
    assert share["C"] < 0.03
    assert share["C"] < share["D"] < share["B"] < share["A"]


def test_the_raw_weight_is_largest_for_the_strongest_trait_and_least_for_the_one_without_importance(trained):
    found = mt.trait_weights(trained)
    weight = dict(zip(found.sources, found.weight))
    assert max("ABCD", key=weight.get) == "A"
    assert min("ABCD", key=weight.get) == "C"
