"""The figures of several processes hold what they were given, and can be drawn of little or nothing."""

import json

import numpy as np
import pytest

from mtsgns_lite.scale.budget import size
from mtsgns_lite.views import display
from mtsgns_lite.views.scale import cost_curves, growth_curves, plan_bars, whole_mb

MB = 2**20
SIZES = [
    {"items": 5_000, "dim": 64, "fit": {"tokens_per_second": 900, "table_mb": 4.0},
     "2": {"tokens_per_second": 300, "table_mb": 2.1}},
    {"items": 50_000, "dim": 64, "1": {"tokens_per_second": 500, "table_mb": 40.0},
     "2": {"tokens_per_second": 400, "table_mb": 20.0}},
    {"items": 900_000, "dim": 64, "2": {"tokens_per_second": 350, "table_mb": 400.0}},
]  # fmt: skip
PLANS = {"row-wise": np.array([[3.0, 1.0], [3.0, 1.0]]) * MB, "one process": np.array([[6.0, 2.0]]) * MB}


def figures():
    return {
        "growth": growth_curves({"d = 64": {1e4: 5e6, 1e9: 5e11}}, {"a laptop": 16 * 2**30}, "Tables grow"),
        "plan": plan_bars(PLANS, ["target", "context"], "Two halves"),
        "cost": cost_curves(SIZES, "It costs"),
        "no growth": growth_curves({}, {}, "Nothing"),
        "no record": cost_curves([], "Nothing"),
    }


@pytest.mark.parametrize("name", sorted(figures()))
def test_every_figure_has_its_title_and_is_json(name):
    figure = figures()[name]
    assert display.title_of(figure)
    json.dumps(display.bundle(figure)[display.MIME], allow_nan=False)


def test_growth_is_in_gb_over_logarithmic_axes_with_a_line_for_each_limit():
    figure = figures()["growth"]
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    np.testing.assert_allclose(figure.data[0].y, [5e6 / 2**30, 5e11 / 2**30])
    assert [shape.y0 for shape in figure.layout.shapes] == [16.0]
    assert figure.layout.annotations[0].text == "a laptop"
    marks = dict(zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext))
    assert (marks[10**4], marks[10**9]) == ("10 thousand", "1 billion")


def test_a_bar_for_each_process_and_a_block_for_each_table():
    target, context = figures()["plan"].data
    assert [*target.x[0]] == ["row-wise", "row-wise", "one process"]
    assert [*target.x[1]] == ["process 0", "process 1", "process 0"]
    assert [*target.y] == [3.0, 3.0, 6.0]
    assert [*context.y] == [1.0, 1.0, 2.0]


def test_a_plan_of_the_calculator_can_be_drawn():
    found = size(1e4, traits=2, processes=2)
    figure = plan_bars({"row-wise": found.held}, [spec.name for spec in found.specs], "Halves")
    assert sum(sum(block.y) for block in figure.data) == pytest.approx(sum(found.per_process) / MB)


def test_cost_stands_over_the_tables_of_all_processes_and_leaves_out_what_was_not_measured():
    fit, two, one = figures()["cost"].data
    assert [fit.name, two.name, one.name] == ["fit, one process", "TorchRec, 2 processes", "TorchRec, one process"]
    assert [*fit.x] == [4.0]
    assert [*two.x] == [4.0, 40.0, 800.0]
    assert [*two.y] == [300, 400, 350]
    assert [*one.x] == [40.0]


def test_tables_of_all_processes():
    assert [whole_mb(entry) for entry in SIZES] == [4.0, 40.0, 800.0]
