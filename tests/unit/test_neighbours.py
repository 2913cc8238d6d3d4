"""Neighbours, recommendations, and what the trait weights say."""

import numpy as np
import pytest
import torch

import mtsgns_lite as mt


@pytest.fixture
def placed():
    """Vectors given by hand: a and b point the same way, c nearly, d the other way; e was never seen."""
    catalogue = mt.Catalogue("abcde", ["Apple", "Banana", "Cherry", "Date", "Elder"]).with_trait(
        "colour", ["red|green", "yellow", "red", "brown", "red"], "|"
    )
    model = mt.SGNS(catalogue, dim=2)
    model.target.weight.copy_(torch.tensor([[1.0, 0], [5, 0], [1, 0.5], [-2, 0.1], [1, 0]]))
    model.observe(torch.tensor([9.0, 5, 3, 1, 0]))
    return model


def test_neighbours_are_ordered_by_cosine_and_length_does_not_matter(placed):
    found = mt.neighbours(placed, "Apple")
    assert [n.name for n in found] == ["Banana", "Cherry", "Date"]
    assert found[0].similarity == pytest.approx(1)
    assert found[1].similarity == pytest.approx(1 / 1.25**0.5)
    assert found[2].similarity < 0


def test_an_item_is_not_its_own_neighbour_and_the_unseen_come_only_when_asked_for(placed):
    assert "Elder" not in [n.name for n in mt.neighbours(placed, "a")]
    everyone = mt.neighbours(placed, "a", others="all")
    assert len(everyone) == 4
    assert [n.name for n in everyone if not n.seen] == ["Elder"]
    assert "(never bought)" in repr(everyone)
    assert len(mt.neighbours(placed, "a", k=2)) == 2


def test_a_neighbour_says_what_it_shares(placed):
    shared = {n.name: n.shared for n in mt.neighbours(placed, "a")}
    assert shared["Cherry"] == {"colour": "red"}
    assert shared["Banana"] == {}


def test_unknown_is_nothing_to_share():
    catalogue = mt.Catalogue("abc").with_trait("t", [None, None, "x"])
    model = mt.SGNS(catalogue, dim=2)
    model.observe(torch.ones(3))
    model.target.weight.fill_(1.0)
    assert all(n.shared == {} for n in mt.neighbours(model, "a"))


def test_an_item_without_a_vector_has_no_neighbours(placed):
    with pytest.raises(ValueError, match="'Elder' was never seen"):
        mt.neighbours(placed, "Elder")


def test_an_unknown_item_is_told_with_the_nearest(placed):
    with pytest.raises(KeyError, match="Did you mean 'Banana'"):
        mt.neighbours(placed, "Bananna")


def test_recommendations_are_near_the_basket_and_not_in_it(placed):
    assert [n.name for n in mt.recommend(placed, ["Apple", "c"], k=5)] == ["Banana", "Date"]
    with pytest.raises(ValueError, match="basket is empty"):
        mt.recommend(placed, [])
    with pytest.raises(KeyError, match="Cherry"):
        mt.recommend(placed, ["Chery"])


def test_a_basket_of_items_without_vectors_has_no_recommendations(placed):
    with pytest.raises(ValueError, match="vector"):
        mt.recommend(placed, ["Elder"])


def test_a_cold_item_lands_among_items_of_its_traits(trained, planted_split):
    trait = planted_split.catalogue.traits["A"].codes[:, 0]
    share = []
    for item in np.flatnonzero(planted_split.cold & (trait > 0)):
        found = [n.item for n in mt.neighbours(trained, int(item), k=5)]
        share.append(np.mean(trait[found] == trait[item]))
    by_chance = (np.bincount(trait[trait > 0]) / len(trait)).max()
    assert np.mean(share) > 3 * by_chance


# --- weights --------------------------------------------------------------------------------------------------------


def test_weights_and_shares_add_up_to_one(trained):
    found = mt.trait_weights(trained, truth={"item": 0.2})
    assert found.sources == ["item", "A", "B", "C", "D"]
    assert sum(found.weight) == pytest.approx(1, abs=1e-5)
    assert sum(found.share) == pytest.approx(1, abs=1e-5)
    assert found.truth == {"item": 0.2}
    assert "planted" in repr(found)


def test_the_share_is_its_formula_over_the_seen_items(trained):
    parts = trained.contributions("target")[trained.seen].double().numpy()
    whole = parts.sum(axis=1)
    parts, whole = parts - parts.mean(axis=0), whole - whole.mean(axis=0)
    expected = [(parts[:, s] * whole).sum() / (whole**2).sum() for s in range(5)]
    assert np.allclose(mt.trait_weights(trained).share, expected, atol=1e-5)


def test_a_trait_that_is_the_same_for_all_has_no_share(wardrobe, random_weights):
    same = wardrobe.select("colour").with_trait("constant", ["x"] * 6)
    model = random_weights(mt.MultiTraitSGNS(same.take(np.arange(5)), dim=3))
    model.observe(torch.ones(5))
    model.target.logits.weight.zero_()
    assert mt.trait_weights(model).weight[2] == pytest.approx(1 / 3)  # a weight is not an importance
    assert mt.trait_weights(model).share[2] == pytest.approx(0, abs=1e-9)


def test_weights_of_a_side_without_traits_are_refused(trained, planted_split):
    with pytest.raises(ValueError, match="context_traits"):
        mt.trait_weights(trained, "context")
    with pytest.raises(ValueError, match="use MultiTraitSGNS"):
        mt.trait_weights(mt.SGNS(planted_split.catalogue, dim=2))


def test_weights_of_an_untrained_model_are_refused(wardrobe):
    with pytest.raises(ValueError, match="train"):
        mt.trait_weights(mt.MultiTraitSGNS(wardrobe, dim=2))


def test_items_without_traits_do_not_weigh_for_the_item(wardrobe):
    """On a graph most items may be without any; their own row, which is all they have, says nothing of the weights."""
    model = mt.MultiTraitSGNS(wardrobe, dim=2)
    model.observe(torch.ones(6))
    with_all = mt.trait_weights(model).weight
    model.observe(torch.tensor([1.0, 1, 1, 1, 1, 0]))  # the one without traits was not seen
    assert mt.trait_weights(model).weight == pytest.approx(with_all)


def test_before_the_first_step_shares_are_numbers(wardrobe):
    """All context rows start at 0: nothing has a share, and nothing is divided by it."""
    model = mt.MultiTraitSGNS(wardrobe, dim=2, context_traits=True)
    model.observe(torch.ones(6))
    assert mt.trait_weights(model, "context").share == [0.0] * 4
