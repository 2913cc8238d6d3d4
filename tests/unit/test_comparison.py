"""`compare`: every named method on the same splits, in the shape that --json writes."""

import json
import time
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import methods
from mtsgns_lite.comparison import METHODS, Comparison, _PeakMemory, fit_and_evaluate, save_task
from mtsgns_lite.data.corpus import Corpus
from mtsgns_lite.methods import Watch, choose, parse

CORE = ["popularity", "cooccurrence", "mf", "mf-bias", "sgns", "traits-uniform", "traits-global", "traits-item",
        "traits-shuffled"]  # fmt: skip
MORE = ["mf-two", "mf-bias-two", "mf-weights", "mf-weights-two", "mf-walks", "mf-walks-two", "mf-bias-walks",
        "mf-bias-walks-two", "node2vec", "gensim-sg", "gensim-cbow", "text", "text-traits"]  # fmt: skip
SEQUENCES = ["gru4rec", "mind", "comirec-dr", "comirec-sa"]  # which need baskets
MORE += SEQUENCES
NOT_HERE = {"gensim-sg", "gensim-cbow", "text", "text-traits"}  # without gensim, sentencepiece, or names to read
ROW = {
    "model",
    "seed",
    "epochs",
    "fit_seconds",
    "peak_mb",
    "corpus",
    "auc",
    "hr@10",
    "ndcg@10",
    "mrr",
    "pr",
    "learning",
}


@pytest.fixture(scope="module")
def compared():
    """Two baselines and one fitted method, over two seeds, through real processes."""
    shop = mt.planted(items=120, baskets=800, strength=4.0)
    names = ["popularity", "cooccurrence", "sgns", "mf-walks@2"]
    return mt.compare(shop, names, seeds=2, dim=8, epochs=1, progress=False)


@pytest.fixture(scope="module")
def tiny_baskets():
    return mt.planted(items=60, baskets=300, strength=4.0)


@pytest.fixture(scope="module")
def tiny_edges(tiny_baskets):
    edges = mt.Graph.from_baskets(tiny_baskets.baskets, 60).edges()
    return mt.Dataset("graph", tiny_baskets.catalogue, edges=edges, main_trait="A")


def test_there_is_a_row_for_each_method_and_seed(compared):
    assert [(row["seed"], row["model"]) for row in compared.rows] == [
        (seed, model) for seed in (0, 1) for model in ("popularity", "cooccurrence", "sgns", "mf-walks@2")
    ]


def test_the_json_has_the_promised_shape(compared):
    found = json.loads(json.dumps(compared.to_json()))
    assert {"dataset", "sizes", "versions", "rows"} <= found.keys()
    for row in found["rows"]:
        assert row.keys() >= ROW
        assert row["auc"].keys() == {"uniform", "degree", "category"}
        for regions in row["auc"].values():
            assert regions.keys() == {"all", "seen", "cold"}
        fitted = row["model"] in ("sgns", "mf-walks@2")
        for name in ("epochs", "fit_seconds", "peak_mb", "corpus", "learning"):
            assert (row[name] is not None) == fitted
        assert all(0 <= row[name] <= 1 for name in ("hr@10", "ndcg@10", "mrr"))


def test_the_table_names_every_method(compared):
    shown = repr(compared)
    assert all(name in shown for name in ("popularity", "cooccurrence", "sgns"))
    assert "±" in shown  # the spread over the seeds
    assert compared._repr_html_().count("<tr>") == 5


def test_the_text_is_json_and_short_without_its_curves(compared):
    again = Comparison(**json.loads(compared.to_text()))
    assert again.to_json() == json.loads(json.dumps(compared.to_json()))
    short = json.loads(compared.to_text(curves=False))
    assert all(row.keys() == ROW - {"pr", "learning"} | row.keys() & {"auc_own_score"} for row in short["rows"])
    assert repr(Comparison(**short)) == repr(compared)


def test_a_row_may_carry_its_own_epochs(compared):
    fitted = {row["model"]: row for row in compared.rows if row["learning"]}
    assert {name: row["epochs"] for name, row in fitted.items()} == {"sgns": 1, "mf-walks@2": 2}
    points = {name: len(row["learning"]["auc"]) for name, row in fitted.items()}
    assert 6 <= points["sgns"] <= 8  # about five an epoch, one before the first step, one at the end
    assert 11 <= points["mf-walks@2"] <= 13
    assert parse("sgns@12") == ("sgns", 12)
    assert parse("sgns") == ("sgns", None)
    for wrong, said in {"sgns@": "number of epochs", "sgns@x": "sgns@1", "popularity@2": "not trained"}.items():
        with pytest.raises(ValueError, match=said):
            parse(wrong)


def test_rows_that_read_walks_or_baskets_read_the_same(compared):
    shop = mt.planted(items=120, baskets=800, strength=4.0)
    for seed in (0, 1):
        corpus = Corpus.draw(mt.split(shop, cold_items=0.1, seed=seed).train, seed, passes=2)
        read = [row["corpus"] for row in compared.rows if row["seed"] == seed and row["corpus"]]
        assert read == [corpus.fingerprint] * 2


def test_the_learning_curve_ends_where_the_row_does(compared):
    for row in compared.rows:
        if row["learning"]:
            seconds, auc, loss = (row["learning"][name] for name in ("seconds", "auc", "loss"))
            assert auc[-1] == pytest.approx(row["auc"]["degree"]["seen"], abs=1e-4)
            assert seconds == sorted(seconds)
            assert seconds[-1] <= row["fit_seconds"] + 0.01
            assert loss[0] is None
            assert loss[-1] < loss[1]


def test_the_curve_of_precision_and_recall_is_that_of_the_split(compared):
    """Where all true pairs are found about half are false, for there are as many; popularity is a coin all the way."""
    for row in compared.rows:
        curve = row["pr"]
        assert 2 < len(curve["recall"]) <= 100
        assert curve["recall"] == sorted(curve["recall"])
        assert curve["recall"][-1] == 1.0
        assert 0.5 <= curve["precision"][-1] < 0.53
        assert curve["threshold"] == sorted(curve["threshold"], reverse=True)
    by_model = {row["model"]: row["pr"]["precision"] for row in compared.rows}
    assert np.mean(by_model["cooccurrence"]) > np.mean(by_model["popularity"])  # it knows something


def test_rows_of_a_seed_stand_on_the_same_split(compared):
    """Scored again on the split of that seed, the baseline is the same."""
    shop = mt.planted(items=120, baskets=800, strength=4.0)
    for seed in (0, 1):
        split = mt.split(shop, cold_items=0.1, seed=seed)
        again = mt.evaluate(mt.SGNS(split.catalogue, dim=2), split)[0]
        row = next(row for row in compared.rows if row["model"] == "popularity" and row["seed"] == seed)
        assert row["auc"] == again.auc


FITTED = [(name, which) for name in CORE + MORE for which in ("tiny_baskets", "tiny_edges") if METHODS[name].fitted
          and (which == "tiny_baskets" or name not in SEQUENCES)]  # fmt: skip


@pytest.mark.parametrize(("name", "which"), FITTED)
def test_every_method_can_be_fitted_and_repeats_itself(name, which, request, tmp_path):
    if METHODS[name].needs == "gensim":
        pytest.importorskip("gensim", reason="gensim is not installed, and its rows are made only where it is")
    split = mt.split(request.getfixturevalue(which), hold_out=0.5)
    save_task(split, str(tmp_path))
    one, other = (fit_and_evaluate(name, str(tmp_path), 0, 4, 1, "cpu") for _ in range(2))
    json.dumps(one)
    assert one.keys() >= ROW
    assert one["model"] == name
    if METHODS[name].needs != "gensim":  # whose workers race
        assert one["auc"] == other["auc"]
    assert all(np.isfinite(v) for regions in one["auc"].values() for v in regions.values())
    own_data = {"mf", "mf-two", "mf-bias", "mf-bias-two", "node2vec", *SEQUENCES}
    assert (one["corpus"] is not None) == (name not in own_data and "weights" not in name)


def test_seeds_may_be_named():
    shop = mt.planted(items=60, baskets=300)
    found = mt.compare(shop, ["popularity"], seeds=[4, 1], progress=False)
    assert [row["seed"] for row in found.rows] == [4, 1]
    assert found.settings["seeds"] == 2


def test_the_methods_are_those_that_were_promised():
    assert sorted(METHODS) == sorted(CORE + MORE)
    assert list(METHODS)[0] == "popularity"  # which is shown first
    assert [name for name, method in METHODS.items() if method.core] == CORE


def test_by_default_the_core_and_all_when_asked(monkeypatch, planted_small):
    assert choose(None, planted_small) == CORE
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    assert choose("all", planted_small) == choose(["all"], planted_small)
    assert sorted(choose("all", planted_small)) == sorted({*CORE, *MORE} - NOT_HERE)
    plain = mt.planted(traits={}, items=50, baskets=100)
    assert choose(None, plain) == CORE[:5]
    with pytest.raises(ValueError, match="gensim-sg needs gensim, which is not installed"):
        mt.compare(plain, ["gensim-sg@5"], progress=False)


def test_sequence_models_are_compared_where_there_are_baskets(planted_small, planted_edges):
    found = mt.compare(planted_small, SEQUENCES, 1, epochs=1, progress=False)
    assert all(0 < row["auc"]["degree"]["seen"] < 1 and row["fit_seconds"] > 0 for row in found.rows)
    assert methods.lacking("mind", planted_edges) == (
        "mind needs what users took one after another, and 'graph' has edges: load baskets."
    )


def test_texts_are_read_where_there_are_names_and_a_package_to_cut_them(monkeypatch):
    plain = mt.planted(traits={}, items=50, baskets=100)
    with pytest.raises(ValueError, match="text needs names, and the items of 'planted' have only ids"):
        choose(["text"], plain)
    named = replace(plain, catalogue=mt.Catalogue(plain.catalogue.ids, [f"a thing {i % 7}" for i in range(50)]))
    assert choose(["text"], named) == ["text"]
    with pytest.raises(ValueError, match="text-traits needs traits"):
        choose(["text-traits"], named)
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="text needs sentencepiece, which is not installed: pip install"):
        choose(["text"], named)


def test_a_method_that_does_not_exist_or_needs_traits_is_refused():
    plain = mt.planted(traits={}, items=50, baskets=100)
    with pytest.raises(ValueError, match="no method 'gru': choose from popularity"):
        mt.compare(plain, ["gru"], progress=False)
    with pytest.raises(ValueError, match="traits-item needs traits"):
        mt.compare(plain, ["traits-item"], progress=False)


def test_factorisation_on_walks_sees_as_many_pairs_as_skip_gram(planted_split):
    """The model differs, the data does not: each pair once here, once from either end there."""
    rows = methods.Rows(Corpus.draw(planted_split.train), len(planted_split.catalogue))
    pairs = METHODS["mf-walks"].samples(planted_split, rows)
    generator = torch.Generator().manual_seed(0)
    ours = sum(int(batch.pairs().sum()) for batch in rows.batches(generator, torch.device("cpu")))
    assert sum(int(batch.value.sum()) for batch in pairs.batches(generator, torch.device("cpu"))) * 2 == ours


@pytest.mark.parametrize("which", ["planted_split", "planted_edges"])
def test_node2vec_gets_as_many_walks_as_the_others_have_rows(which, request):
    split = request.getfixturevalue(which)
    split = mt.split(split) if isinstance(split, mt.Dataset) else split
    rows = methods.Rows(Corpus.draw(split.train), len(split.catalogue))
    assert len(METHODS["node2vec"].samples(split, rows)) == pytest.approx(len(rows), rel=0.1)


def test_the_watch_leaves_its_own_time_and_memory_out(planted_split):
    watch = Watch(planted_split)

    def slow():
        time.sleep(0.2)
        return torch.ones(len(planted_split.catalogue), 2)

    watch.note(slow)
    time.sleep(0.05)
    watch.note(slow)
    assert 0.05 <= watch.seconds[1] < 0.15
    assert watch.auc == [0.5, 0.5]  # all alike
    with _PeakMemory() as memory, memory.aside():
        block = torch.ones(30_000_000)
        time.sleep(0.1)
        del block
    assert memory.peak_mb < 60


def test_memory_that_is_used_and_given_back_counts():
    with _PeakMemory() as memory, nullcontext():
        block = torch.ones(30_000_000)
        time.sleep(0.1)
        del block
    assert memory.peak_mb > 100


def test_gensim_reads_the_passes_in_turn_with_the_settings_that_are_promised(monkeypatch, planted_split):
    pytest.importorskip("gensim", reason="gensim is not installed, and its rows are made only where it is")
    import gensim.models

    from mtsgns_lite.peers import fit_gensim, usable_cpus

    made, read = [], []

    class Spy(gensim.models.Word2Vec):
        def __init__(self, **options):
            made.append(options)
            super().__init__(**options)

        def _train_epoch(self, data_iterable, **options):
            read.append(data_iterable := list(data_iterable))
            return super()._train_epoch(data_iterable, **options)

    monkeypatch.setattr(gensim.models, "Word2Vec", Spy)
    corpus, noted = Corpus.draw(planted_split.train, passes=2), []
    vectors, seconds = fit_gensim(corpus, 300, True, 8, 3, 0, lambda make: noted.append(make()))
    wanted = {"window": 10, "sg": 1, "negative": 5, "min_count": 1, "sample": 0, "workers": usable_cpus()}
    assert made[0].items() >= wanted.items()
    assert [rows == corpus.lists[number] for rows, number in zip(read, (0, 1, 0))] == [True] * 3
    assert len(noted) == 4
    assert torch.equal(noted[-1], vectors)
    seen = torch.from_numpy(planted_split.counts > 0)
    assert vectors[seen].any(dim=1).all()
    assert not vectors[~seen].any()
    assert seconds > 0
