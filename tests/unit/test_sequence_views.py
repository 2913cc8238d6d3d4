"""The figures of sequences show the numbers that they are given, on the items that these belong to."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mtsgns_lite.views import display
from mtsgns_lite.views.sequences import attention_map, interest_clouds, tradeoff_slider
from mtsgns_lite.views.style import OTHER, PALETTE

WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])  # (K, L)


def test_each_weight_stands_on_its_item_and_interest():
    figure = attention_map(WEIGHTS, ["milk", "bread", "soap"], ["food", "home"], "a title")
    cells, numbers = figure.data
    assert np.array_equal(cells.z, WEIGHTS.T)
    assert cells.y == ("milk", "bread", "soap")
    assert [*cells.x] == ["1: food", "2: home"]
    assert figure.layout.yaxis.autorange == "reversed"  # the latest item at the bottom
    written = {(x, y): text for x, y, text in zip(numbers.x, numbers.y, numbers.text)}
    assert written["1: food", "milk"] == "0.70"
    assert written["2: home", "soap"] == "0.80"


def test_what_was_bought_twice_has_two_rows():
    figure = attention_map(WEIGHTS, ["milk", "milk", "milk"], ["a", "a"], "")
    assert len({*figure.data[0].y}) == 3
    assert {row.rstrip("\u200b") for row in figure.data[0].y} == {"milk"}
    assert len({*figure.data[0].x}) == 2


def test_kinds_stand_beside_names_that_do_not_say_them():
    rows = attention_map(WEIGHTS, ["SOAP, 2 OZ", "1%", "<b>"], ["a", "b"], "", ["SOAP", "MILK", "X"]).data[0].y
    assert [*rows] == ["SOAP, 2 OZ", "1% · MILK", "&lt;b&gt; · X"]


def test_many_interests_have_no_numbers_written_in():
    assert len(attention_map(np.ones((9, 2)) / 2, ["a", "b"], ["x"] * 9, "").data) == 1


def test_each_interest_has_its_own_items_bought_and_suggested():
    history = (np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), [1, 0, 1], ["a", "b", "c"])
    suggested = (np.array([[5.0, 5.0]]), [0], ["d"])
    figure = interest_clouds(np.zeros((4, 2)), history, suggested, ["food", "home"], "")
    shown = {trace.name: ([*(trace.text or ())], [*trace.x]) for trace in figure.data}
    assert shown["1: food, bought"] == (["b"], [1.0])
    assert shown["2: home, bought"] == (["a", "c"], [0.0, 2.0])
    assert shown["1: food, suggested"] == (["d"], [5.0])
    assert shown["2: home, suggested"] == ([], [])
    assert len(shown["the shop's items"][1]) == 4
    colours = {trace.name: trace.marker.color for trace in figure.data}
    assert colours["1: food, bought"] == colours["1: food, suggested"] != colours["2: home, bought"]


CURVE = {0.0: (0.5, 0.3), 0.1: (0.8, 0.2)}
LISTS = {0.0: [("a", "x"), ("b", "x")], 0.1: [("b", "x"), ("c", "y")]}


def test_the_slider_moves_the_point_and_changes_the_list():
    figure = tradeoff_slider(CURVE, LISTS, "a title")
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["0", "0.1"]
    assert [*figure.data[0].x] == [0.5, 0.8]
    assert ([*figure.data[1].x], [*figure.data[1].y]) == ([0.5], [0.3])
    assert [text.strip() for text in figure.data[2].text] == ["a · x", "b · x"]
    change, traces = slider.steps[1].args
    assert [*traces] == [1, 2]
    assert ([*change["x"][0]], [*change["y"][0]]) == ([0.8], [0.2])
    assert [text.strip() for text in change["text"][1]] == ["b · x", "c · y"]
    assert len({*change["marker.color"][1]}) == 2


def test_a_kind_has_a_colour_within_a_list():
    colours = tradeoff_slider(CURVE, LISTS, "").data[2].marker.color
    assert colours[0] == colours[1]


def test_no_two_kinds_share_a_colour_and_what_repeats_has_one():
    shown = [(f"item {n}", f"kind {n}") for n in range(len(PALETTE) + 2)]
    shown += [("again", shown[-1][1])]  # the kind that comes twice comes last
    colours = tradeoff_slider({0.0: (0.5, 0.3)}, {0.0: shown}, "").data[2].marker.color
    assert colours[-1] == colours[-2] != OTHER
    assert len({*colours} - {OTHER}) == len(PALETTE)
    assert colours.count(OTHER) == 2


@pytest.mark.parametrize(("curve", "lists"), [({}, {}), (CURVE, {0.0: LISTS[0.0]})])
def test_a_slider_of_nothing_is_refused(curve: dict, lists: dict):
    with pytest.raises(ValueError, match="for each weight"):
        tradeoff_slider(curve, lists, "")


def test_every_figure_has_its_title_and_is_json():
    places = np.zeros((1, 2))
    for figure in (
        attention_map(WEIGHTS, ["a", "b", "c"], ["x", "y"], "weights"),
        interest_clouds(places, (places, [0], ["a"]), (places, [0], ["b"]), ["x"], "clouds"),
        tradeoff_slider(CURVE, LISTS, "a slider"),
    ):
        assert display.title_of(figure)
        json.dumps(display.bundle(figure)[display.MIME], allow_nan=False)
