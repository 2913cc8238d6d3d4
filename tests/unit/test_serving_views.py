"""The figures of serving and transfer hold what they were given, and can be drawn of little or nothing."""

import json

import numpy as np
import pytest

from mtsgns_lite.views import display
from mtsgns_lite.views.serving import label_curves, recall_curves, walk_figure

GRAPHS = {"small": [(10, 900.0, 0.8), (40, 400.0, 0.99)], "large": [(10, 500.0, 0.6), (40, 200.0, 0.95)]}
EXACT = {"small": 700.0, "large": 20.0}
FOUND = {"embeddings": {10: [0.2, 0.4], 100: [0.5, 0.5]}, "random": {10: [0.1, 0.1], 100: [0.1, 0.3]}}
SQUARE, LINKS = [[0, 0], [1, 0], [1, 1], [0, 1], [5, 5]], [[1], [0, 2], [1, 3], [2], []]


def figures():
    return {
        "recall": recall_curves(GRAPHS, EXACT, "The graph is faster"),
        "labels": label_curves(FOUND, 0.1, "Few labels are enough"),
        "walk": walk_figure(SQUARE, LINKS, [0, 1, 2], [1.1, 1.2], "Three steps"),
        "no graph": recall_curves({}, {}, "Nothing"),
        "no labels": label_curves({}, 0.5, "Nothing"),
    }


@pytest.mark.parametrize("name", sorted(figures()))
def test_every_figure_has_its_title_and_is_json(name):
    figure = figures()[name]
    assert display.title_of(figure)
    assert figure.layout.paper_bgcolor is None
    json.dumps(display.bundle(figure)[display.MIME], allow_nan=False)


def test_recall_stands_over_a_logarithmic_rate_and_the_exact_search_misses_nothing():
    figure = figures()["recall"]
    assert figure.layout.xaxis.type == "log"
    low, high = figure.layout.xaxis.range
    assert low < np.log10(20)
    assert high > np.log10(900)
    small, large, *stars = figure.data
    assert [*small.x] == [900.0, 400.0]
    assert [*large.y] == [0.6, 0.95]
    assert [*small.text] == ["10", "40"]
    assert [(star.x[0], star.y[0]) for star in stars] == [(700.0, 1.0), (20.0, 1.0)]
    for line, star in zip((small, large), stars):  # a catalogue has one colour
        assert line.line.color == star.marker.color
    assert len({line.line.dash for line in (small, large)}) == 2
    low, high = figure.layout.yaxis.range
    assert low < 0.6 < 1.0 < high


def test_labels_have_their_mean_and_spread_over_seeds_and_a_line_for_guessing():
    figure = figures()["labels"]
    ours, random = figure.data
    np.testing.assert_allclose(ours.y, [0.3, 0.5])
    np.testing.assert_allclose(ours.error_y.array, [0.1, 0.0])
    np.testing.assert_allclose(random.error_y.array, [0.0, 0.1])
    assert figure.layout.xaxis.type == "log"
    assert [*figure.layout.xaxis.ticktext] == ["10", "100"]
    assert figure.layout.shapes[0].y0 == 0.1
    low, high = figure.layout.yaxis.range
    assert low < 0.1 < 0.5 < high


def test_a_walk_goes_through_its_points_and_shows_what_it_looked_at():
    links, items, looked, walk, query = figures()["walk"].data
    assert list(zip(walk.x, walk.y)) == [(0, 0), (1, 0), (1, 1)]
    assert set(zip(looked.x, looked.y)) == {(0, 0), (1, 0), (1, 1), (0, 1)}  # not the one that no link leads to
    assert len(items.x) == 5
    assert [value is None for value in links.x].count(True) == 6
    assert (query.x[0], query.y[0]) == (1.1, 1.2)
