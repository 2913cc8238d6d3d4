"""The threshold slider: at each of its steps the figure says what the threshold makes of the scores, and no other."""

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from mtsgns_lite.views import display, figures
from mtsgns_lite.views.threshold import thresholds_of

RNG = np.random.default_rng(0)
EVEN = RNG.uniform(0.1, 1, 4_000), RNG.uniform(0, 0.9, 3_000)
STEEP = np.append(EVEN[0][:2_000], np.full(2_000, 0.511)), np.append(EVEN[1][:1_000], np.full(2_000, 0.511))
PANEL = 5  # traces of a model: curve, dots, empty bars, point, bars


def steps_of(figure):
    """For each step its threshold and, by model, where the point and the bars go, and the numbers in the texts."""
    (slider,) = figure.layout.sliders
    models = len(figure.data) // PANEL
    for step in slider.steps:
        places, texts, moving = step.args
        assert step.method == "update"
        assert list(moving) == [PANEL * number + own for number in range(models) for own in (3, 4)]
        assert len(places["x"]) == len(places["y"]) == len(moving)
        # the first annotations are the models' names
        assert list(texts) == [f"annotations[{models + row}].text" for row in range(3 * models)]
        said = [[float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", text)] for text in texts.values()]
        yield (
            float(step.label),
            [
                (places["x"][2 * m], places["y"][2 * m], places["x"][2 * m + 1], sum(said[3 * m : 3 * m + 3], []))
                for m in range(models)
            ],
        )


def test_every_step_says_what_scikit_learn_says():
    tied = (40 * EVEN[0]).round() / 40, (40 * EVEN[1]).round() / 40  # on the thresholds themselves
    models = {"one": EVEN, "other": STEEP, "tied": tied}
    steps = list(steps_of(figures.threshold_comparison(models, "Three models")))
    assert len(steps) > 30
    for threshold, told in steps:
        for (true, false), (x, y, bars, said) in zip(models.values(), told):
            label = np.repeat([1, 0], [len(true), len(false)])
            called = np.concatenate([true, false]) >= threshold
            if not called.any():
                assert (x, y, bars, said) == ([0], [None], [0, 0], [0, 0, len(true), 0, len(false)])
                continue
            (tn, fp), (fn, tp) = confusion_matrix(label, called)
            precision, recall = precision_score(label, called), recall_score(label, called)
            assert said == pytest.approx([precision, recall, tp, fn, fp, tn], abs=0.0006)
            assert (x[0], y[0]) == pytest.approx((recall, precision), rel=1e-3)
            assert bars == pytest.approx([tp / len(true), fp / len(false)], rel=1e-3)


def test_the_first_step_shows_all_and_the_slider_opens_in_the_middle():
    figure = figures.threshold_comparison({"one": EVEN}, "One model")
    _, ((x, y, bars, _),) = next(steps_of(figure))
    assert x == [1.0]
    assert y[0] == pytest.approx(4 / 7, abs=1e-3)
    assert bars == [1.0, 1.0]
    (slider,) = figure.layout.sliders
    places, texts, moving = slider.steps[slider.active].args
    assert abs(slider.active - len(slider.steps) / 2) <= 1
    for trace, x, y in zip(moving, places["x"], places["y"]):
        assert (list(figure.data[trace].x), list(figure.data[trace].y)) == (list(x), list(y))
    assert [own.text for own in figure.layout.annotations[1:]] == list(texts.values())


def test_a_cliff_is_a_long_way_between_two_dots():
    """Half of the steep scores are one and the same; the even ones have no such place."""
    figure = figures.threshold_comparison({"even": EVEN, "steep": STEEP}, "One has a cliff")
    even, steep = (np.abs(np.diff(figure.data[PANEL * number + 1].x)).max() for number in range(2))
    assert even < 0.06
    assert steep == pytest.approx(0.5, abs=0.06)
    at = np.abs(np.diff(figure.data[PANEL + 1].x)).argmax()
    thresholds = [float(text) for text in figure.data[PANEL + 1].customdata]
    assert thresholds[at] < 0.511 <= thresholds[at + 1]


def test_dots_and_point_lie_on_the_curve():
    figure = figures.threshold_comparison({"one": EVEN, "other": STEEP}, "They do")
    for number in range(2):
        curve, dots, _, point, _ = figure.data[PANEL * number : PANEL * (number + 1)]
        along = np.linspace(0, len(curve.x) - 1, 20_000)
        line = np.stack([np.interp(along, range(len(curve.x)), values) for values in (curve.x, curve.y)], axis=1)
        for trace in (dots, point):
            away = np.abs(np.stack([trace.x, trace.y], axis=1)[:, None] - line).sum(axis=2).min(axis=1)
            assert away.max() < 0.005


@given(
    st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=30),
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=30),
)
def test_thresholds_rise_start_below_all_and_each_makes_a_difference(true, false):
    pair = np.array(true), np.array(false)
    found = thresholds_of([pair])
    everything = np.concatenate(pair)
    shown = [(everything >= threshold).sum() for threshold in found]
    assert len(found) <= 45
    assert found == sorted(found)
    assert shown[0] == len(everything)
    assert shown[-1] > 0
    assert (np.diff(shown) < 0).all()


def test_thresholds_of_chances_are_round_and_even():
    found = thresholds_of([EVEN])
    assert {0.0, 0.1, 0.5, 0.95} <= {*found}
    np.testing.assert_allclose(np.diff(found), 0.025, atol=1e-12)


def test_crowded_scores_get_steps_where_they_are():
    counts = RNG.pareto(0.5, 5_000)  # a few enormous ones
    found = thresholds_of([(counts, counts[:100])])
    assert len(found) > 25
    assert np.median(found) < np.quantile(counts, 0.9)
    labels = [step.label for step in figures.threshold_comparison({"m": (counts, counts)}, "T").layout.sliders[0].steps]
    assert len({*labels}) == len(labels)


def test_a_model_that_shows_nothing_at_a_threshold_says_so():
    figure = figures.threshold_comparison({"low": (EVEN[0] / 2, EVEN[1] / 2), "high": EVEN}, "One stops early")
    places, texts, _ = figure.layout.sliders[0].steps[-1].args
    assert list(places["y"][0]) == [None]
    assert next(iter(texts.values())) == "nothing is shown · recall <b>0.000</b>"
    json.dumps(display.bundle(figure)[display.MIME], allow_nan=False)


@pytest.mark.parametrize("models", [1, 2, 3])
def test_the_figure_is_light_and_names_are_letter_by_letter(models):
    many = RNG.normal(size=60_000), RNG.normal(size=50_000)
    scores = {f"<b>{number}</b> & {'long ' * 20}": many for number in range(models)}
    figure = figures.threshold_comparison(scores, "A finding")
    assert len(json.dumps(display.bundle(figure)[display.MIME], separators=(",", ":"))) < 60_000
    heads = [own.text for own in figure.layout.annotations[:models]]
    assert all(head.startswith(f"<b>&lt;b&gt;{number}") for number, head in enumerate(heads))
    assert display.title_of(figure) == "A finding"
    assert figure.layout.width is None
    assert figure.layout.paper_bgcolor is None


def test_tensors_lists_and_a_single_score_will_do():
    figure = figures.threshold_comparison({"t": (torch.tensor([0.5]), [0.5])}, "All the same")
    assert [step.label for step in figure.layout.sliders[0].steps] == ["0.5"]


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ({}, "1 to 3 models, not 0"),
        (dict.fromkeys("abcd", EVEN), "1 to 3 models, not 4"),
        ({"a model": ([], [1.0])}, "'a model' must be finite"),
        ({"a model": ([1.0], [np.nan])}, "'a model' must be finite"),
        ({"a model": ([np.inf], [1.0])}, "'a model' must be finite"),
    ],
)
def test_scores_that_make_no_figure_are_refused(scores, says):
    with pytest.raises(ValueError, match=says):
        figures.threshold_comparison(scores, "None")
