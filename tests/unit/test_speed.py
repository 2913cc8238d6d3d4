"""The speed benchmark's own parts: the generated graph is what it says, and so are the ratios and the table."""

import sys
from pathlib import Path

import numpy as np
import pytest

SPEED = Path(__file__).resolve().parents[1] / "benchmarks" / "speed"


@pytest.fixture(scope="module")
def parts():
    """Its modules `graphs`, `page` and `run`, which find each other as scripts do."""
    sys.path.insert(0, str(SPEED))
    try:
        import graphs
        import page
        import run

        yield graphs, page, run
    finally:
        sys.path.remove(str(SPEED))


def test_the_graph_has_as_many_distinct_edges_as_asked_and_no_lonely_node(parts):
    edges, community = parts[0].edges(3_000, 20_000, seed=1)
    low, high = np.minimum(edges.source, edges.target), np.maximum(edges.source, edges.target)
    assert len(np.unique(low * 3_000 + high)) == len(edges) == 20_000
    assert (low < high).all()
    degree = np.bincount(np.concatenate([low, high]), minlength=3_000)
    assert degree.min() >= 1
    assert degree.max() > 10 * np.median(degree)  # a heavy tail
    assert (community[low] == community[high]).mean() > 0.8


def test_the_ratio_is_the_median_over_pairs(parts):
    found = parts[2].ratio([(10.0, 1.0), (30.0, 2.0), (100.0, 5.0)])
    assert (found["ratio"], found["low"], found["high"]) == (15.0, 10.0, 20.0)


def test_the_deviation_is_that_from_a_straight_line_with_any_start(parts):
    straight = [{"tokens": t, "seconds": 3 + 2 * t} for t in (1, 2, 4, 8)]
    assert parts[2].deviation(straight, "seconds") < 1e-9
    bent = [{"tokens": t, "seconds": t**2} for t in (1, 2, 4, 8)]
    assert parts[2].deviation(bent, "seconds") > 0.15


def test_the_table_says_where_a_quality_was_never_reached(parts):
    pair = {"ratio": 2.0, "low": 1.0, "high": 3.0, "pairs": [[4.0, 2.0]], "tokens_s": [1e6, 2e6]}
    never = {"ratio": None, "pairs": [[4.0, None]]}
    walks = dict.fromkeys(("first_order", "pq", "loop"), pair)
    details = {"time_to_quality": {"generated": {"sgns": pair, "traits": never}}, "throughput": {"64": pair}}
    rows = parts[1].rows({"details": details | {"walks": walks}})
    assert rows[0] == ("sgns to gensim's AUC, generated", "gensim 4.0 s", "2.00 s", "2.0", "1.0 – 3.0")
    assert rows[1][3] == "not reached"
    assert rows[2][1:3] == ("gensim 1.00 M", "2.00 M")
    assert {len(row) for row in rows} == {len(parts[1].HEAD)}
