"""The course as a whole: pages that open without a network, a summary, and lessons that fail without harm to others."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from mtsgns_lite import course
from mtsgns_lite.views import pages

PARAMETERS = 'SMOKE = False\nSEED = 0\nDATASET = "groceries"\nDEVICE = None'
LESSONS = {
    "00_fine": [
        "# 00 A *fine* lesson\n\nWith $\\frac{1}{2}$ of a formula, on to [the next](01_broken.ipynb). It costs $5.",
        "[![badge](https://example.org/badge.svg)](https://example.org)",
        "from mtsgns_lite import lesson\nfrom mtsgns_lite.views.figures import bars, show\nfrom tqdm.auto import tqdm",
        "for _ in tqdm(range(3)):\n    pass",
        'show(bars({"one": 1.0, "two": 2.0}, "Two is </script> twice one"))',
        'ballast = bytearray(60_000_000)\nlesson.headline("a number", 0.25, "of something")',
        'lesson.headline("the shop", DATASET)\nprint(SMOKE, SEED, DEVICE)',
    ],
    "01_broken": [
        "# 01 Broken",
        'print("before")',
        '# a comment\nraise ValueError("Too large: take less.\\nmore")',
        "print(1)",
    ],
    "02_killed": ["# 02 Killed", "import os\n\nos._exit(1)"],
    "03_after": ["# 03 After", 'print("still here")'],
}


def write_lessons(folder: Path) -> Path:
    for name, texts in LESSONS.items():
        cells = [nbformat.v4.new_markdown_cell(texts[0])]
        cells.append(nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}))
        for text in texts[1:]:
            badge = text.startswith("[![")
            cells.append(nbformat.v4.new_markdown_cell(text) if badge else nbformat.v4.new_code_cell(text))
            cells[-1].metadata["tags"] = ["badges"] if badge else []
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / f"{name}.ipynb")
    return folder


@dataclass
class Ran:
    code: int
    printed: list[str]
    out: Path
    summary: dict

    def page(self, name: str) -> str:
        return (self.out / f"{name}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lessons(tmp_path_factory.mktemp("notebooks"))


@pytest.fixture(scope="module")
def ran(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out, words = tmp_path_factory.mktemp("course"), io.StringIO()
    (out / "03_after.ipynb").write_text("left by an earlier run", "utf-8")
    with contextlib.redirect_stdout(words):
        code = course.run("planted", smoke=True, seed=3, out=out, notebooks=notebooks)
    return Ran(code, words.getvalue().strip().splitlines(), out, json.loads((out / "summary.json").read_text("utf-8")))


def test_a_failing_lesson_stops_no_other(ran: Ran):
    assert ran.code == 1
    assert [lesson["ok"] for lesson in ran.summary["lessons"]] == [True, False, False, True]
    assert "still here" in ran.page("03_after")


def test_the_last_lines_name_lesson_cell_and_error(ran: Ran):
    broken, killed = ran.printed[-2:]
    assert "01_broken" in broken
    assert "cell 4 (`raise ValueError" in broken
    assert "ValueError: Too large: take less." in broken
    assert str(ran.out / "01_broken.ipynb") in broken
    assert "02_killed" in killed
    assert "cell 3 (`import os`)" in killed
    assert "DeadKernelError" in killed


def test_the_half_executed_notebook_is_kept_and_others_are_not(ran: Ran):
    assert {path.stem for path in ran.out.glob("*.ipynb")} == {"01_broken", "02_killed"}
    half = nbformat.read(ran.out / "01_broken.ipynb", 4)
    texts = [output.get("text", "") for cell in half.cells for output in cell.get("outputs", [])]
    assert "before\n" in texts
    assert "ValueError" in ran.page("01_broken")


def test_summary(ran: Ran):
    assert {*ran.summary} == {"dataset", "smoke", "seed", "versions", "lessons"}
    assert (ran.summary["dataset"], ran.summary["smoke"], ran.summary["seed"]) == ("planted", True, 3)
    assert {"mtsgns_lite", "python", "torch"} <= {*ran.summary["versions"]}
    fine, broken = ran.summary["lessons"][:2]
    assert {*fine} == {"name", "title", "ok", "seconds", "peak_mb", "error", "headlines"}
    assert fine["title"] == "00 A *fine* lesson"
    assert fine["headlines"] == {"a number": 0.25, "the shop": "planted"}
    assert fine["error"] is None
    assert broken["error"].startswith("cell 4")
    assert fine["peak_mb"] > broken["peak_mb"] + 40  # the ballast is 60 MB
    assert 0 < fine["seconds"] < 60


def test_parameters_arrive(ran: Ran):
    assert "True 3 None" in ran.page("00_fine")


def test_index_lists_lessons_and_headlines(ran: Ran):
    index = ran.page("index")
    for name in LESSONS:
        assert f'href="{name}.html"' in index
    assert "2 of 4 failed" in index
    assert "0.250" in index
    assert "of something" in index
    assert "Too large: take less." in index


def test_pages_ask_for_nothing_from_a_network(ran: Ran):
    for path in ran.out.glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.findall(r"""<(?:script|link|img|iframe)[^>]*\s(?:src|href)=["'](?!plotly\.min\.js)[^"']*""", text)
        assert "require" not in text.lower()
        assert "mathjax" not in text.lower()
    assert (ran.out / "plotly.min.js").stat().st_size > 1_000_000


def test_pages_leave_out_bars_and_badges_and_link_to_pages(ran: Ran):
    fine = ran.page("00_fine")
    assert "it/s" not in fine
    assert "IntProgress" not in fine
    assert "badge.svg" not in fine
    assert 'href="01_broken.html"' in fine
    assert "It costs $5" in fine


def test_figures_and_formulas_are_drawn_without_a_network(ran: Ran, browser):
    context = browser.new_context(offline=True)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((ran.out / "00_fine.html").as_uri())
    page.wait_for_selector(".main-svg .point path", state="attached", timeout=20_000)
    assert page.locator(".gtitle").text_content() == "Two is </script> twice one"
    assert page.locator("math, code.tex").count() == 1
    assert page.locator(".main-svg").first.bounding_box()["width"] > 400
    assert [url for url in asked if not url.startswith("file:")] == []
    assert errors == []
    context.close()


def test_some_lessons_by_number_or_name(notebooks: Path):
    there = course._all_lessons(notebooks)
    assert [path.stem for path in course._chosen(there, ["3", "00_fine"])] == ["00_fine", "03_after"]
    assert course._chosen(there, None) == there
    with pytest.raises(ValueError, match="There is no lesson '07': choose from 00_fine, 01_broken"):
        course._chosen(there, ["07"])


def test_an_appendix_comes_after_the_numbered_lessons(tmp_path: Path):
    for name in ("a1_deeper", "10_late", "02_early", "notes"):
        (tmp_path / f"{name}.ipynb").touch()
    there = course._all_lessons(tmp_path)
    assert [path.stem for path in there] == ["02_early", "10_late", "a1_deeper"]
    assert course._chosen(there, ["A1"]) == course._chosen(there, ["a1_deeper.ipynb"]) == there[2:]

    words = nbformat.v4.new_markdown_cell("# A1 · Deeper\n\nBack to [here](a1_deeper.ipynb) or [there](02_early.ipynb)")
    page = pages.lesson_page(nbformat.v4.new_notebook(cells=[words]), "a1_deeper", ["02_early", "a1_deeper"])
    assert 'href="a1_deeper.html"' in page
    assert ".ipynb" not in page
    row = pages._lesson_row({"name": "a1_deeper", "title": "A1 · Deeper", "ok": True, "seconds": 1.0, "peak_mb": None})
    assert '<a href="a1_deeper.html">Deeper</a>' in row


def test_a_learners_file_is_found_from_where_the_learner_is(notebooks: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my.csv").write_text("basket,item\n1,tea\n1,milk\n2,tea\n2,bread\n", "utf-8")
    assert course.run("my.csv", lessons=["00"], out="pages", notebooks=notebooks) == 0
    (lesson,) = json.loads(Path("pages/summary.json").read_text("utf-8"))["lessons"]
    assert lesson["headlines"]["the shop"] == str(tmp_path / "my.csv")


def test_mistakes_are_told_in_a_sentence_before_any_lesson_runs(notebooks: Path, tmp_path: Path):
    with pytest.raises(ValueError, match="or on a file of your own; 'grocery' is neither"):
        course.run("grocery", out=tmp_path, notebooks=notebooks)
    with pytest.raises(FileNotFoundError, match="absent.csv"):
        course.run(str(tmp_path / "absent.csv"), out=tmp_path, notebooks=notebooks)
    with pytest.raises(FileNotFoundError, match="There are no lessons in"):
        course.run("planted", out=tmp_path / "out", notebooks=tmp_path)
    with pytest.raises(ValueError, match="choose another folder"):
        course.run("planted", out=notebooks, notebooks=notebooks)
    assert len(list(notebooks.glob("*.ipynb"))) == len(LESSONS)


@pytest.mark.parametrize("tex", [r"\frac{", r"\unheardof x", r"\begin{aligned} a &= b \end{aligned}"])
def test_a_formula_that_cannot_be_set_is_shown_as_it_was_written(tex: str):
    assert pages.formula(tex).startswith('<code class="tex inline">')


def test_a_formula_needs_no_script():
    pytest.importorskip("latex2mathml")
    assert pages.formula(r"\log\sigma(u \cdot v)", "block").startswith("<math")
