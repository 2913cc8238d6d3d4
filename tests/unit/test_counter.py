"""The cold-start counter: what a model makes of the traits of a product that nobody has bought."""

import sys

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.views import projection
from mtsgns_lite.views.counter import cold_item
from mtsgns_lite.views.newcomer import Newcomer


@pytest.fixture
def dressed(wardrobe, random_weights):
    """A function: options -> a model of the wardrobe with random rows and logits, whose items d, e and f are unseen."""

    def make(**options):
        model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=4, **options)).float()
        if options.get("weights") == "uniform":
            model.target.logits.weight.zero_()
        if options.get("weights") == "item":
            model.target.logits.weight[3:] = 0  # as training leaves those of items it never sees
        model.observe(torch.tensor([9.0, 5, 3, 0, 0, 0]))
        return model

    return make


# The vector.


@pytest.mark.parametrize("weights", ["uniform", "global", "item"])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("cold", ["weights", "mean"])
def test_the_traits_of_a_cold_item_give_its_vector(weights, scale, cold, dressed):
    """Over several values per trait and unknown ones; item f has no trait, and so no vector."""
    model = dressed(weights=weights, scale=scale, cold=cold)
    newcomer = Newcomer(model)
    for item in (3, 4, 5):
        vector = newcomer.vector(newcomer.values_of(item))
        torch.testing.assert_close(vector, model.cold_embeddings(torch.tensor([item]))[0])
    assert not vector.any()


@pytest.mark.parametrize("weights", ["global", "item"])
def test_so_do_those_of_a_cold_item_of_a_trained_model(weights, planted_split, trained, quiet_fit):
    model = trained
    if weights == "item":
        model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8, weights="item")
        quiet_fit(model, planted_split.train)
    newcomer = Newcomer(model)
    own = model.cold_embeddings(torch.arange(len(model.catalogue)))
    for item in np.flatnonzero(planted_split.cold)[:10]:
        torch.testing.assert_close(newcomer.vector(newcomer.values_of(int(item))), own[item])


def test_weights_are_the_learned_ones_over_what_is_known(dressed):
    model = dressed()
    model.target.logits.weight.copy_(torch.tensor([[9.0, 1.0, 2.0, 3.0]]))
    weights = Newcomer(model).weights({"colour": "red", "tags": ["sale", "new"], "size": "unknown"})
    assert weights["size"] == 0
    assert weights["tags"] / weights["colour"] == pytest.approx(np.exp(2))
    assert sum(weights.values()) == pytest.approx(1)
    equal = Newcomer(dressed(weights="item")).weights({"colour": "red", "tags": ["sale"]})
    assert equal == pytest.approx({"colour": 0.5, "size": 0, "tags": 0.5})


def test_the_context_side_can_be_asked_too(dressed):
    model = dressed(context_traits=True)
    newcomer = Newcomer(model, which="context")
    vector = newcomer.vector(newcomer.values_of("d"))
    torch.testing.assert_close(vector, model.cold_embeddings(torch.tensor([3]), "context")[0])


@pytest.mark.parametrize(("values", "said"), [
    ({"color": "red"}, "no trait 'color'; the model has: colour, size, tags"),
    ({"colour": "rde"}, "No item has the colour 'rde'. Did you mean 'red'"),
    ({"colour": ["red", "blue"]}, "at most 1 of the trait 'colour', not 2"),
])  # fmt: skip
def test_what_is_not_there_is_said(values, said, dressed):
    with pytest.raises(ValueError, match=said):
        cold_item(dressed(), values=values)


def test_models_that_cannot_be_asked_are_said(wardrobe, dressed):
    with pytest.raises(ValueError, match="SGNS makes no vectors of new items"):
        cold_item(mt.SGNS(wardrobe))
    with pytest.raises(ValueError, match="train it first"):
        cold_item(mt.MultiTraitSGNS(wardrobe))
    with pytest.raises(ValueError, match="pca, tsne, umap"):
        cold_item(dressed(), method="lda")
    with pytest.raises(ValueError, match="context_traits"):
        cold_item(dressed(), which="context")


# Neighbours and place.


def test_the_neighbours_of_a_cold_items_traits_are_its_own(trained, planted_split):
    item = int(np.flatnonzero(planted_split.cold & planted_split.catalogue.has_traits)[0])
    newcomer = Newcomer(trained)
    found, own = newcomer.neighbours(newcomer.values_of(item), 5), mt.neighbours(trained, item, k=5)
    assert [near.item for near in found] == [near.item for near in own]
    assert [near.shared for near in found] == [near.shared for near in own]
    assert [near.similarity for near in found] == pytest.approx([near.similarity for near in own])


def test_neighbours_share_only_what_was_chosen(trained):
    newcomer = Newcomer(trained)
    values = newcomer.values_of(0)
    some = {name: values[name] for name in list(values)[:1]}
    assert {trait for near in newcomer.neighbours(some, 20) for trait in near.shared} == set(some)


def test_a_cold_item_lands_on_its_own_place_of_the_map(trained, planted_split):
    newcomer = Newcomer(trained, method="pca", most=100)  # whose plane is not that of all items
    places = newcomer.space.places("target", "pca")
    cold = [place for place, item in enumerate(newcomer.space.items) if planted_split.cold[item]]
    assert cold
    for place in cold:
        found = newcomer.place(newcomer.values_of(int(newcomer.space.items[place])))
        np.testing.assert_allclose(found, places[place], atol=1e-5)


def test_on_a_map_without_a_plane_it_lands_among_its_neighbours(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(projection, "cache_folder", lambda: tmp_path)
    newcomer = Newcomer(trained, method="tsne")
    rows, places = newcomer._mapped
    distances, random = [], []
    for place, item in enumerate(newcomer.space.items[:60]):
        there = torch.tensor(newcomer.place(newcomer.values_of(int(item))))
        near = newcomer.neighbours(newcomer.values_of(int(item)), 5)
        where = {int(i): p for p, i in enumerate(newcomer.space.items)}
        middle = torch.stack([places[where[n.item]] for n in near]).median(dim=0).values
        distances.append(float((there - middle).norm()))
        random.append(float((there - places[(place * 7) % len(places)]).norm()))
    assert np.median(distances) < 0.35 * np.median(random)


def test_its_place_is_drawn_by_the_nearest_item_most(trained):
    newcomer = Newcomer(trained, method="tsne")
    unit = torch.nn.functional.normalize(newcomer.vector({"A": "A07"}), dim=0)
    other = torch.nn.functional.normalize(torch.randn(16, generator=torch.Generator().manual_seed(0)), dim=0)
    rows = torch.stack([unit, *[other] * 11])
    newcomer.__dict__["_mapped"] = rows, torch.tensor([[10.0, 4.0], *[[0.0, 0.0]] * 11])
    assert newcomer.place({"A": "A07"}) == pytest.approx((10, 4), abs=1e-3)


def test_nothing_known_is_no_vector_no_neighbours_no_place(dressed):
    for method in ("pca", "tsne"):
        newcomer = Newcomer(dressed(), method=method)
        for values in ({}, {"colour": "unknown", "size": None, "tags": []}):
            assert not newcomer.vector(values).any()
            assert newcomer.neighbours(values) == []
            assert newcomer.place(values) is None


def test_without_traits_there_is_the_most_bought(dressed):
    assert Newcomer(dressed()).popular(5) == [("Red Shirt", 9), ("Red Sock", 5), ("Blue Shirt", 3)]


# The page.


@pytest.fixture
def live():
    """A function: view -> its menus by trait, the item to take traits from, the buttons, the sentence and the lists."""
    pytest.importorskip("ipywidgets")

    def open_(view):
        if len(view.widget.children) == 3:  # with a map
            (left, _), said, out = view.widget.children[0].children, *view.widget.children[1:]
        else:
            left, right = view.widget.children
            said, out = right.children
        like, column, buttons, _ = left.children
        return dict(zip(view.newcomer.traits, column.children)), like, buttons.children, said, out

    return open_


@pytest.fixture(params=["with a map", "without"])
def map_or_none(request, monkeypatch):
    """Both where anywidget is installed and where it is not."""
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "mtsgns_lite.views.map", None)
    else:
        pytest.importorskip("anywidget")
    return request.param


def test_menus_answer_and_unknown_is_a_choice(trained, live, map_or_none):
    view = cold_item(trained)
    menus, _, (clear, begin), said, out = live(view)
    first = said.value
    assert "the new product is nearest to" in first
    assert "without traits: the most frequent" in out.value
    clear.click()
    assert "Nothing is known of the new product" in said.value
    assert [menu.value for menu in menus.values()] == [0, 0, 0, 0]
    assert menus["A"].options[0] == ("unknown", 0)
    menus["A"].value = dict(menus["A"].options)["A07"]
    near = Newcomer(trained).neighbours({"A": "A07"}, 1)[0]
    assert "A = A07" in said.value
    assert near.name in said.value
    begin.click()
    assert said.value == first


def test_the_traits_of_an_item_can_be_taken_over(dressed, live, map_or_none):
    view = cold_item(dressed())
    menus, like, _, said, _ = live(view)
    like.value = "Green Hat"
    tags = dressed().catalogue.traits["tags"]
    assert sorted(tags.values[code] for code in menus["tags"].value) == ["last", "new", "sale"]
    assert view.values["size"] == ["unknown"]
    assert "colour = green" in said.value
    like.value = "Purple Cloak"
    assert "No item is called" in said.value
    menus["size"].value = 1  # an error before does not end it
    assert "size = S" in said.value


def test_the_map_marks_the_place_and_a_click_takes_traits_over(trained, live):
    pytest.importorskip("anywidget")
    view = cold_item(trained)
    menus, _, (clear, _), _, _ = live(view)
    shown = view.widget.children[0].children[1]
    assert shown.star == pytest.approx(view.newcomer.place(view.values))
    near = view.newcomer.neighbours(view.values, 6)
    assert [int(view.newcomer.space.items[place]) for place in shown.lit] == [item.item for item in near]
    clear.click()
    assert shown.star == []
    shown.clicked = {"item": 3, "count": 1}
    chosen = {name: [text for text in texts if text != "unknown"] for name, texts in view.values.items()}
    item = int(view.newcomer.space.items[3])
    assert {name: texts for name, texts in chosen.items() if texts} == view.newcomer.values_of(item)


def test_it_begins_with_the_more_telling_half_of_a_well_known_items_traits(trained):
    view = cold_item(trained)
    weights = mt.trait_weights(trained)
    order = sorted(weights.sources[1:], key=lambda name: -weights.share[weights.sources.index(name)])
    assert set(view.values) == set(order[:2])
    every = view.newcomer.values_of(view.newcomer.example)
    assert view.values == {name: every[name] for name in view.values}


def test_without_a_map_it_is_said_how_to_get_one(trained, monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setitem(sys.modules, "mtsgns_lite.views.map", None)
    left, _ = cold_item(trained).widget.children
    assert "pip install anywidget" in left.children[-1].value


def test_without_ipywidgets_there_are_the_recipe_and_both_lists(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    forms = cold_item(trained, values={"A": "A07"})._repr_mimebundle_()
    assert set(forms) == {"text/html", "text/plain"}
    for words in ("A: A07", "B: unknown", "with its traits", "without traits: the most frequent", "a tie"):
        assert words in forms["text/html"]
    assert "A = A07" in forms["text/plain"]


def test_values_that_no_bought_item_has_are_said():
    catalogue = mt.Catalogue("abc").with_trait("t", ["x", "x", "new"])
    model = mt.MultiTraitSGNS(catalogue, dim=2)
    mt.fit(model, mt.Baskets(mt.Ragged.from_rows([[0, 1]] * 20), 3), device="cpu", progress=False)
    view = cold_item(model, values={"t": "new"})
    assert "no item that was bought has these values" in view.said()
    assert "No vector, no neighbours" in view.html()


def test_hostile_names_stay_text(map_or_none):
    catalogue = mt.Catalogue("abc", ["<script>alert(1)</script>", '"><img src=x>', "c"])
    catalogue = catalogue.with_trait("<i>'\"&", ["<u>", "<u>", None])
    model = mt.MultiTraitSGNS(catalogue, dim=2)
    mt.fit(model, mt.Baskets(mt.Ragged.from_rows([[0, 1, 2]] * 20), 3), device="cpu", progress=False)
    view = cold_item(model)
    html = view.html()
    if view.widget is not None:
        html += view.widget.children[-1].value if map_or_none == "with a map" else ""
    for tag in ("<script>", "<img", "<i>", "<u>"):
        assert tag not in html
