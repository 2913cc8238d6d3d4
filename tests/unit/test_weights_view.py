"""The view of trait weights: bars of what was learned, and what follows from weights set by hand."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.neighbours import TraitWeights
from mtsgns_lite.views import what_if
from mtsgns_lite.views.view import described
from mtsgns_lite.views.weights import bars_svg, show_trait_weights
from mtsgns_lite.views.what_if import WhatIf

WEIGHTS = TraitWeights(["item", "A", "B"], [0.2, 0.5, 0.3], [0.0, 0.0, 0.0], [0.1, 0.7, 0.2], {"item": 0.2, "A": 0.8})
EARLY = TraitWeights(["item", "A", "B"], [0.4, 0.3, 0.3], [0.0, 0.0, 0.0], [0.9, 0.06, 0.04])
KINDS = ["uniform", "global", "item"]


def history(*probes):
    return mt.History(probes=list(probes))


@pytest.fixture
def dressed(wardrobe, random_weights):
    """A function: options -> a model of the wardrobe with random rows and logits, whose items d and f are unseen."""

    def make(**options):
        model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=4, **options))
        if options.get("weights") == "uniform":
            model.target.logits.weight.zero_()
        model.observe(torch.tensor([9.0, 5, 3, 0, 1, 0]))
        return model

    return make


# What if: the model's own arithmetic.


@pytest.mark.parametrize("weights", KINDS)
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("cold", ["weights", "mean"])
def test_with_the_learned_weights_the_vectors_are_the_models_own(weights, scale, cold, dressed):
    """Over several values per trait, unknown ones, items without traits and items never seen."""
    model = dressed(weights=weights, scale=scale, cold=cold)
    torch.testing.assert_close(WhatIf(model).vectors(), model.embeddings(unseen="traits"))


@pytest.mark.parametrize("scale", [True, False])
def test_weights_by_hand_of_any_sum_are_those_of_a_model_that_learned_them(scale, dressed):
    ask = WhatIf(dressed(weights="global", scale=scale))
    other = dressed(weights="global", scale=scale)
    other.target.logits.weight.copy_(torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log())
    torch.testing.assert_close(ask.vectors([1, 2, 3, 4]), other.embeddings(unseen="traits"))
    torch.testing.assert_close(ask.vectors(ask.learned), ask.vectors())


def test_the_context_side_can_be_asked_too(dressed):
    model = dressed(context_traits=True)
    torch.testing.assert_close(WhatIf(model, which="context").vectors(), model.embeddings("context", unseen="traits"))
    with pytest.raises(ValueError, match="context_traits"):
        WhatIf(dressed(), which="context")


def test_a_weight_of_zero_leaves_a_source_out(dressed):
    model = dressed()
    alone = WhatIf(model).vectors([0, 1, 0, 0])
    red = model.target.values.weight[model.catalogue.traits["colour"].codes[0, 0]]  # the first trait's rows come first
    torch.testing.assert_close(alone[0] / alone[0].norm(), red / red.norm())
    assert not alone[5].any()  # item f has no colour, so nothing is left of it


def test_the_model_is_not_changed(dressed):
    model = dressed(weights="item")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    WhatIf(model).answer("a", [4, 3, 2, 1])
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_training_on_does_not_change_what_is_asked(dressed):
    model = dressed()
    ask = WhatIf(model)
    before = ask.vectors()
    model.target.items.weight.zero_()
    model.target.values.weight.zero_()
    torch.testing.assert_close(ask.vectors(), before)


@pytest.mark.parametrize("weights", [[1, 2], [0, 0, 0, 0], [1, 1, 1, -1], [1, 1, 1, float("nan")], [[1, 1, 1, 1]]])
def test_weights_that_are_none_are_refused(weights, dressed):
    with pytest.raises(ValueError, match="4 weights of 0 or more, not all 0.*item, colour, size, tags"):
        WhatIf(dressed()).vectors(weights)


# What if: the answers.


def test_the_auc_is_that_of_evaluate(trained, planted_split):
    found = mt.evaluate(trained, planted_split, baselines=False)[0].auc["degree"]
    answer = WhatIf(trained, planted_split).answer(0)
    assert answer.auc == pytest.approx({region: found[region] for region in ("seen", "cold")}, abs=1e-6)
    assert WhatIf(trained).answer(0).auc == {}


def test_the_neighbours_are_those_of_mt_neighbours(trained, planted_split):
    cold = int(np.flatnonzero(planted_split.cold)[0])
    for item in (0, cold):
        found, own = WhatIf(trained).answer(item, k=5).near, mt.neighbours(trained, item, k=5)
        assert [near.item for near in found] == [near.item for near in own]
        assert [near.shared for near in found] == [near.shared for near in own]


def test_the_planted_shop_falls_apart_when_its_useless_trait_gets_all_the_weight(trained, planted_split):
    ask = WhatIf(trained, planted_split)
    learned, useless = ask.answer(0), ask.answer(0, [0, 0, 0, 1, 0])
    assert ask.sources[3] == "C"
    assert useless.auc["seen"] < learned.auc["seen"] - 0.05
    assert useless.auc["cold"] < learned.auc["cold"] - 0.05


def test_of_very_many_pairs_some_are_asked(trained, planted_split, monkeypatch):
    monkeypatch.setattr(what_if, "PAIRS", 50)
    pairs = WhatIf(trained, planted_split).pairs
    assert [true.shape for true, _ in pairs.values()] == [(2, 50), (2, 50)]
    every = {tuple(pair) for pair in planted_split.pairs.tolist()}
    assert {tuple(pair) for pair in pairs["seen"][0].T.tolist()} <= every


def test_the_well_known_item_was_bought_most_of_those_with_all_traits(wardrobe):
    model = mt.MultiTraitSGNS(wardrobe, dim=2)
    model.observe(torch.tensor([1.0, 99, 5, 0, 2, 99]))
    assert WhatIf(model).start == 2  # a and c have all traits; b, bought more often, has no size
    model.observe(torch.tensor([0.0, 3, 0, 5, 2, 99]))
    assert WhatIf(model).start == 3  # a and c were never seen; of b, d and e, with two traits each, d most


def test_an_item_of_which_nothing_is_left_is_said(dressed):
    with pytest.raises(ValueError, match="'Green Hat' has no vector with these weights"):
        WhatIf(dressed()).answer("Green Hat", [0, 0, 1, 0])


def test_what_cannot_be_asked_is_said(wardrobe, trained, planted_split, dressed):
    with pytest.raises(ValueError, match="SGNS has no traits"):
        show_trait_weights(mt.SGNS(wardrobe))
    with pytest.raises(ValueError, match="train it first"):
        show_trait_weights(mt.MultiTraitSGNS(wardrobe))
    with pytest.raises(ValueError, match="300 items but the model 6"):
        show_trait_weights(dressed(), split=planted_split)


# The bars.


def test_every_step_has_the_same_scale(trained):
    view = show_trait_weights(trained, history((0, EARLY), (100, WEIGHTS)))
    assert view.longest == 0.9
    assert 'width="480.0"' in view.bars(0)
    assert 'width="480.0"' not in view.bars(1)


def test_bars_escape_names_and_mark_the_planted_share():
    weights = TraitWeights(["item", "<b>&"], [0.5, 0.5], [0, 0], [0.5, 0.5], {"<b>&": 0.3})
    html = bars_svg(weights, "", 0.5)
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "planted share" in html
    assert "planted share" not in bars_svg(EARLY, "", 1.0)


def test_the_planted_truth_is_the_splits_unless_another_is_given(trained, planted_split):
    assert "planted share" not in show_trait_weights(trained).html()
    view = show_trait_weights(trained, history((1, EARLY)), planted_split)
    assert view.weights[0].truth == pytest.approx(planted_split.dataset.truth["shares"])
    assert show_trait_weights(trained, split=planted_split, truth={"A": 1.0}).weights[0].truth == {"A": 1.0}


def test_weights_of_each_item_have_their_spread_and_shared_ones_have_not(dressed):
    view = show_trait_weights(dressed(weights="item"))
    for spread in view.ask.summary.spread:
        assert f"± {spread:.3f}" in view.html()
    assert "spread over items" in view.html()
    assert view.longest >= max(w + s for w, s in zip(view.ask.summary.weight, view.ask.summary.spread))
    assert "±" not in show_trait_weights(dressed()).html()


# The page.


@pytest.fixture
def live():
    """A function: view -> its first panel's picture and slider, its switch, and what "what if" holds once opened."""
    widgets = pytest.importorskip("ipywidgets")

    def open_(view):
        switch = view.widget.children[0]
        switch.value = "what if?"
        left, answer = view.widget.children[1].children
        item, sliders, buttons = left.children
        assert isinstance(item, widgets.Combobox)
        return item, sliders.children, buttons.children, answer

    return open_


def test_the_slider_goes_through_the_recorded_steps(trained):
    pytest.importorskip("ipywidgets")
    view = show_trait_weights(trained, history((0, EARLY), (50, "something else"), (100, WEIGHTS)))
    controls, picture = view.widget.children[1].children
    slider = controls.children[1]
    assert (slider.value, slider.max) == (1, 1)  # it opens on the last
    assert "0.700" in picture.value
    slider.value = 0
    assert "step 0 of 100" in picture.value
    assert "0.900" in picture.value


def test_a_slider_answers_with_auc_and_neighbours_and_as_learned_brings_all_back(trained, planted_split, live):
    item, sliders, (learned, equal), answer = live(show_trait_weights(trained, split=planted_split))
    at_first = answer.value
    assert "The weights are as learned" in at_first
    sliders[3].value = 1.0
    assert "All items have the weights item" in answer.value
    assert "are new, in bold" in answer.value
    given = dict(zip(("item", "A", "B", "C", "D"), (slider.value for slider in sliders)))
    assert f"C {1 / sum(given.values()):.2f}" in answer.value
    equal.click()
    assert "item 0.20, A 0.20, B 0.20, C 0.20, D 0.20" in answer.value
    learned.click()
    assert answer.value == at_first
    assert [slider.value for slider in sliders] == pytest.approx(mt.trait_weights(trained).weight, abs=0.0051)
    sliders[0].value += 0.001  # as a page does that rounds what it was given
    assert answer.value == at_first


def test_another_item_can_be_asked_and_one_that_is_not_there_is_said(trained, live):
    item, sliders, _, answer = live(show_trait_weights(trained))
    item.value = "item 0007"
    assert "Nearest to item 0007" in answer.value
    item.value = "<script>"
    assert "No item is called" in answer.value
    assert "<script>" not in answer.value
    for slider in sliders:
        slider.value = 0.0
    item.value = "item 0007"
    assert "not all 0" in answer.value


def test_weights_of_each_item_are_told_from_the_one_set_that_the_sliders_give(dressed, live):
    _, sliders, _, answer = live(show_trait_weights(dressed(weights="item")))
    assert "Every item has its own; the sliders show their mean" in answer.value
    sliders[0].value = 0.9
    assert "All items have the weights" in answer.value


def test_static_pages_get_the_final_bars_and_equal_weights(trained, planted_split):
    forms = show_trait_weights(trained, history((0, EARLY), (100, WEIGHTS)), planted_split)._repr_mimebundle_()
    assert "step 100 of 100" in forms["text/html"]
    assert "0.700" in forms["text/html"]
    assert "with equal weights" in forms["text/html"]
    assert "cold held-out pairs" in forms["text/html"]
    assert "0.700" in forms["text/plain"]


def test_without_ipywidgets_the_final_bars_are_shown(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    view = show_trait_weights(trained)
    assert view.widget is None
    forms = view._repr_mimebundle_()
    assert set(forms) == {"text/html", "text/plain"}
    assert "as learned" in forms["text/html"]


def test_hostile_names_stay_text(quiet_fit):
    catalogue = mt.Catalogue("abc", ["<script>alert(1)</script>", '"><img src=x>', "c"])
    catalogue = catalogue.with_trait("<i>'\"&", ["<u>", "<u>", None])
    model = mt.MultiTraitSGNS(catalogue, dim=2)
    quiet_fit(model, mt.Baskets(mt.Ragged.from_rows([[0, 1, 2]] * 20), 3), epochs=1)
    html = show_trait_weights(model).html()
    assert "<script>" not in html
    assert "<img" not in html
    assert "<i>" not in html


def test_what_was_learned_is_the_model_as_it_is_even_where_the_last_probe_came_before_the_end(trained):
    early = TraitWeights(["item", "A", "B", "C", "D"], [0.2] * 5, [0.0] * 5, [0.2] * 5)
    history = mt.History(steps=12, probes=[(0, early), (10, early)])
    view = mt.show_trait_weights(trained, history)
    assert view.steps == [0, 10, 12]
    assert view.weights[-1].weight == mt.trait_weights(trained).weight


def test_the_history_of_the_target_side_is_not_taken_for_the_context_s(planted_split, quiet_fit):
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8, context_traits=True)
    history = quiet_fit(model, planted_split.train, probe=mt.trait_weights)
    view = mt.show_trait_weights(model, history, which="context")
    assert view.weights[-1].weight == mt.trait_weights(model, "context").weight


def test_ipywidgets_7_takes_a_description_for_html(trained):
    old, new = SimpleNamespace(__version__="7.7.1"), SimpleNamespace(__version__="8.1.9")
    assert described(old, "<b>") == "&lt;b&gt;"
    assert described(new, "<b>") == "<b>"


def test_the_views_can_be_found_before_they_are_loaded():
    assert {"explore", "show_trait_weights", "cold_item", "sgns_stepper"} <= set(dir(mt))
