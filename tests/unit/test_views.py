"""Views: figures hold what they were given, projections keep neighbourhoods, and everything degrades with grace."""

import importlib.util
import json
import sys

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from mtsgns_lite.evaluation import html_table
from mtsgns_lite.goals import GoalRanks
from mtsgns_lite.neighbours import TraitWeights
from mtsgns_lite.views import display, figures, projection, sessions, style

WEIGHTS = TraitWeights(["item", "A", "B"], [0.2, 0.5, 0.3], [0.0, 0.0, 0.0], [0.1, 0.7, 0.2], {"item": 0.2, "A": 0.8})
EARLY = TraitWeights(["item", "A", "B"], [0.4, 0.3, 0.3], [0.0, 0.0, 0.0], [0.9, 0.06, 0.04])
RANKS = GoalRanks(np.array([[1.0, 3, np.nan], [2, 9, 8], [3, np.nan, np.nan]]), np.full(3, 10))


def every_figure() -> dict[str, go.Figure]:
    scores = np.linspace(0, 1, 50)
    return {
        "learning_curve": figures.learning_curve({"a": [(0, 2.0), (10, 1.0)]}, "It falls"),
        "precision_recall_curve": figures.precision_recall_curve({"a": (scores, scores, 1 - scores)}, "It rises"),
        "threshold_comparison": figures.threshold_comparison({"a": (scores, 1 - scores)}, "One slider"),
        "item_map": figures.item_map(np.eye(3)[:, :2], ["x", "y", "z"], {"t": ["1", "1", "2"]}, "Three items"),
        "trait_bars": figures.trait_bars(WEIGHTS, "A matters"),
        "bars": figures.bars({"a": 1.0, "b": 2.0}, "b is more"),
        "grouped_bars": figures.grouped_bars({"s": {"a": 1.0}, "t": {"a": None, "b": 2.0}}, "t has no a"),
        "heatmap": figures.heatmap([[1, -2], [0, 3]], ["r", "s"], ["c", "d"], "One is negative"),
        "graph_drawing": figures.graph_drawing([("a", "b", 1), ("b", "c", 2)], "A path", ["a", "b"]),
        "histogram": figures.histogram({"a": [1, 2, 2, 3]}, "Two is the mode"),
        "goal_curves": sessions.goal_curves({"a": RANKS}, "It climbs"),
        "mixing_bars": sessions.mixing_bars({"a": 0.0, "b": 0.2}, "b mixes", chance=0.9),
    }


@pytest.mark.parametrize("name", sorted(every_figure()))
def test_every_figure_has_its_title_fits_the_page_and_carries_no_upload_button(name):
    figure = every_figure()[name]
    assert display.title_of(figure)
    assert figure.layout.width is None
    assert figure.layout.paper_bgcolor is None  # the template's: transparent, for light pages and dark
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    spec = display.bundle(figure)[display.MIME]
    assert spec["config"]["showSendToCloud"] is False
    json.dumps(spec, allow_nan=False)  # NaN would be no JSON


# Figures hold the values that they were given.


def test_a_learning_curve_has_the_steps_and_values_of_each_run():
    figure = figures.learning_curve({"one": [(0, 3.0), (5, 2.0)], "two": [(0, 4.0), (5, 1.0)]}, "Both fall", y="AUC")
    assert [trace.name for trace in figure.data] == ["one", "two"]
    np.testing.assert_array_equal(figure.data[1].x, [0, 5])
    np.testing.assert_array_equal(figure.data[1].y, [4.0, 1.0])
    assert figure.layout.yaxis.title.text == "AUC"
    assert len({trace.line.dash for trace in figure.data}) == 2  # told apart without colour


def test_the_curve_of_goals_runs_towards_the_purchase_and_leaves_out_what_few_sessions_say():
    later = GoalRanks(RANKS.ranks + 1, RANKS.among)
    figure = sessions.goal_curves({"one": RANKS, "other": later}, "One is better", fewest=2)
    assert [trace.name for trace in figure.data] == ["one", "other"]
    assert (list(figure.data[0].x), list(figure.data[0].y)) == ([1, 2], [2.0, 6.0])  # three, two and one session
    assert (list(figure.data[1].y), list(figure.data[1].customdata)) == ([3.0, 7.0], [3, 2])
    assert figure.layout.xaxis.autorange == "reversed"
    assert len({trace.line.dash for trace in figure.data}) == len({trace.marker.symbol for trace in figure.data}) == 2
    assert list(sessions.goal_curves({"one": RANKS}, "Few").data[0].x) == [1]  # most sessions, though not enough


def test_bars_of_mixing_are_seen_beside_chance():
    figure = sessions.mixing_bars({"plain": 0.0, "market": 0.25}, "It mixes", chance=0.8)
    assert list(figure.data[0].y) == [0.0, 0.25]
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (0.8, 0.8)
    assert figure.layout.yaxis.range[1] > 0.8
    lying = sessions.mixing_bars({f"a rather long name of a model {n}": 0.1 for n in range(5)}, "Five", chance=0.8)
    assert (lying.layout.shapes[0].x0, lying.layout.xaxis.range[1] > 0.8) == (0.8, True)
    assert not sessions.mixing_bars({"plain": 0.0}, "None").layout.shapes


def test_a_precision_recall_curve_has_recall_across_and_keeps_its_ends():
    thresholds = torch.linspace(0, 1, 5000)
    figure = figures.precision_recall_curve({"m": (thresholds, thresholds * 0.5 + 0.5, 1 - thresholds)}, "A trade")
    line = figure.data[0]
    assert len(line.x) <= figures.MOST_POINTS
    assert (line.x[0], line.x[-1]) == (1.0, 0.0)
    np.testing.assert_allclose(line.y, 1 - 0.5 * line.x, atol=1e-6)
    np.testing.assert_allclose(line.customdata, 1 - line.x, atol=1e-6)


def test_the_map_has_a_button_for_each_trait_and_each_shows_every_item_once():
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(200, 2)).astype(np.float32)
    colours = {"kind": [f"k{i}" for i in rng.integers(0, 30, 200)], "brand": ["own", "other"] * 100}
    figure = figures.item_map(xy, [f"item {i}" for i in range(200)], colours, "Kinds", sizes=rng.random(200))
    buttons = figure.layout.updatemenus[0].buttons
    assert [button.label for button in buttons] == ["kind", "brand"]
    assert [trace.visible for trace in figure.data] == buttons[0].args[0]["visible"]  # it opens on the first
    for button, trait in zip(buttons, colours):
        shown = [trace for trace, visible in zip(figure.data, button.args[0]["visible"]) if visible]
        places = {tuple(p): i for i, p in enumerate(xy.tolist())}
        items = [places[point] for trace in shown for point in zip(trace.x.tolist(), trace.y.tolist())]
        assert sorted(items) == list(range(200))
        for trace in shown:  # hovering tells the name, and the value of the trait
            rows = [places[point] for point in zip(trace.x.tolist(), trace.y.tolist())]
            assert list(trace.text) == [f"item {i}" for i in rows]
            told = trace.customdata or [trace.name] * len(rows)
            assert list(told) == [colours[trait][i] for i in rows]
    assert (
        len([trace for trace, on in zip(figure.data, buttons[0].args[0]["visible"]) if on]) == 10
    )  # nine and the rest


def test_the_map_gives_ten_values_nine_marks_and_never_an_other_of_one_value():
    values = [str(i) for i in range(10)] * 3
    figure = figures.item_map(np.zeros((30, 2)), values, {"t": values}, "Ten values")
    rest = next(trace for trace in figure.data if trace.name == "other")
    assert len(set(rest.customdata)) == 2


def test_the_area_of_a_point_follows_its_size():
    figure = figures.item_map(np.zeros((3, 2)), "abc", {"t": ["v"] * 3}, "Sizes", sizes=[0, 25, 100])
    least, middle, most = figure.data[0].marker.size
    assert (middle - least) / (most - least) == pytest.approx(0.5, abs=0.01)  # a quarter of the area, half the width


def test_trait_bars_show_weight_share_and_the_planted_truth():
    weight, share, truth = figures.trait_bars(WEIGHTS, "A matters").data
    assert (list(weight.x), list(share.x)) == (WEIGHTS.weight, WEIGHTS.share)
    assert list(truth.x) == [0.2, 0.8, None]  # B was not planted
    assert list(weight.y) == WEIGHTS.sources
    assert len(figures.trait_bars(EARLY, "No truth known").data) == 2


def test_trait_bars_write_the_spread_of_weights_that_differ_by_item():
    spread = TraitWeights(["item", "A"], [0.4, 0.6], [0.05, 0.125], [0.3, 0.7])
    assert figures.trait_bars(spread, "They differ").data[0].text[1] == "0.600 ± 0.125"


def test_grouped_bars_leave_empty_what_is_missing():
    figure = figures.grouped_bars({"seen": {"a": 0.5, "b": 0.6}, "cold": {"b": 0.4, "c": None}}, "c has no figure")
    assert [list(trace.x) for trace in figure.data] == [["a", "b", "c"]] * 2
    assert [list(trace.y) for trace in figure.data] == [[0.5, 0.6, None], [None, 0.4, None]]


def test_long_names_make_bars_lie_down_and_alike_names_stay_apart():
    names = [f"{'a very long name that is cut off ' * 2}{i}" for i in range(3)]
    bar = figures.bars({name: i + 1.0 for i, name in enumerate(names)}, "Three").data[0]
    assert (bar.orientation, list(bar.x)) == ("h", [1.0, 2.0, 3.0])
    assert len(set(bar.y)) == 3


def test_a_heat_map_keeps_its_matrix_and_rows_of_the_same_name():
    figure = figures.heatmap(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), ["milk", "milk"], ["a", "b"], "Two milks")
    np.testing.assert_array_equal(figure.data[0].z, [[1, 2], [3, 4]])
    assert len(set(figure.data[0].y)) == 2
    assert list(figure.data[1].text) == ["1", "2", "3", "4"]
    assert figures.heatmap([[-1, 4]], ["r"], ["c", "d"], "Signed").data[0].zmid == 0


def test_a_graph_has_a_line_for_each_edge_and_an_arrow_for_each_step():
    edges = [("a", "b", 1), ("b", "c", 4), ("c", "a", 2)]
    figure = figures.graph_drawing(edges, "A walk", ["a", "b", "c", "b"])
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    widths = [trace.line.width for trace in lines]
    assert len(lines) == 3
    assert widths[0] < widths[2] < widths[1]
    assert list(figure.data[-1].text) == ["1", "2, 4", "3"]
    assert sum(note.showarrow for note in figure.layout.annotations) == 3


def test_a_walk_off_the_graph_is_refused():
    with pytest.raises(ValueError, match="'z'"):
        figures.graph_drawing([("a", "b", 1)], "A walk", ["a", "z"])


def test_histogram_shares_add_up_to_one_for_series_of_any_length():
    rng = np.random.default_rng(0)
    figure = figures.histogram({"long": rng.normal(size=1000), "short": [*rng.normal(size=10), np.nan]}, "Two lengths")
    assert [trace.y.sum() for trace in figure.data] == pytest.approx([1, 1])
    np.testing.assert_array_equal(figure.data[0].x, figure.data[1].x)


@pytest.mark.parametrize("make", [
    lambda: figures.learning_curve({}, "Nothing"),
    lambda: figures.learning_curve({"a": []}, "Nothing"),
    lambda: figures.histogram({}, "Nothing"),
    lambda: figures.bars({}, "Nothing"),
    lambda: figures.item_map(np.zeros((0, 2)), [], {"t": []}, "Nothing"),
    lambda: figures.item_map(np.zeros((1, 2)), ["a"], {}, "No traits"),
    lambda: figures.graph_drawing([], "Nothing"),
])  # fmt: skip
def test_figures_of_nothing_are_empty_not_errors(make):
    json.dumps(display.bundle(make()))


# Looks.


def _lab(colour: str, seen_by: np.ndarray) -> np.ndarray:
    """CIELAB of a colour as somebody sees it, `seen_by` being a matrix on linear RGB."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(seen_by @ linear, 1e-3, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen_by", [
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
], ids=["everybody", "protanopia", "deuteranopia"])  # fmt: skip
def test_any_two_colours_stay_apart(seen_by):
    """Simulated as in Machado, Oliveira, Fernandes 2009; a difference of about 2 can just be seen."""
    seen = [_lab(colour, np.array(seen_by)) for colour in style.PALETTE]
    least = min(np.linalg.norm(one - other) for i, one in enumerate(seen) for other in seen[:i])
    assert least > 15


def test_colours_are_visible_on_white_and_on_near_black():
    lightness = [_lab(colour, np.eye(3))[0] for colour in [*style.PALETTE, style.TEXT, style.OTHER]]
    assert min(lightness) > 38
    assert max(lightness) < 72


# Showing.


def test_names_are_shown_letter_by_letter():
    figure = figures.item_map(np.zeros((1, 2)), ["<b>M&M</b>"], {"<i>": ["a<b"]}, "<script>")
    assert figure.data[0].text[0] == "&lt;b&gt;M&amp;M&lt;/b&gt;"
    assert figure.layout.updatemenus[0].buttons[0].label == "&lt;i&gt;"
    assert display.title_of(figure) == "<script>"
    div = figures.to_div(figure, alt='"><script>alert(1)</script>')
    assert div.count("<script>") == 1  # our own; neither alt text nor JSON opens another
    assert "</script>" not in div[div.index("<script>") : -len("</script>")]
    assert "&lt;script&gt;alert" in div


def test_tables_escape_names_too():
    assert html_table(["<b>"], [["M&M <12 oz>"]]) == (
        "<table><tr><th>&lt;b&gt;</th></tr><tr><td>M&amp;M &lt;12 oz&gt;</td></tr></table>"
    )


def test_an_output_has_plotly_html_and_words():
    figure = figures.bars({"a": 1.0}, "One bar")
    forms = display.bundle(figure, "a bar of height one")
    assert set(forms) == {display.MIME, "text/html", "text/plain"}
    assert forms["text/plain"] == "a bar of height one"
    assert display.bundle(figure)["text/plain"] == "One bar"
    assert forms["text/html"] == figures.to_div(forms) == figures.to_div(forms[display.MIME], "a bar of height one")


def test_the_html_of_a_figure_does_not_contain_plotly_itself(tmp_path):
    figure = figures.bars({"a": 1.0}, "One bar")
    assert len(figures.to_div(figure)) < 20_000
    script = display.write_script(tmp_path)
    assert script.name in figures.to_div(figure)
    assert script.stat().st_size > 1_000_000


def test_without_ipython_the_words_are_printed(capsys, monkeypatch):
    monkeypatch.setattr(display, "_shell", lambda: None)
    figures.show(figures.bars({"a": 1.0}, "One bar"), "a bar")
    assert capsys.readouterr().out == "a bar\n"


def test_on_colab_its_own_renderer_is_used(monkeypatch):
    calls = []
    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setattr(go.Figure, "show", lambda self, **options: calls.append(options))
    figures.show(figures.bars({"a": 1.0}, "One bar"))
    assert calls == [{"renderer": "colab", "config": display.CONFIG}]


# Projections.


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(projection, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def two_clusters(n: int = 40, dim: int = 16) -> torch.Tensor:
    """Rows around two directions, first the one and then the other, and some noise."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.nn.functional.one_hot(torch.arange(n) // (n // 2), dim) * 3.0
    return centres + 0.3 * torch.randn(n, dim, generator=generator)


METHODS = [
    "pca",
    "tsne",
    pytest.param("umap", marks=pytest.mark.skipif(
        importlib.util.find_spec("umap") is None, reason="umap-learn is not installed")),
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_two_clusters_stay_apart(method, cache):
    points = torch.from_numpy(projection.project(two_clusters(), method))
    assert points.shape == (40, 2)
    assert points.dtype == torch.float32
    distance = torch.cdist(points, points).fill_diagonal_(torch.inf)
    nearest = distance.topk(5, largest=False).indices // 20
    assert (nearest == (torch.arange(40) // 20)[:, None]).float().mean() > 0.98


def test_pca_finds_the_plane_and_its_signs_do_not_hang_on_the_order_of_rows():
    plane = torch.linalg.qr(torch.randn(8, 2, generator=torch.Generator().manual_seed(1))).Q
    angle = torch.linspace(0, 5, 30)
    rows = torch.stack([angle.cos(), angle.sin()], dim=1) @ plane.T  # on a circle: of length 1 already
    points = torch.from_numpy(projection.project(rows))
    np.testing.assert_allclose(torch.cdist(points, points), torch.cdist(rows, rows), atol=1e-3)
    np.testing.assert_allclose(projection.project(rows.flip(0))[::-1], points, atol=1e-4)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_items_without_a_vector_have_a_place_too(method, cache):
    rows = two_clusters()
    rows[[3, 30]] = 0
    points = projection.project(rows, method)
    assert np.isfinite(points).all()
    assert not projection.project(torch.zeros(10, 4), method).any()


@pytest.mark.parametrize(("n", "dim"), [(0, 4), (1, 4), (2, 4), (4, 1), (6, 2)])
def test_few_items_are_enough(n, dim, cache):
    for method in ("pca", "tsne"):
        points = projection.project(torch.arange(n * dim).reshape(n, dim) + 1.0, method)
        assert points.shape == (n, 2)
        assert np.isfinite(points).all()


def test_the_second_time_comes_from_the_cache(cache, monkeypatch):
    first = projection.project(two_clusters(), "tsne")
    monkeypatch.setattr(projection, "_tsne", lambda *_: pytest.fail("was computed again"))
    np.testing.assert_array_equal(projection.project(two_clusters().numpy(), "tsne"), first)
    with pytest.raises(pytest.fail.Exception):
        projection.project(two_clusters(), "tsne", seed=1)


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_a_corrupt_cache_is_ignored_and_rewritten(damage, cache):
    first = projection.project(two_clusters(), "tsne")
    (file,) = cache.iterdir()
    if damage is None:
        np.save(file, np.zeros((3, 2), dtype=np.float32))  # of another set
    else:
        file.write_bytes(damage)
    np.testing.assert_array_equal(projection.project(two_clusters(), "tsne"), first)
    np.testing.assert_array_equal(np.load(file), first)


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(projection, "cache_folder", lambda: tmp_path / "file" / "cache")
    assert projection.project(two_clusters(), "tsne").shape == (40, 2)


def test_umap_missing_is_said_with_what_to_do(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ValueError, match="pip install umap-learn"):
        projection.project(two_clusters(), "umap")


@pytest.mark.parametrize(("vectors", "method", "said"), [
    (torch.ones(3), "pca", "matrix"), (torch.full((3, 2), float("nan")), "pca", "finite"),
    (torch.ones(3, 2), "lda", "pca, tsne, umap"),
])  # fmt: skip
def test_bad_input_to_a_projection(vectors, method, said):
    with pytest.raises(ValueError, match=said):
        projection.project(vectors, method)
