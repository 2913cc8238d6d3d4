"""The models on TorchRec's tables are the models: same tables, same losses, same steps, whatever the processes."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.distributed as dist

import mtsgns_lite as mt
from mtsgns_lite import scale
from mtsgns_lite.__main__ import main
from mtsgns_lite.data.samples import SkipGramBatch
from mtsgns_lite.scale.models import spread_model, table_specs, write_traits
from mtsgns_lite.scale.rows import open_rows, write_rows

MODELS = {
    "sgns": (mt.SGNS, {}),
    "global": (mt.MultiTraitSGNS, {}),
    "item": (mt.MultiTraitSGNS, {"weights": "item"}),
    "uniform, no auxiliary": (mt.MultiTraitSGNS, {"weights": "uniform", "auxiliary": 0.0, "scale": False}),
    "both sides": (mt.MultiTraitSGNS, {"context_traits": True, "weights": "item"}),
}


def model_of(name, catalogue, dim=6, **options):
    kind, own = MODELS[name]
    return kind(catalogue, dim=dim, seed=3, **own, **options)


def specs_of(model):
    traits = model.catalogue.traits.values()
    values = sum(len(trait.values) for trait in traits)
    return table_specs(type(model).__name__, model.options, len(model.catalogue), len(traits), values)


def tables_of(model):
    return {name: module for name, module in model.named_modules() if isinstance(module, mt.Table)}


def partly_described(dataset):
    """Its catalogue, a third of whose items have no traits."""
    traits = [mt.Trait(t.name, t.values, np.where(np.arange(len(t.codes))[:, None] % 3 == 0, 0, t.codes))
              for t in dataset.catalogue.traits.values()]  # fmt: skip
    return mt.Catalogue(dataset.catalogue.ids, dataset.catalogue.names, traits)


@pytest.fixture
def alone():
    """One process that is a whole group, with TorchRec."""
    pytest.importorskip("torchrec", reason="TorchRec is not installed: make setup-scale")
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.fixture
def torchrec():
    pytest.importorskip("torchrec", reason="TorchRec is not installed: make setup-scale")


@pytest.mark.parametrize("name", MODELS)
def test_tables_are_those_that_the_model_makes_itself(name, wardrobe):
    model = model_of(name, wardrobe)
    specs = {spec.name: spec for spec in specs_of(model)}
    for own, table in tables_of(model).items():
        spec = specs.pop(own)
        assert (spec.rows, spec.dim) == tuple(table.weight.shape)
        assert spec.rate == table.rate
        assert (table.state == spec.start).all()
        assert bool(table.weight.any()) == (spec.spread > 0)
        assert table.weight.abs().max() <= spec.spread
        assert spec.spread == 0 or table.weight.abs().max() > 0.5 * spec.spread
    assert not specs


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("cut", ["row_wise", "table_wise"])
def test_the_same_batches_teach_the_same(name, cut, alone, planted_small, tmp_path):
    """Steps on TorchRec's tables, beside steps of the model's own from the same start on the same batches."""
    from mtsgns_lite.scale.tables import Tables

    model, samples = (
        model_of(name, partly_described(planted_small)),
        mt.Baskets(planted_small.baskets, 300, batch_size=64),
    )
    tables = Tables(specs_of(model), cut, torch.device("cpu"))
    tables.start(0)
    write_traits(type(model).__name__, model.catalogue, tmp_path / "traits")
    spread = spread_model(type(model).__name__, model.options, tables, tmp_path / "traits").train()
    own = tables_of(model.train())
    for table, (tensor, _) in ((own[n], s) for n in own if n not in tables.everywhere for s in tables.shards(n)):
        table.weight.copy_(tensor[:, : table.weight.shape[1]])

    stream = open_rows(tmp_path / "rows", write_rows(samples, tmp_path / "rows", 3), 0)
    for number, batch in enumerate(itertools.islice(stream.batches(0), 40)):
        factor = 1 - number / 100
        tables.fetch(spread.asks(batch), factor)
        whole = SkipGramBatch(batch.items, batch.present, batch.window, batch.noise, batch.negatives)
        losses = [spread.loss(batch), model.loss(whole)]
        assert torch.allclose(*losses, rtol=1e-5)
        for loss in losses:
            loss.backward()
        tables.update(factor)
        for table in own.values():
            table.update(factor)

    state = tables.state()
    for spec in specs_of(model):
        weight, squares = (state[f"{spec.name}.{part}"] for part in ("weight", "state"))
        if not spec.everywhere:
            weight, squares = weight.local_shards()[0].tensor, squares.local_shards()[0].tensor
            assert not weight[:, spec.dim :].any()
            squares = squares * (spec.width / spec.dim)
        # where a row's first gradient is next to nothing, Adagrad makes a whole step of its rounding
        apart = (weight[:, : spec.dim] - own[spec.name].weight).abs()
        assert apart.mean() < 1e-5
        assert apart.max() < 2e-3
        torch.testing.assert_close(squares, own[spec.name].state, rtol=1e-3, atol=1e-7)


def test_rows_start_within_their_spread_and_with_their_own_numbers(alone, wardrobe):
    from mtsgns_lite.scale.tables import Tables, TableSpec

    specs = [TableSpec("target", 40_000, 6, 0.1, 0.5), TableSpec("context", 10, 6, 0.1)]
    tables = Tables(specs, "row_wise", torch.device("cpu"))
    tables.start(0)
    ((target, _),), ((context, _),) = tables.shards("target"), tables.shards("context")
    assert not context.any()
    assert target[:, :6].abs().max() <= 0.5
    assert abs(float(target[:, :6].std()) - 0.5 / 3**0.5) < 0.005
    assert len(target[:, :6].unique()) > 230_000
    assert tables.bytes == sum(spec.bytes for spec in specs) == (40_010 * 8 + 40_010) * 4


def test_tables_that_do_not_fit_are_refused_in_a_sentence(alone, wardrobe):
    from mtsgns_lite.scale.tables import Tables, TableSpec

    with pytest.raises(ValueError, match=r"Tables of 248 MB do not fit 1 processes \(auto\): take more processes"):
        Tables([TableSpec("target", 1_000_000, 64, 0.1)], "auto", torch.device("cpu"), memory=100 * 2**20)


def fitted(model, samples, processes, **options):
    history = scale.fit(model, samples, 1, processes=processes, progress=False, checkpoints=2, **options)
    return history, {name: part.clone() for name, part in model.state_dict().items()}


def test_two_and_three_processes_learn_what_one_does(torchrec, planted_small, capfd):
    """Sums are taken in another order, and nothing else differs."""
    samples = mt.Baskets(planted_small.baskets, 300, batch_size=200)
    model = model_of("item", planted_small.catalogue, 8)
    history, one = fitted(model, samples, 1, sharding="row_wise")
    assert (history.steps, history.epochs, history.device) == (len(samples), 1, "1 process")
    assert history.loss[-1][1] < history.loss[0][1]
    for processes, cut in ((2, "table_wise"), (3, "row_wise")):
        more, several = fitted(model, samples, processes, sharding=cut)
        assert [step for step, _ in more.loss] == [step for step, _ in history.loss]
        np.testing.assert_allclose(more.loss, history.loss, rtol=1e-5)
        for name, part in one.items():
            torch.testing.assert_close(several[name], part, rtol=1e-4, atol=1e-4)
    assert capfd.readouterr().out == ""


def test_the_command_trains_a_model_like_any_other(torchrec, tmp_path):
    command = [sys.executable, "-m", "mtsgns_lite", "train", "planted", "--dim", "8", "--epochs", "1", "--engine"]
    command += ["torchrec", "--processes", "2", "--sharding", "row_wise", "--out", str(tmp_path / "model")]
    done = subprocess.run([*command, "--export", str(tmp_path / "v.parquet")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "target.items   2,000  8    0.07  row-wise" in done.stdout
    assert "on 2 processes" in done.stdout
    assert not (tmp_path / "model.job").exists()
    model = mt.load_model(tmp_path / "model")
    assert model.seen.sum() > 1_000
    assert len(mt.neighbours(model, "item 0000", 5)) == 5
    split = mt.split(mt.load("planted"), seed=0)
    assert mt.evaluate(model, split)[-1].auc["uniform"]["seen"] > 0.5
    history = mt.fit(model, split.train, 1, progress=False)  # and goes on, its states being there
    assert history.loss[-1][1] < 4
    assert (tmp_path / "v.parquet").exists()


def test_a_job_is_kept_while_it_is_the_same_and_nothing_else_is_touched(planted_small, tmp_path):
    samples = mt.Baskets(planted_small.baskets, 300)
    model = model_of("global", planted_small.catalogue)
    job = scale.write_job(tmp_path / "job", model, samples, 2)
    (job.checkpoints / "step-1").mkdir(parents=True)
    for told in ("torchrun.log", "error.txt"):  # which a training that broke off leaves
        (job.folder / told).write_text("told")
    assert scale.write_job(tmp_path / "job", model, samples, 2).checkpoints.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["job"]
    other = mt.Baskets(planted_small.baskets.take(np.arange(2_999, -1, -1)), 300)
    for settings in ({"samples": other}, {"epochs": 3}, {"seed": 1}, {"model": model_of("item", model.catalogue)}):
        assert not scale.write_job(
            tmp_path / "job", **{"model": model, "samples": samples, "epochs": 2} | settings
        ).progress()
        assert not (tmp_path / "job" / "checkpoints").exists()
        (job.checkpoints / "step-1").mkdir(parents=True)
        (job.checkpoints / "step-1" / "progress.json").write_text('{"step": 1}')
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="precious is there and is no job: name a folder that is not there yet"):
        scale.write_job(precious, model, samples)
    assert (precious / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sharding": "diagonal"}, "sharding='diagonal' is not known: choose from auto, row_wise, table_wise"),
        ({"schedule": "steep"}, "schedule='steep' is not known"),
        ({"epochs": 0}, "epochs=0"),
        ({"checkpoints": 0}, "checkpoints=0"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_written(wrong, sentence, planted_small, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        scale.write_job(
            tmp_path / "job", model_of("sgns", planted_small.catalogue), mt.Baskets(planted_small.baskets, 300), **wrong
        )
    assert not list(tmp_path.iterdir())


def test_other_models_are_refused(planted_small, tmp_path):
    model = mt.MatrixFactorization(planted_small.catalogue, dim=4)
    with pytest.raises(ValueError, match="MatrixFactorization can't be spread over processes: take SGNS or Multi"):
        scale.write_job(tmp_path / "job", model, mt.Baskets(planted_small.baskets, 300))


def test_samples_of_another_catalogue_are_refused(planted_small, wardrobe, tmp_path):
    with pytest.raises(ValueError, match="The samples have 300 items but the model's catalogue has 6"):
        scale.write_job(tmp_path / "job", model_of("sgns", wardrobe), mt.Baskets(planted_small.baskets, 300))


def test_a_job_that_is_not_there_or_of_another_version_is_told_of(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no job in"):
        scale.Job.open(tmp_path)
    (tmp_path / "job.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ValueError, match="of another version of mtsgns_lite: write it again"):
        scale.Job.open(tmp_path)


def test_without_torchrec_a_sentence_says_what_to_do(planted_small, monkeypatch):
    monkeypatch.setattr(sys.modules["mtsgns_lite.scale.launch"], "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="TorchRec is not installed: run `make setup-scale`"):
        scale.fit(model_of("sgns", planted_small.catalogue), mt.Baskets(planted_small.baskets, 300))


def test_an_empty_model_makes_the_same_job(planted_small, tmp_path):
    samples = mt.Baskets(planted_small.baskets, 300)
    scale.write_job(tmp_path / "job", model_of("item", planted_small.catalogue), samples)
    (tmp_path / "job" / "checkpoints").mkdir()
    with torch.device("meta"):
        empty = model_of("item", planted_small.catalogue)
    scale.write_job(tmp_path / "job", empty, samples)
    assert (tmp_path / "job" / "checkpoints").exists()  # so it was taken for the same


def test_a_log_becomes_a_graph_and_the_graph_a_job(tmp_path, capsys):
    pytest.importorskip("duckdb", reason="DuckDB is not installed: make setup-scale")
    rows = [f"u{user},p{(user * step) % 7},{100 * step}" for user in range(9) for step in range(5)]
    (tmp_path / "log.csv").write_text("\n".join(["user,item,time", *rows]))
    assert main(["scale", "edges", str(tmp_path / "log.csv"), "--out", str(tmp_path / "graph")]) == 0
    assert main(["scale", "prepare", str(tmp_path / "graph"), "--out", str(tmp_path / "job"), "--dim", "8"]) == 0
    job, told = scale.Job.open(tmp_path / "job"), capsys.readouterr().out
    assert (job.settings["kind"], job.settings["items"], job.settings["rows"]["kind"]) == ("SGNS", 7, "walks")
    assert f"-m mtsgns_lite.scale {tmp_path / 'job'}" in told
    assert main(["scale", "model", str(tmp_path / "job"), "--out", str(tmp_path / "model")]) == 2
    assert "has no checkpoint yet: train it first" in capsys.readouterr().err
    again = ["scale", "prepare", str(tmp_path / "graph"), "--out", str(tmp_path / "job"), "--memory"]
    assert main([*again, "2GB"]) == 0
    assert scale.Job.open(tmp_path / "job").settings["memory"] == 2 * 2**30
    with pytest.raises(SystemExit):
        main([*again, "much"])
    assert "memory='much' can't be read: write it as 512MB or 32GB" in capsys.readouterr().err
    asked = ["scale", "prepare", str(tmp_path / "graph"), "--out", str(tmp_path / "other"), "--model", "traits-item"]
    assert main(asked) == 2
    assert "has no traits, so traits-item can't learn from it: take sgns" in capsys.readouterr().err
