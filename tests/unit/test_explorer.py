"""The explorer's answers are those of the library, its map holds what it was given, and it degrades with grace."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.views import display, projection, style
from mtsgns_lite.views.itemspace import ItemSpace
from mtsgns_lite.views.map import ItemMap
from mtsgns_lite.views.panel import about_item
from mtsgns_lite.views.view import WIDGET_MIME


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(projection, "cache_folder", lambda: tmp_path / "projections")


@pytest.fixture
def space(trained) -> ItemSpace:
    return ItemSpace(trained)


@pytest.fixture
def history(trained) -> SimpleNamespace:
    """Three snapshots on the way from nothing to the trained model."""
    last = trained.embeddings().cpu()
    noise = torch.randn(last.shape, generator=torch.Generator().manual_seed(0))
    return SimpleNamespace(
        snapshots=[(step, (t * last + (1 - t) * noise).half()) for step, t in enumerate((0, 0.5, 1))]
    )


# What the map asks of a model.


def test_the_map_holds_every_item_with_a_vector_the_most_used_first(space, trained):
    used = space.counts[space.items]
    assert set(space.items) == set(np.flatnonzero(trained.embeddings().any(dim=1).numpy()))
    assert (np.diff(used[used > 0]) <= 0).all()
    assert used[-1] == 0
    assert (used == 0).sum() == 30  # the cold items, which have a vector of their traits


def test_a_large_catalogue_is_cut_to_its_most_used_items_and_a_tenth_that_is_unseen(trained):
    space = ItemSpace(trained, most=100)
    assert len(space.items) == 100
    assert (space.counts[space.items] == 0).sum() == 10
    least = space.counts[space.items][:90].min()
    assert (space.counts > least).sum() <= 90


def test_skip_gram_has_no_place_for_an_item_it_never_saw(planted_split, quiet_fit):
    model = mt.SGNS(planted_split.catalogue, dim=8)
    quiet_fit(model, planted_split.train)
    assert (model.counts.numpy()[ItemSpace(model).items] > 0).all()


def test_items_without_a_vector_on_a_side_are_nowhere_on_its_map(space):
    """The plain context side of a trait model knows nothing of cold items."""
    points = space.places("context")
    nowhere = np.isnan(points).any(axis=1)
    np.testing.assert_array_equal(nowhere, space.counts[space.items] == 0)
    assert np.isfinite(space.places("target")).all()


def test_neighbours_are_those_of_the_library(space, trained):
    for place in (0, 7, len(space.items) - 1):
        near = space.around(place, k=5)
        assert [n.item for n in near] == [n.item for n in mt.neighbours(trained, int(space.items[place]), k=5)]
        assert space.items[space.places_of(n.item for n in near)].tolist() == [n.item for n in near]


def test_neighbours_of_a_snapshot_are_those_of_its_vectors(trained, history):
    space = ItemSpace(trained, history)
    rows = torch.nn.functional.normalize(history.snapshots[0][1].float(), dim=1)
    item = int(space.items[3])
    scores = rows @ rows[item]
    scores[item] = scores[~trained.seen] = -9
    assert space.around(3, snapshot=0)[0].item == int(scores.argmax())


@pytest.mark.parametrize("weights", ["global", "item"])
def test_what_an_item_is_made_of_adds_up_and_a_new_one_has_no_own_part(planted_split, quiet_fit, weights):
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8, weights=weights)
    quiet_fit(model, planted_split.train)
    space = ItemSpace(model)
    old, new = space.own(0), space.own(len(space.items) - 1)
    for own in (old, new):
        assert sum(own.weights) == pytest.approx(1, abs=1e-5)
        assert sum(own.parts) == pytest.approx(1, abs=1e-4)
    assert old.weights[0] > 0
    assert new.weights[0] == new.parts[0] == 0


def test_the_plain_mean_of_a_new_item_is_what_is_shown(planted_split, quiet_fit):
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8, cold="mean")
    quiet_fit(model, planted_split.train)
    own = ItemSpace(model).own(-1)
    assert {weight for weight in own.weights if weight} == {max(own.weights)}


def test_a_model_without_traits_says_nothing_of_weights(planted_split, quiet_fit):
    model = mt.SGNS(planted_split.catalogue, dim=8)
    quiet_fit(model, planted_split.train)
    assert ItemSpace(model).own(0) is None


def test_lift_is_how_much_more_often_a_selection_carries_a_value(space, trained):
    chosen = list(range(0, 120))
    for common in space.in_common(chosen, k=20):
        trait = trained.catalogue.traits[common.trait]
        carries = np.array([common.value in trait.text(item).split(" | ") for item in space.items])
        known = trait.known[space.items]
        inside = carries[chosen].sum()
        assert common.count == inside
        assert common.lift == pytest.approx(inside / known[chosen].sum() / (carries.sum() / known.sum()))


def test_what_many_share_and_few_others_have_comes_first(space):
    found = space.in_common(range(90), k=50)
    told = [c.count * np.log(c.lift) for c in found]
    assert len(found) > 2
    assert told == sorted(told, reverse=True)


def test_a_selection_by_a_value_names_that_value_first(space, trained):
    trait = trained.catalogue.traits["A"]
    value = trait.values[1]
    chosen = [place for place, item in enumerate(space.items) if trait.text(item) == value]
    first = space.in_common(chosen)[0]
    assert (first.trait, first.value, first.count) == ("A", value, len(chosen))


@pytest.mark.parametrize("chosen", [[], [4]])
def test_few_items_have_nothing_in_common(space, chosen):
    assert space.in_common(chosen) == []


def test_several_values_of_a_trait_are_counted_apart(wardrobe):
    model = mt.MultiTraitSGNS(wardrobe, dim=4)
    model.observe(torch.ones(6))
    space = ItemSpace(model)
    places = [list(space.items).index(item) for item in (0, 1)]  # tagged new|sale and sale
    found = {(c.trait, c.value): c for c in space.in_common(places)}
    assert found["tags", "sale"].count == 2
    assert found["tags", "sale"].lift == pytest.approx(1 / (3 / 4))


def test_popularity_bands_hold_the_items_of_their_range(space):
    values, order, colours = space.colour("popularity")
    assert set(values) == set(order)
    assert len(order) == len(colours) == len(set(colours))
    counts = space.counts[space.items]
    ends = [[counts[i] for i, value in enumerate(values) if value == band] for band in order]
    assert max(ends[0]) == 0
    assert max(ends[1]) == int(order[1].split()[-1])  # "up to 12" includes the 12
    for low, high in zip(ends, ends[1:]):
        assert max(low) < min(high)


def test_snapshots_lie_on_the_plane_of_the_last_one(trained, history):
    space = ItemSpace(trained, history)
    space.places_then(0)  # asked first, so that it could be taken for the plane
    rows = torch.nn.functional.normalize(history.snapshots[-1][1][space.items].float(), dim=1)
    np.testing.assert_allclose(space.places_then(-1), projection.pca(rows), atol=1e-5)
    early = torch.nn.functional.normalize(history.snapshots[0][1][space.items].float(), dim=1)
    plane = projection.Plane.of(rows)
    np.testing.assert_allclose(space.places_then(0), (early - rows.mean(0)) @ plane.directions.float(), atol=1e-5)


def test_an_item_that_had_no_vector_yet_was_nowhere(trained, history):
    step, vectors = history.snapshots[0]
    vectors[:7] = 0
    space = ItemSpace(trained, history)
    np.testing.assert_array_equal(np.isnan(space.places_then(0)).any(axis=1), space.items < 7)
    assert space.around(space.places_of([3])[0], snapshot=0) == []


def test_the_history_of_another_model_is_refused(trained):
    with pytest.raises(ValueError, match="other items"):
        mt.explore(trained, SimpleNamespace(snapshots=[(0, torch.zeros(5, 16))]))


# The map widget, without a browser.


def colours_of(made: ItemMap) -> list[str]:
    """The label that the legend gives each item."""
    return [made.legend[made.slots[code]]["label"] for code in np.frombuffer(made.code, np.uint32)]


def test_the_map_keeps_places_sizes_and_names():
    xy = np.array([[0, 1], [2, 3], [np.nan, np.nan]], dtype=np.float32)
    made = ItemMap(["a", "b", "c"], xy, sizes=[0, 25, 100], hollow=[True, False, False])
    np.testing.assert_array_equal(np.frombuffer(made.xy, np.float32).reshape(-1, 2), xy)
    assert made.bounds == [0, 1, 2, 3]  # of what is somewhere
    least, middle, most = np.frombuffer(made.radius, np.uint8).astype(float)
    assert (middle - least) / (most - least) == pytest.approx(0.5, abs=0.02)  # a quarter of the area, half the width
    assert list(made.hollow) == [1, 0, 0]


def test_nine_values_have_a_colour_and_the_rest_are_other():
    values = [f"v{i}" for i in range(12) for _ in range(12 - i)]
    made = ItemMap(values, np.zeros((len(values), 2)), values)
    assert [entry["label"] for entry in made.legend] == [*(f"v{i}" for i in range(9)), "other"]
    assert colours_of(made) == [value if int(value[1:]) < 9 else "other" for value in values]
    assert [made.values[code] for code in np.frombuffer(made.code, np.uint32)] == values
    assert len({entry["colour"] for entry in made.legend}) == 10
    assert made.legend[-1]["colour"] == style.OTHER


def test_more_values_than_a_byte_holds_stay_apart():
    values = [str(i) for i in range(700)]
    made = ItemMap(values, np.zeros((700, 2)), values)
    assert [made.values[code] for code in np.frombuffer(made.code, np.uint32)] == values


def test_a_map_of_nothing_is_empty_not_an_error():
    assert ItemMap([], np.zeros((0, 2))).xy == b""


def test_a_click_tells_the_item_and_a_click_beside_all_tells_none():
    made, told = ItemMap(["a", "b"], np.eye(2)), []
    made.on_click(told.append)
    made.on_select(told.append)
    made.clicked = {"item": 1, "count": 1}
    made.clicked = {"item": 1, "count": 2}  # again the same
    made.clicked = {"item": -1, "count": 3}
    made.selected = {"items": [0, 1], "count": 1}
    assert told == [1, 1, None, [0, 1]]


# The explorer.


def test_a_click_lights_the_neighbours_and_says_them(trained):
    view = mt.explore(trained)
    assert view.widget is not None
    view.live.map.clicked = {"item": 5, "count": 1}
    near = view.space.around(5)
    assert view.live.map.lit == [5, *view.space.places_of(n.item for n in near)]
    assert near[0].name in view.live.map.said
    assert all(n.name in view.live.panel.value for n in near)
    view.live.map.clicked = {"item": -1, "count": 2}
    assert view.live.map.lit == []


def test_a_lasso_says_what_is_in_common(trained):
    view = mt.explore(trained)
    assert view.widget is not None
    places = list(range(50))
    view.live.map.selected = {"items": places, "count": 1}
    first = view.space.in_common(places)[0]
    assert first.value in view.live.map.said
    assert view.live.map.said.startswith("50 items selected")
    assert f"<td>{first.count}</td>" in view.live.panel.value


def test_menus_and_slider_move_the_map(trained, history):
    view = mt.explore(trained, history)
    assert view.widget is not None
    before = view.live.map.xy
    view.live.side_menu.value = "mean"
    assert view.live.map.xy != before
    assert "mean vectors" in view.live.map.said
    view.live.slider.value = 0
    np.testing.assert_array_equal(np.frombuffer(view.live.map.xy, np.float32).reshape(-1, 2), view.space.places_then(0))
    assert view.live.map.said.startswith("After step 0 of 2")
    view.live.colour_menu.value = "in training"
    assert [entry["label"] for entry in view.live.map.legend] == ["yes", "no"]
    view.live.method_menu.value = "tsne"
    assert "t-SNE, seed 0" in view.live.map.said
    assert view.live.map.busy == ""


def test_the_bounds_of_all_snapshots_are_those_of_the_last(trained, history):
    view = mt.explore(trained, history)
    assert view.widget is not None
    view.live.slider.value = 1
    middle = list(view.live.map.bounds)
    view.live.slider.value = 0
    assert view.live.map.bounds == middle


def test_menus_and_slider_never_contradict_the_map(trained, history):
    view = mt.explore(trained, history)
    assert view.widget is not None
    view.live.side_menu.value, view.live.method_menu.value = "context", "tsne"
    view.live.slider.value = 1
    assert (view.live.side_menu.value, view.live.method_menu.value) == ("target", "pca")
    view.live.method_menu.value = "tsne"  # back to the model as it is
    assert view.live.slider.value == 2
    assert view.live.map.said.startswith("300 items, target vectors, t-SNE")


def test_what_was_chosen_stays_chosen_while_the_map_moves(trained, history):
    view = mt.explore(trained, history)
    assert view.widget is not None
    view.live.map.selected = {"items": list(range(50)), "count": 1}
    view.live.slider.value = 0
    assert "50 items selected" in view.live.map.said
    view.live.map.clicked = {"item": 5, "count": 1}
    assert view.live.map.said.startswith("After step 0 of 2")
    view.live.side_menu.value = "mean"
    assert view.live.map.lit[0] == 5


def test_what_the_target_vector_is_made_of_is_shown_of_nothing_else(trained, history):
    view = mt.explore(trained, history)
    assert view.widget is not None
    bars = "part of its vector"
    view.live.map.clicked = {"item": 5, "count": 1}
    assert bars in view.live.panel.value
    view.live.slider.value = 0
    assert bars not in view.live.panel.value
    view.live.side_menu.value = "context"
    assert bars not in view.live.panel.value


def test_the_plain_map_shows_each_item_once(planted_split, quiet_fit):
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8)
    quiet_fit(model, planted_split.train)
    model.counts[20:] = 0  # few seen, many not
    figure = mt.explore(model).figure()
    names = [name for trace in figure.data if trace.visible for name in trace.text]
    assert len(names) == len(set(names)) == 300


def test_without_snapshots_there_is_no_slider(trained):
    view = mt.explore(trained)
    assert view.widget is not None
    assert not hasattr(view.live, "slider")


def test_coordinates_in_the_cache_are_shown_first(trained):
    assert mt.explore(trained).method == "pca"
    mt.explore(trained, method="tsne").html()
    assert mt.explore(trained).method == "tsne"


def test_an_error_in_an_answer_is_shown(trained, monkeypatch):
    view = mt.explore(trained)
    assert view.widget is not None

    def broken(*_):
        raise ValueError("No <such> thing.")

    monkeypatch.setattr(view.space, "around", broken)
    view.live.map.clicked = {"item": 5, "count": 1}
    assert "No &lt;such&gt; thing." in view.live.panel.value


def test_names_are_shown_letter_by_letter(wardrobe):
    names = ["<script>alert(1)</script>", *wardrobe.names[1:]]
    model = mt.MultiTraitSGNS(mt.Catalogue(wardrobe.ids, names, wardrobe.traits.values()), dim=4)
    model.observe(torch.ones(6))
    view = mt.explore(model)
    for place in range(6):
        assert "<script>alert" not in about_item(view.space, place, view.space.around(place), made=True)[0]
    assert "<script>alert" not in view.html()


def test_a_page_without_a_kernel_gets_a_plain_map(trained):
    forms = mt.explore(trained)._repr_mimebundle_()
    assert WIDGET_MIME in forms
    assert "mtsgns-figure" in forms["text/html"]
    assert display.MIME not in forms  # JupyterLab 3 would draw that, and no live map
    assert "300 items" in forms["text/plain"]
    assert "pip install" not in forms["text/html"]
    figure = mt.explore(trained, colour="popularity").figure()
    assert [button.label for button in figure.layout.updatemenus[0].buttons][:2] == ["popularity", "A"]
    assert display.title_of(figure).startswith("300 items")


@pytest.mark.parametrize("missing", ["anywidget", "ipywidgets"])
def test_without_the_packages_a_plain_map_and_a_sentence(trained, missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "mtsgns_lite.views.map", raising=False)
    forms = mt.explore(trained)._repr_mimebundle_()
    assert WIDGET_MIME not in forms
    assert "pip install anywidget" in forms[display.MIME]["layout"]["title"]["text"]
    assert "mtsgns-figure" in forms["text/html"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"colour": "price"}, "can't be coloured by 'price'"),
        ({"method": "lda"}, "no projection 'lda'"),
        ({"most": 0}, "give 1 or more"),
    ],
)
def test_a_choice_that_does_not_exist_is_said(trained, options, said):
    with pytest.raises(ValueError, match=said):
        mt.explore(trained, **options)


def test_an_untrained_model_is_said_with_what_to_do(wardrobe):
    with pytest.raises(ValueError, match="train it first"):
        mt.explore(mt.SGNS(wardrobe))
