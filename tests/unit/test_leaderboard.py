"""A class's vectors are scored as `evaluate` would, whatever a stranger's file holds or is called."""

import csv
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from safetensors.torch import save_file

import mtsgns_lite as mt
from mtsgns_lite import leaderboard as board
from mtsgns_lite import scoring
from mtsgns_lite.__main__ import main
from mtsgns_lite.leaderboard import Leaderboard, Row, leaderboard, read_split
from mtsgns_lite.submissions import clean, find_submissions, names_of, read_submission
from mtsgns_lite.vector_files import Limits, Refused

IDS = ["a 1", "b", "ç", "7", "e"]
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


@pytest.fixture
def in_here(monkeypatch):
    """Score in this process, which is quicker and needs no limits."""
    monkeypatch.setattr(scoring, "_limit_memory", lambda limits: None)
    here = lambda path, split, limits: scoring.score(str(path), str(split), vars(limits))  # noqa: E731
    monkeypatch.setattr(board, "score_apart", here)


@pytest.fixture(scope="module")
def held_back(planted_split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("instructor") / "held-back"
    planted_split.save(folder)
    return folder


@pytest.fixture
def handed_in(tmp_path):
    (tmp_path / "handed-in").mkdir()
    return tmp_path / "handed-in"


def _word2vec(path, ids=IDS, vectors=VECTORS, head=None):
    lines = [head or f"{len(ids)} {np.shape(vectors)[1]}"]
    lines += [f"{item} {' '.join(map(repr, row))}" for item, row in zip(ids, np.asarray(vectors, float).tolist())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _frame(path, **columns):
    pd.DataFrame({"item": IDS, **columns}).to_parquet(path)
    return path


def _tensors(path, ids=None, **tensors):
    given = {name: torch.as_tensor(value) for name, value in tensors.items()}
    save_file(given, path, None if ids is None else {"ids": json.dumps(ids)})
    return path


# --- the forms --------------------------------------------------------------------------------------------------------


BY_COLUMN = {f"d{number}": VECTORS[:, number] for number in range(3)}
ORDER = [3, 0, 4, 1, 2]
FORMS = {
    "text": lambda p: _word2vec(p / "v.txt"),
    "text, blanks written as _": lambda p: _word2vec(p / "v.VEC", ["a_1", *IDS[1:]]),
    "lists": lambda p: _frame(p / "v.parquet", name=["x"] * 5, count=[1, 2, 3, 4, 5], vector=list(VECTORS)),
    "lists of doubles": lambda p: _frame(p / "v.parquet", vector=VECTORS.astype(float).tolist(), price=[0.5] * 5),
    "columns": lambda p: _frame(p / "v.parquet", name=["x"] * 5, count=[1, 2, 3, 4, 5], **BY_COLUMN),
    "coded ids": lambda p: _frame(p / "v.parquet", vector=list(VECTORS)) and _coded(p / "v.parquet"),
    "an index": lambda p: pd.DataFrame(VECTORS, IDS).rename(columns=str).to_parquet(p / "v.parquet") or p / "v.parquet",
    "in order": lambda p: _tensors(p / "v.safetensors", anything=VECTORS, counts=np.ones(5)),
    "with ids": lambda p: _tensors(
        p / "v.safetensors", [IDS[i] for i in ORDER], vectors=VECTORS[ORDER], other=np.ones((5, 2))
    ),
}


def _coded(path):
    frame = pd.read_parquet(path)
    frame.assign(item=frame["item"].astype("category")).to_parquet(path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_each_item_its_vector(form, tmp_path):
    found = read_submission(FORMS[form](tmp_path), IDS)
    assert np.allclose(found.vectors, VECTORS, rtol=1e-6)
    assert (found.covered, found.unknown) == (5, 0)


def test_half_precision_is_read(tmp_path):
    found = read_submission(_tensors(tmp_path / "v.safetensors", v=torch.from_numpy(VECTORS).bfloat16()), IDS)
    assert np.allclose(found.vectors, VECTORS, rtol=1e-2)


def test_whole_numbers_are_ids_too(tmp_path):
    pd.DataFrame({"id": [7, 8], "v": [[1.0, 2.0], [3.0, 4.0]]}).to_parquet(tmp_path / "v.parquet")
    found = read_submission(tmp_path / "v.parquet", IDS)
    assert found.vectors[3].tolist() == [1, 2]
    assert found.unknown == 1


@pytest.mark.parametrize("ending", ["v.txt", "v.parquet"])
def test_what_we_export_can_be_handed_in(ending, trained, tmp_path):
    mt.export_vectors(trained, tmp_path / ending)
    found = read_submission(tmp_path / ending, trained.catalogue.ids.tolist())
    assert np.allclose(found.vectors, trained.embeddings().numpy(), rtol=1e-4, atol=1e-6)


def test_a_saved_model_can_be_handed_in_whatever_the_order_of_its_catalogue(trained, tmp_path):
    mt.save_model(trained, tmp_path / "model")
    backwards = trained.catalogue.ids.tolist()[::-1]
    found = read_submission(tmp_path / "model", backwards)
    assert np.array_equal(found.vectors[::-1], trained.embeddings().numpy())


def test_a_missing_item_has_no_vector_and_an_unknown_one_is_counted(tmp_path):
    found = read_submission(_word2vec(tmp_path / "v.txt", ["b", "nobody", "e", "none"], VECTORS[:4]), IDS)
    assert np.flatnonzero(found.vectors.any(axis=1)).tolist() == [1, 4]
    assert (found.covered, found.unknown) == (2, 2)


def test_an_underscore_is_a_blank_only_where_that_is_clear(tmp_path):
    ids = ["x y", "x_y", "p q", "p  q", "m n"]
    found = read_submission(_word2vec(tmp_path / "v.txt", ["x_y", "p_q", "m_n"], VECTORS[:3]), ids)
    assert np.flatnonzero(found.vectors.any(axis=1)).tolist() == [1, 4]
    with pytest.raises(Refused, match="more than one row for 'm_n'"):
        read_submission(_word2vec(tmp_path / "v.txt", ["m n", "m_n"], VECTORS[:2]), ids)


def test_lengths_that_single_precision_loses_keep_their_direction(tmp_path):
    for size in (1e-30, 1e30):
        found = read_submission(_tensors(tmp_path / "v.safetensors", v=VECTORS * np.float32(size)), IDS).vectors
        unit = torch.nn.functional.normalize(torch.from_numpy(found), dim=1)
        assert torch.allclose(unit, torch.nn.functional.normalize(torch.from_numpy(VECTORS), dim=1), atol=1e-5)


# --- what is refused --------------------------------------------------------------------------------------------------


def _raw(name, content):
    return lambda folder: (folder / name).write_bytes(content) and folder / name


def _nan(value):
    vectors = VECTORS.copy()
    vectors[2, 1] = value
    return vectors


HUGE = b'{"v":{"dtype":"F32","shape":[1000000000000,0],"data_offsets":[0,0]}}'
LIES = b'{"v":{"dtype":"F32","shape":[1000000,1000],"data_offsets":[0,4000000000]}}'
REFUSED = {
    "a promise of 10^12 rows": (_raw("v.txt", b"1000000000000 2\na 1 2\n"), "at most 2,000,000 rows"),
    "a promise of too many dimensions": (_raw("v.txt", b"2 5000\na 1 2\n"), "4,096 dimensions"),
    "a promise that the file can't hold": (_raw("v.txt", b"1000000 64\na 1 2\n"), "too short for that"),
    "a promise of nothing": (_raw("v.txt", b"0 0\n"), "no vectors"),
    "no head": (lambda p: _word2vec(p / "v.txt", head="a 0.5 0.5 0.5"), "ROWS DIMENSIONS"),
    "another encoding": (_raw("v.txt", "2 1\na 1\nb 2\n".encode("utf-16")), "ROWS DIMENSIONS"),
    "ids in latin-1": (_raw("v.txt", b"2 1\nb 1\n\xe7 2\n"), "line 3 is not UTF-8"),
    "fewer lines": (lambda p: _word2vec(p / "v.txt", head="6 3"), "Line 7 is not an id and 3 numbers"),
    "more lines": (lambda p: _word2vec(p / "v.txt", head="4 3"), "more lines than the 4"),
    "fewer numbers": (_raw("v.txt", b"2 2\nb 1 2\ne 1\n        "), "Line 3 is not an id and 2 numbers"),
    "more numbers": (_raw("v.txt", b"2 2\nb 1 2\ne 1 2 3\n"), "row of 'e' has more numbers"),
    "a decimal comma": (_raw("v.txt", b"2 2\nb 1,5 2\ne 1 2\n"), "Line 2 holds something else"),
    "an endless line": (_raw("v.txt", b"1 1\nb " + b"1" * 100_000), "more lines than the 1"),
    "an empty file": (lambda p: (p / "v.txt").touch() or p / "v.txt", "is empty"),
    "ids twice": (lambda p: _word2vec(p / "v.txt", ["b", "b", "e", "e", "7"]), r"more than one row for 'b' \(2 such"),
    "unknown ids twice": (lambda p: _word2vec(p / "v.txt", ["b", "q", "q", "e", "7"]), "more than one row for 'q'"),
    "NaN": (lambda p: _word2vec(p / "v.txt", vectors=_nan(np.nan)), "of 'ç' holds NaN"),
    "infinity": (lambda p: _tensors(p / "v.safetensors", v=_nan(-np.inf)), "of 'ç' holds NaN, infinity"),
    "too large for single precision": (
        lambda p: _word2vec(p / "v.txt", vectors=VECTORS.astype(float) * 1e300),
        "too large",
    ),
    "no known id": (lambda p: _word2vec(p / "v.txt", ["v", "w", "\x1b[2Jx", "y", "z"]), "None of its ids"),
    "no parquet": (_raw("v.parquet", b"PAR1" + b"\xff" * 500 + b"PAR1"), "as parquet"),
    "no ids": (lambda p: _parquet(p, v=[[1.0]]), 'no column of ids: call it "item"'),
    "ids that are fractions": (lambda p: _parquet(p, item=[0.5], v=[[1.0]]), "no column of ids"),
    "two columns of text": (lambda p: _parquet(p, x=["b"], y=["e"], v=[[1.0]]), "no column of ids"),
    "a row without an id": (lambda p: _parquet(p, item=["b", None], v=[[1.0], [2.0]]), "no id"),
    "ids in latin-1, parquet": (lambda p: _parquet(p, item=[b"\xe7"], v=[[1.0]]), "not UTF-8"),
    "no vectors": (lambda p: _parquet(p, item=["b"], count=[1]), "no vectors"),
    "lists of lists": (lambda p: _parquet(p, item=["b"], v=[[[1.0]]]), "no vectors"),
    "two columns of lists": (lambda p: _parquet(p, item=["b"], v=[[1.0]], w=[[1.0]]), "leave only the vectors"),
    "ragged lists": (lambda p: _parquet(p, item=["b", "e"], v=[[1.0], [1.0, 2.0]]), "differ in length"),
    "a missing list": (lambda p: _parquet(p, item=["b", "e"], v=[[1.0], None]), "one is missing"),
    "a missing number": (lambda p: _parquet(p, item=["b"], v=[[1.0, None]]), "holds NaN"),
    "hundreds of columns": (lambda p: _parquet(p, **{f"d{n}": [1.0] for n in range(5_000)}), "too much"),
    "columns of one name": (lambda p: _same_names(p / "v.parquet"), "same name"),
    "no safetensors": (_raw("v.safetensors", b"x" * 100), "as safetensors"),
    "a head longer than the file": (_raw("v.safetensors", b"\xff" * 7 + b"\0{}"), "as safetensors"),
    "a deep head": (_raw("v.safetensors", (200_000).to_bytes(8, "little") + b"[" * 200_000), "as safetensors"),
    "a matrix of no width": (_raw("v.safetensors", len(HUGE).to_bytes(8, "little") + HUGE), "no vectors"),
    "a head that lies": (_raw("v.safetensors", len(LIES).to_bytes(8, "little") + LIES), "as safetensors"),
    "two matrices": (lambda p: _tensors(p / "v.safetensors", a=VECTORS, b=VECTORS + 1), "2 tables"),
    "a list, no matrix": (lambda p: _tensors(p / "v.safetensors", a=VECTORS[0]), "0 tables"),
    "whole numbers": (lambda p: _tensors(p / "v.safetensors", a=np.ones((5, 3), dtype=int)), "0 tables"),
    "rows for other items": (lambda p: _tensors(p / "v.safetensors", a=VECTORS[:4]), "4 rows without ids"),
    "too few ids": (lambda p: _tensors(p / "v.safetensors", IDS[:4], a=VECTORS), "JSON list of 5 ids"),
    "ids that are no list": (lambda p: _tensors(p / "v.safetensors", {"b": 1}, a=VECTORS), "JSON list of 5 ids"),
    "another ending": (_raw("v.npy", b"x"), "pickles and archives are not opened"),
    "an archive": (_raw("v.txt.gz", b"x"), "pickles and archives are not opened"),
}


def _parquet(folder, **columns):
    parquet.write_table(pa.table(columns), folder / "v.parquet")
    return folder / "v.parquet"


def _same_names(path):
    parquet.write_table(
        pa.Table.from_arrays([pa.array(["b"]), pa.array([1.0]), pa.array([2.0])], ["item", "d", "d"]), path
    )
    return path


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_not_be_scored_is_refused_in_a_sentence(what, tmp_path):
    make, said = REFUSED[what]
    with pytest.raises(Refused, match=said) as refused:
        read_submission(make(tmp_path), IDS)
    text = str(refused.value)
    assert len(text) < 250
    assert text.isprintable()
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        ("text", Limits(rows=4)), ("text", Limits(dim=2)), ("lists", Limits(rows=4)), ("lists", Limits(dim=2)),
        ("columns", Limits(dim=2)), ("lists", Limits(cells=14)), ("in order", Limits(rows=4)),
        ("text", Limits(cells=14)), ("text", Limits(megabytes=0)), ("lists", Limits(megabytes=0)),
        ("in order", Limits(megabytes=0)),
    ],
)  # fmt: skip
def test_sizes_are_limited(make, limits, tmp_path):
    path = FORMS[make](tmp_path)
    read_submission(path, IDS)
    with pytest.raises(Refused, match="at most|too much"):
        read_submission(path, IDS, limits)


def test_a_parquet_file_that_unpacks_to_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    same = np.zeros((20_000, 50), dtype=np.float32)
    pd.DataFrame({"item": np.arange(20_000), "v": list(same)}).to_parquet(tmp_path / "v.parquet")
    assert (tmp_path / "v.parquet").stat().st_size < same.nbytes / 20
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", None)
    with pytest.raises(Refused, match="unpacks to 1,000,000 numbers"):
        read_submission(tmp_path / "v.parquet", IDS, Limits(cells=999_999))


class _Evil:
    def __reduce__(self):
        return (Path.touch, (Path(os.environ["MARKER"]),))


@pytest.mark.parametrize("ending", [".txt", ".vec", ".parquet", ".safetensors", ".pt", ".pkl", ".npy"])
@pytest.mark.parametrize("write", [pickle.dump, torch.save, lambda evil, file: np.save(file, np.array([evil]))])
def test_a_pickle_is_never_opened_whatever_it_is_called(ending, write, tmp_path, monkeypatch):
    monkeypatch.setenv("MARKER", str(tmp_path / "marker"))
    with open(tmp_path / f"v{ending}", "wb") as file:
        write(_Evil(), file)
    with pytest.raises(Refused):
        read_submission(tmp_path / f"v{ending}", IDS)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda p, t: os.symlink(t, p), lambda p, t: os.symlink("/dev/zero", p), lambda p, t: os.symlink(p, p),
        lambda p, t: os.mkfifo(p), lambda p, t: p.mkdir(),
    ],
)  # fmt: skip
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_links_and_devices_are_not_followed(make, tmp_path):
    make(tmp_path / "v.txt", _word2vec(tmp_path / "target.txt"))
    said = "links are not followed" if (tmp_path / "v.txt").is_symlink() else "a folder or a device"
    with pytest.raises(Refused, match=said):
        read_submission(tmp_path / "v.txt", IDS)


def test_a_model_made_of_links_is_not_followed(trained, tmp_path):
    mt.save_model(trained, tmp_path / "whole")
    (tmp_path / "model").mkdir()
    for part in (tmp_path / "whole").iterdir():
        os.symlink(part, tmp_path / "model" / part.name)
    with pytest.raises(Refused, match=r"Its model\.json is a link"):
        read_submission(tmp_path / "model", IDS)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"kind": "Evil"}, "no model"), ({"options": {"dim": 10**9}}, "at most"), ({"options": {"dim": 17}}, "no model"),
     ({"items": 10**12}, "at most"), ({"options": 3}, "no model"), ({"format": 99}, "newer version")],
)  # fmt: skip
def test_a_model_that_is_not_whole_is_refused(change, said, trained, tmp_path):
    mt.save_model(trained, tmp_path)
    about = json.loads((tmp_path / "model.json").read_text()) | change
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(Refused, match=said):
        read_submission(tmp_path, IDS)


# --- the folder -------------------------------------------------------------------------------------------------------


def test_a_file_or_a_folder_for_each_student_is_found(handed_in):
    for name in (
        "anna.txt",
        "cem.pt",
        ".hidden.txt",
        "Thumbs.db",
        "scores.csv",
        "dora.v2.parquet",
        "emil.txt",
        "emil.vec",
    ):
        (handed_in / name).write_text("x")
    for name in ("berta/deep/er/v.txt", "berta/report.pdf", "filip/report.pdf", "__MACOSX/v.txt", "a/b/c/d/e/v.txt"):
        (handed_in / name).parent.mkdir(parents=True, exist_ok=True)
        (handed_in / name).write_text("x")
    found = find_submissions(handed_in, [handed_in / "scores.csv"])
    names = dict(zip(names_of([path for path, _ in found], handed_in), [error for _, error in found]))
    assert list(names) == ["a", "anna", "berta/deep/er/v", "cem.pt", "dora.v2", "emil.txt", "emil.vec", "filip"]
    assert {name for name, error in names.items() if "holds no file" in error} == {"a", "filip"}


def test_a_folder_of_thousands_of_files_costs_its_student_only(handed_in):
    (handed_in / "anna").mkdir()
    for number in range(1_001):
        (handed_in / "anna" / f"{number}.txt").touch()
    (handed_in / "berta.txt").touch()
    (_, said), (berta, nothing) = find_submissions(handed_in)
    assert "more than 1,000 files" in said
    assert (berta.name, nothing) == ("berta.txt", "")


def test_folders_that_are_links_are_not_entered(handed_in, tmp_path):
    _word2vec(tmp_path / "v.txt")
    os.symlink(tmp_path, handed_in / "anna")
    (handed_in / "berta").mkdir()
    os.symlink(tmp_path, handed_in / "berta" / "more")
    assert [path.name for path, _ in find_submissions(handed_in)] == ["anna", "berta"]


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\rb", "\u202egnp.exe", "\udcff\udcfe", "zero\u200bwidth", "a\nb"])
def test_no_name_can_steer_a_terminal(name):
    said = clean(name, 60)
    assert said.isprintable()
    said.encode("utf-8")
    assert clean("x" * 500, 60).startswith("xxx")
    assert len(clean("x" * 500, 60)) == 60


# --- the table --------------------------------------------------------------------------------------------------------


def _row(name, seen, **more):
    figures = dict.fromkeys(scoring.FIGURES, 0.25) | {"degree-seen": seen}
    return Row(name, figures, dim=3, covered=5, unknown=0, **more)


def test_the_best_is_first_ties_share_a_place_and_failures_are_last():
    reference = Row("(popularity)", dict.fromkeys(scoring.FIGURES, 0.55))
    rows = [_row("d", None), Row("bad", error="Damaged."), _row("a", 0.5), _row("c", 0.6), reference, _row("b", 0.6)]
    ordered = board._in_order(rows, "degree-seen")
    assert [(row.name, row.place) for row in ordered] == [
        ("b", 1), ("c", 1), ("(popularity)", None), ("a", 3), ("d", 4), ("bad", None)
    ]  # fmt: skip
    shown = str(Leaderboard(ordered, "degree-seen", 5))
    assert shown.splitlines()[-1] == "  bad: Damaged."


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum(a1)", " =1", "＝1", "=cmd|' /C calc'!A0;x"])
def test_no_cell_of_the_csv_is_a_formula(name, tmp_path):
    found = Leaderboard([_row(name, 0.5), Row("ça va", error=f'{name}, "he" said')], "degree-seen", 5)
    found.write_csv(tmp_path / "scores.csv")
    with open(tmp_path / "scores.csv", newline="", encoding="utf-8-sig") as file:
        first, second = csv.DictReader(file)
    assert first["submission"] == "'" + name
    assert first["degree-seen"] == "0.500000"
    assert second["submission"] == "ça va"
    assert second["error"].startswith("'")
    assert second["degree-seen"] == ""


def test_no_name_is_markup(tmp_path):
    found = Leaderboard([_row("<script>x</script>", 0.5), Row("<b>", error="<i>no</i>")], "degree-seen", 5)
    found.write_html(tmp_path / "scores.html")
    page = (tmp_path / "scores.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;x" in page
    assert "<b>" not in page + found._repr_html_()
    assert "<i>" not in page + found._repr_html_()


# --- the whole --------------------------------------------------------------------------------------------------------


def test_the_figures_are_those_of_evaluate(trained, planted_split, held_back, handed_in, in_here):
    mt.export_vectors(trained, handed_in / "anna.parquet")
    mt.save_model(trained, handed_in / "berta")
    shutil.copytree(held_back, handed_in / "held-back")  # which is not taken for a submission
    expected = {row.method: row for row in mt.evaluate(trained, planted_split, name="anna")}
    found = {row.name: row for row in leaderboard(handed_in, handed_in / "held-back", progress=False).rows}
    assert set(found) == {"anna", "berta", "(popularity)", "(cooccurrence)"}
    assert found["anna"].figures == found["berta"].figures == scoring.figures_of(expected["anna"])
    assert found["(popularity)"].figures == scoring.figures_of(expected["popularity"])
    assert found["(cooccurrence)"].figures == scoring.figures_of(expected["cooccurrence"])
    assert found["anna"].figures["degree-cold"] > 0.55  # which traits of cold items make possible
    assert (found["anna"].covered, found["anna"].unknown, found["anna"].dim) == (300, 0, 16)


def test_a_file_that_fails_in_any_way_stops_no_other(trained, held_back, handed_in, in_here, monkeypatch):
    mt.export_vectors(trained, handed_in / "anna.parquet")
    for name in ("berta.txt", "cem.vec", "dora.exe"):
        (handed_in / name).write_text("x")

    def fail(content, limits):
        raise {0: RuntimeError("can't allocate memory"), 1: ZeroDivisionError("\x1b[2J")}[
            calls.append(1) or len(calls) - 1
        ]

    calls: list[int] = []
    monkeypatch.setitem(scoring.read_submission.__globals__["READERS"], ".txt", fail)
    monkeypatch.setitem(scoring.read_submission.__globals__["READERS"], ".vec", fail)
    found = leaderboard(handed_in, held_back, progress=False)
    assert {row.name for row in found.failed} == {"berta", "cem", "dora.exe"}
    said = {row.name: row.error for row in found.failed}
    assert "4,000 MB of memory" in said["berta"]
    assert "ZeroDivisionError" in said["cem"]
    assert [row.name for row in found.rows if row.place] == ["anna"]


def test_by_the_command_in_processes_of_their_own(trained, held_back, handed_in, tmp_path, capsys):
    mt.export_vectors(trained, handed_in / "-anna.txt")
    (handed_in / "scores.csv").write_text("of last week")
    (handed_in / os.fsdecode(b"\xffberta.parquet")).write_bytes(b"PAR1 PAR1")
    out = handed_in / "scores.csv"
    asked = ["leaderboard", str(handed_in), "--split", str(held_back), "--by", "degree-cold", "--csv", str(out)]
    assert main([*asked, "--html", str(tmp_path / "scores.html")]) == 1
    said = capsys.readouterr().out
    assert "not scored (1)" in said
    assert said.index("-anna") < said.index("(popularity)") < said.index("\\udcffberta: It can't be read as parquet")
    rows = {row["submission"]: row for row in csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines())}
    assert rows["'-anna"]["place"] == "1"
    assert float(rows["'-anna"]["degree-cold"]) > 0.55
    assert "&lt;" not in (tmp_path / "scores.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("limits", "said"), [(Limits(seconds=0.01), "0.01 seconds"), (Limits(memory=1), "1 MB of memory")]
)
def test_what_takes_too_long_or_too_much_is_ended(limits, said, held_back, tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **more: started.append(real(*given, **more)) or started[-1])
    assert said in scoring.score_apart(_word2vec(tmp_path / "v.txt"), held_back, limits)["error"]
    assert started[0].returncode is not None


@pytest.mark.skipif(shutil.which("false") is None, reason="this system has no such program")
def test_a_process_that_dies_is_told_of(held_back, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert "broke off (exit code 1)" in scoring.score_apart(tmp_path / "v.txt", held_back, Limits())["error"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there the system refuses memory")
def test_the_system_refuses_memory_over_the_limit():
    script = (
        "from mtsgns_lite import scoring; import numpy as np; scoring._limit_memory(scoring.Limits(memory=300));"
        "np.empty(100_000_000, np.uint8); print('some'); np.empty(1_000_000_000, np.uint8); print('much')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["some"]
    assert "MemoryError" in done.stderr


def test_it_is_not_run_among_the_files_of_strangers(held_back, handed_in, monkeypatch):
    (handed_in / "deep").mkdir()
    for place in (handed_in, handed_in / "deep"):
        monkeypatch.chdir(place)
        with pytest.raises(ValueError, match=r"numpy\.py"):
            leaderboard(handed_in, held_back)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--split", "held"], "no folder nowhere"), ([".", "--split", "nowhere"], "no split in nowhere"),
        ([".", "--split", "held", "--csv", "no/scores.csv"], "no folder no"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_instructor_gets_one_sentence(arguments, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "handed").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["leaderboard", *[a.replace(".", "handed") if a == "." else a for a in arguments]]) == 2
    assert said in capsys.readouterr().err


def test_the_help_says_what_to_keep_and_what_to_hand_out(capsys):
    with pytest.raises(SystemExit) as left:
        main(["leaderboard", "--help"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert "training_only=True" in said
    assert max(map(len, said.splitlines())) <= 120


def test_an_unknown_figure_is_refused_with_those_there_are(held_back, handed_in):
    with pytest.raises(ValueError, match="degree-seen, degree-cold, uniform"):
        leaderboard(handed_in, held_back, by="accuracy")


# --- the split --------------------------------------------------------------------------------------------------------


def _changed(folder, held_back, **arrays):
    shutil.copytree(held_back, folder)
    with np.load(folder / "split.npz") as stored:
        np.savez(folder / "split.npz", **{**stored, **arrays})
    return folder


@pytest.mark.parametrize(
    "arrays",
    [
        {"pairs": np.full((900, 2), 300)}, {"pairs": np.full((900, 2), -2)}, {"pairs": np.zeros((900, 3), int)},
        {"pairs": np.full((900, 2), -1)}, {"negatives.degree": np.zeros((1, 2), int)}, {"cold": np.zeros(299, bool)},
        {"negatives.degree": np.full((900, 2), 0.5)}, {"cold": np.zeros(300)}, {"baskets.values": np.array([300])},
        {"baskets.offsets": np.array([0, 5])}, {"pairs": np.array([[print]])},
        {"negatives.degree": np.full((900, 2), -2)},
    ],
)  # fmt: skip
def test_a_split_whose_parts_do_not_fit_is_refused(arrays, held_back, tmp_path):
    with pytest.raises(ValueError, match="damaged"):
        read_split(_changed(tmp_path / "split", held_back, **arrays))


def test_a_split_that_is_cut_short_or_packed_is_refused(held_back, tmp_path):
    shutil.copytree(held_back, tmp_path / "split")
    (tmp_path / "split" / "split.npz").write_bytes((held_back / "split.npz").read_bytes()[:1000])
    with pytest.raises(ValueError, match="damaged"):
        read_split(tmp_path / "split")
    (tmp_path / "split.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="unpack it"):
        read_split(tmp_path / "split.zip")


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_what_students_get_holds_training_data_and_no_answers(which, request, tmp_path, quiet_fit):
    whole = mt.split(request.getfixturevalue(which), cold_items=0.2, seed=77)
    whole.save(tmp_path, training_only=True)
    with np.load(tmp_path / "split.npz") as stored:
        told = set(stored)
        assert not len(stored["pairs"])
        assert not stored["cold"].any()
    assert not [name for name in told if name.startswith("negatives")]
    assert "77" not in (tmp_path / "split.json").read_text()
    assert "shares" not in (tmp_path / "split.json").read_text()
    given = mt.Split.load(tmp_path)
    assert np.array_equal(given.counts, whole.counts)
    model = mt.SGNS(given.catalogue, dim=4)
    quiet_fit(model, given.train)
    assert mt.evaluate(model, given)[-1].auc["degree" if "degree" in given.negatives else "category"]["all"] is None
    assert len(mt.split(given.dataset).pairs)  # a split of one's own, to practise on
    with pytest.raises(ValueError, match="no held-out pairs"):
        read_split(tmp_path)
