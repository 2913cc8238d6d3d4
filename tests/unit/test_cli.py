"""The command line: what it prints, what it writes, and one sentence for each mistake."""

import csv
import json
import sys

import pytest

import mtsgns_lite as mt
import mtsgns_lite.__main__ as cli
from mtsgns_lite import doctor
from mtsgns_lite.__main__ import main

REGIONS = {"all", "seen", "cold"}


@pytest.fixture(scope="module")
def shop():
    return mt.planted(items=60, baskets=400, seed=3)


@pytest.fixture(autouse=True)
def _small(shop, monkeypatch):
    """ "planted" is that shop, which takes no time to make."""
    monkeypatch.setattr(cli, "load", lambda name, **given: shop if name == "planted" else mt.load(name, **given))


@pytest.fixture
def orders(shop, tmp_path):
    """The planted shop as the file a learner might bring: names that are recognised, a trait in the rows."""
    rows = [
        {"Order ID": order, "SKU": shop.catalogue.ids[item], "brand": shop.catalogue.traits["A"].text(item)}
        for order, basket in enumerate(shop.baskets)
        for item in basket
    ]
    return _write(tmp_path / "orders.csv", rows)


@pytest.fixture
def edges(shop, tmp_path):
    """How often two of its items share a basket, and a table of the items; one trait has several values in a cell."""
    graph = mt.Graph.from_baskets(shop.baskets, len(shop.catalogue)).edges()
    ids, traits = shop.catalogue.ids, shop.catalogue.traits
    rows = [{"one": ids[i], "other": ids[j], "times": w} for i, j, w in zip(graph.source, graph.target, graph.weight)]
    items = [
        {"sku": ids[i], "brand": traits["A"].text(i), "tags": f"{traits['B'].text(i)}|{traits['D'].text(i)}"}
        for i in range(len(ids))
    ]
    return _write(tmp_path / "edges.csv", rows), _write(tmp_path / "items.csv", items)


def _write(path, rows) -> str:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def _compare(tmp_path, *arguments) -> dict:
    out = tmp_path / "found.json"
    assert main(["compare", *arguments, "--seeds", "1", "--epochs", "1", "--json", str(out)]) == 0
    return json.loads(out.read_text())


def test_compare_writes_every_row_and_prints_a_table(orders, tmp_path, capsys):
    found = _compare(tmp_path, orders, "--models", "popularity,traits-global", "--dim", "8")
    assert set(found) >= {"dataset", "sizes", "versions", "rows"}
    assert found["dataset"] == "orders"
    assert found["sizes"]["items"] == 60
    popularity, traits = found["rows"]
    for row in (popularity, traits):
        assert {"model", "seed", "fit_seconds", "peak_mb", "auc", "hr@10", "ndcg@10", "mrr"} <= set(row)
        assert set(row["auc"]) == {"uniform", "degree", "category"}
        assert all(set(regions) == REGIONS for regions in row["auc"].values())
    assert popularity["fit_seconds"] is None
    assert traits["fit_seconds"] > 0
    assert traits["peak_mb"] >= 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table[-2:]] == ["popularity", "traits-global"]


def test_compare_takes_edges_by_named_columns_with_a_table_of_items(edges, tmp_path):
    columns = ["--source", "one", "--target", "other", "--weight", "times"]
    about = ["--items", edges[1], "--traits", "brand,tags", "--multi-separator", "|"]
    found = _compare(tmp_path, edges[0], *columns, *about, "--models", "popularity,sgns", "--category", "brand")
    assert found["sizes"]["edges"] > 0
    assert found["sizes"]["traits"] == 2
    assert found["rows"][0]["auc"]["category"]["all"] is not None


def test_compare_leaves_null_where_a_figure_does_not_exist(edges, tmp_path):
    found = _compare(tmp_path, edges[0], "--source", "one", "--target", "other", "--models", "cooccurrence")
    assert found["rows"][0]["auc"]["category"] == dict.fromkeys(REGIONS)
    assert found["rows"][0]["peak_mb"] is None


def test_train_keeps_a_model_that_neighbours_opens(orders, tmp_path, capsys):
    folder, vectors = tmp_path / "model", tmp_path / "vectors.parquet"
    assert main(["train", orders, "--out", str(folder), "--epochs", "1", "--dim", "8", "--export", str(vectors)]) == 0
    assert vectors.exists()
    assert "contribution share" in capsys.readouterr().out  # the default model is one with traits
    item = mt.load_model(folder).catalogue.names[0]
    assert main(["neighbours", str(folder), item, "-k", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3


def test_train_takes_sgns_where_there_are_no_traits(edges, tmp_path):
    arguments = ["train", edges[0], "--source", "one", "--target", "other", "--epochs", "1", "--dim", "8"]
    assert main([*arguments, "--out", str(tmp_path / "model")]) == 0
    assert isinstance(mt.load_model(tmp_path / "model"), mt.SGNS)


def test_data_lists_and_shows(orders, capsys):
    assert main(["data"]) == 0
    listed = capsys.readouterr().out
    for name in ("groceries", "planted", "movielens"):
        assert f"\n{name} " in f"\n{listed}"
    assert main(["data", "show", orders]) == 0
    assert "brand" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "nowhere.csv"], "nowhere.csv"),
        (["compare", "nosuchset"], "groceries"),
        (["compare", "planted", "--models", "word2vec"], "word2vec"),
        (["compare", "planted", "--device", "tpu"], "tpu"),
        (["compare", "planted", "--cold", "2"], "fraction"),
        (["compare", "planted", "--traits", "Q"], "'Q'"),
        (["compare", "planted", "--category", "Q"], "'Q'"),
        (["compare", "planted", "--basket", "order"], "--basket"),
        (["compare", "planted", "--json", "nofolder/found.json"], "nofolder"),
        (["compare", "movielens"], "data get movielens"),
        (["train", "planted", "--model", "popularity", "--out", "model"], "popularity"),
        (["neighbours", "nomodel", "milk"], "nomodel"),
    ],
)
def test_a_mistake_gets_one_sentence_and_code_2(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mtsgns_lite.data.sources.cache_folder", lambda part: tmp_path / part)
    assert main(arguments) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ")
    assert said in last


def test_a_column_that_is_not_there_is_named_with_those_that_are(orders, capsys):
    assert main(["compare", orders, "--item", "ean"]) == 2
    assert "'ean'" in (said := capsys.readouterr().err)
    assert "SKU" in said


def test_an_unknown_item_is_met_with_the_nearest(orders, tmp_path, capsys):
    main(["train", orders, "--out", str(tmp_path / "model"), "--epochs", "1", "--dim", "4"])
    capsys.readouterr()
    assert main(["neighbours", str(tmp_path / "model"), "itme 0001"]) == 2
    assert "Did you mean 'item 0001'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["compare", "planted", "--seeds", "0"], ["train", "planted"], ["fly"]])
def test_arguments_that_make_no_sense_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_course_passes_on_what_was_asked(monkeypatch):
    passed = []
    monkeypatch.setattr("mtsgns_lite.course.run", lambda *arguments: passed.append(arguments) or 1)
    asked = ["course", "planted", "--smoke", "--lessons", "02,03", "--out", "pages", "--device", "cpu", "--seed", "4"]
    assert main(asked) == 1  # a lesson that failed
    assert passed == [("planted", True, ["02", "03"], "pages", "cpu", 4)]


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 0
    assert "python -m mtsgns_lite compare groceries" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["course", "compare", "train", "neighbours", "data", "doctor", "leaderboard", "serve", "store"]
)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert len(capsys.readouterr().out.splitlines()[-1]) <= 120


def _states(check) -> list[str]:
    return [finding.state for finding in check()]


def test_doctor_finds_this_environment_well(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("[OK]", "[WARN]")) for line in lines) >= 6
    assert "groceries" in "\n".join(lines)
    assert any("packages of the service" in line for line in lines)


def test_doctor_names_what_is_missing_or_old(monkeypatch, capsys):
    wanted = [("", "numpy>=999"), ("", "nosuchpackage>=1"), ("notebooks", "alsonot>=1"), ("dev", "northis>=1"),
              ("serving", "noservice>=1")]  # fmt: skip
    monkeypatch.setattr(doctor, "_requirements", lambda: wanted)
    assert _states(doctor.packages) == [doctor.FAIL, doctor.WARN]
    (service,) = doctor.service()
    assert (service.state, "noservice" in service.what) == (doctor.WARN, True)
    assert ".[serving]" in service.advice
    assert doctor.run([doctor.packages]) == 1
    said = capsys.readouterr().out
    assert "too old, 999 is needed" in said
    assert "nosuchpackage is not installed" in said
    assert "make setup" in said


def test_doctor_reads_requirements_of_an_installed_package_too(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "PYPROJECT", tmp_path / "there is none")
    monkeypatch.setattr(doctor, "requires", lambda name: ["numpy>=1.26", 'jupyterlab>=4.2; extra == "notebooks"'])
    assert doctor._requirements() == [("", "numpy>=1.26"), ("notebooks", "jupyterlab>=4.2")]


@pytest.mark.parametrize(("version", "state"), [((3, 10), "FAIL"), ((3, 11), "OK"), ((3, 13), "OK"), ((3, 14), "FAIL")])
def test_doctor_looks_at_the_interpreter(version, state, monkeypatch):
    monkeypatch.setattr(sys, "version_info", version)
    assert _states(doctor.interpreter) == [state]


@pytest.mark.parametrize(("free", "state"), [(4e9, "OK"), (1.5e9, "WARN"), (0.5e9, "FAIL")])
def test_doctor_looks_at_free_memory(free, state, monkeypatch):
    monkeypatch.setattr(doctor, "_free_memory", lambda: free)
    assert _states(doctor.memory) == [state]


def test_doctor_reports_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setenv("MTSGNS_DEVICE", "tpu")
    assert _states(doctor.device) == [doctor.FAIL]


def test_doctor_reports_data_that_is_not_there(monkeypatch):
    def missing(name):
        raise FileNotFoundError("The groceries come with a package.")

    monkeypatch.setattr("mtsgns_lite.data.datasets.load", missing)
    assert _states(doctor.data) == [doctor.FAIL]


def test_doctor_does_not_fall_over_a_check_that_does(capsys):
    def ill():
        raise ImportError("No module named 'torch'")
        yield

    assert doctor.run([ill]) == 1
    assert "[FAIL] ill: No module named 'torch'" in capsys.readouterr().out
