"""`compare`: every named method on the same splits, in the shape that --json writes."""

import json

import numpy as np
import pytest

import mtsgns_lite as mt
from mtsgns_lite.comparison import METHODS, fit_and_evaluate

NAMES = ["popularity", "cooccurrence", "mf", "mf-bias", "sgns", "traits-uniform", "traits-global", "traits-item",
         "traits-shuffled"]  # fmt: skip
ROW = {"model", "seed", "fit_seconds", "peak_mb", "auc", "hr@10", "ndcg@10", "mrr"}


@pytest.fixture(scope="module")
def compared():
    """Two baselines and one fitted method, over two seeds, through real processes."""
    shop = mt.planted(items=120, baskets=800, strength=4.0)
    return mt.compare(shop, ["popularity", "cooccurrence", "sgns"], seeds=2, dim=8, epochs=1, progress=False)


def test_there_is_a_row_for_each_method_and_seed(compared):
    assert [(row["seed"], row["model"]) for row in compared.rows] == [
        (seed, model) for seed in (0, 1) for model in ("popularity", "cooccurrence", "sgns")
    ]


def test_the_json_has_the_promised_shape(compared):
    found = json.loads(json.dumps(compared.to_json()))
    assert {"dataset", "sizes", "versions", "rows"} <= found.keys()
    for row in found["rows"]:
        assert row.keys() >= ROW
        assert row["auc"].keys() == {"uniform", "degree", "category"}
        for regions in row["auc"].values():
            assert regions.keys() == {"all", "seen", "cold"}
        fitted = row["model"] == "sgns"
        assert (row["fit_seconds"] is not None) == fitted
        assert (row["peak_mb"] is not None) == fitted
        assert all(0 <= row[name] <= 1 for name in ("hr@10", "ndcg@10", "mrr"))


def test_the_table_names_every_method(compared):
    shown = repr(compared)
    assert all(name in shown for name in ("popularity", "cooccurrence", "sgns"))
    assert "±" in shown  # the spread over the seeds
    assert compared._repr_html_().count("<tr>") == 4


def test_rows_of_a_seed_stand_on_the_same_split(compared):
    """Scored again on the split of that seed, the baseline is the same."""
    shop = mt.planted(items=120, baskets=800, strength=4.0)
    for seed in (0, 1):
        split = mt.split(shop, cold_items=0.1, seed=seed)
        again = mt.evaluate(mt.SGNS(split.catalogue, dim=2), split)[0]
        row = next(row for row in compared.rows if row["model"] == "popularity" and row["seed"] == seed)
        assert row["auc"] == again.auc


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("popularity", "cooccurrence")])
@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_every_method_can_be_fitted_and_repeats_itself(name, which, request, tmp_path):
    mt.split(request.getfixturevalue(which), hold_out=0.8).save(tmp_path)
    one, other = (fit_and_evaluate(name, str(tmp_path), 0, 4, 1, "cpu") for _ in range(2))
    json.dumps(one)
    assert one.keys() >= ROW
    assert one["model"] == name
    assert one["auc"] == other["auc"]
    assert all(np.isfinite(v) for regions in one["auc"].values() for v in regions.values())


def test_the_methods_are_those_of_the_command_line():
    assert list(METHODS) == NAMES


def test_a_method_that_does_not_exist_or_needs_traits_is_refused():
    plain = mt.planted(traits={}, items=50, baskets=100)
    with pytest.raises(ValueError, match="no method 'gru': choose from popularity"):
        mt.compare(plain, ["gru"], progress=False)
    with pytest.raises(ValueError, match="traits-item needs traits"):
        mt.compare(plain, ["traits-item"], progress=False)
