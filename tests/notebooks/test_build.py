"""The build: cells as in the source, ids that stay, light outputs, and a check that tells when they drifted."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest

from mtsgns_lite.views.display import MIME, bundle
from mtsgns_lite.views.figures import item_map

SOURCE = """# %% [markdown]
# # 07 A title

# %% tags=["setup"]
pass

# %% tags=["parameters"]
SMOKE = False

# %% tags=["deterministic"]
print(6 * 7)

# %%
import sys

print("a warning", file=sys.stderr)
print("kept")

# %%
from IPython.display import display
from ipywidgets import IntProgress

display(IntProgress())
display({"application/vnd.plotly.v1+json": {"data": [], "layout": {"title": {"text": "It falls"}}},
         "text/html": "<div>" + "x" * 100_000, "text/plain": "It falls"}, raw=True)
display({"text/html": "<b>a table</b>", "text/plain": "a table"}, raw=True)

# %%
pass

# %%
pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "07_title.py").write_text(SOURCE, "utf-8")
    return tmp_path


@pytest.fixture
def source(folder: Path) -> Path:
    return folder / "source" / "07_title.py"


def test_built_notebook(build: ModuleType, folder: Path, source: Path):
    target = build.build(source)
    assert build.check(folder) == []
    notebook = nbformat.read(target, 4)
    nbformat.validate(notebook)
    assert notebook.metadata == {"kernelspec": build.KERNEL, "language_info": build.LANGUAGE}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    stored = [[dict(output.get("data", {"text": output.get("text")})) for output in cell.outputs] for cell in code[2:5]]
    assert stored[0] == [{"text": "42\n"}]
    assert stored[1] == [{"text": "kept\n"}]
    assert stored[2] == [{"text/plain": "It falls"}, {"text/html": "<b>a table</b>", "text/plain": "a table"}]

    written = target.read_text("utf-8")
    assert build.build(source).read_text("utf-8") == written
    assert [path.name for path in folder.rglob("*.ipynb")] == ["07_title.ipynb"]


def test_ids_follow_the_text_and_are_unique(build: ModuleType, source: Path):
    first = [cell.id for cell in build.unexecuted(source).cells]
    assert len({*first}) == len(first)
    assert first == [cell.id for cell in build.unexecuted(source).cells]
    source.write_text(SOURCE.replace("print(6 * 7)", "print(42)"), "utf-8")
    changed = [cell.id for cell in build.unexecuted(source).cells]
    assert [one == other for one, other in zip(first, changed)].count(False) == 1


def test_what_is_deterministic_is_marked_for_nbval(build: ModuleType, source: Path):
    tags = [cell.metadata.get("tags", []) for cell in build.unexecuted(source).cells]
    assert ["deterministic", "nbval-check-output"] in tags


PARTS = '''"""A file beside the lesson."""

import math

K = 3


@staticmethod
def second(x):
    """Calls first."""
    return first(x) + K


def first(x):
    return math.sqrt(x)  # not first_place
'''


def test_a_lesson_carries_what_it_imports_from_beside_it(build: ModuleType, folder: Path):
    (folder / "source" / "lesson07_parts.py").write_text(PARTS, "utf-8")
    told = "x = 1\nfrom lesson07_parts import K, first as mine, second\nfrom math import pi\n"
    code = build.inlined(told, folder / "source")
    second, mine = PARTS.split("\n\n\n")[1:]
    assert (
        code == f"x = 1\nK = 3\n\n\n{second}\n\n\n{mine.rstrip().replace('def first', 'def mine')}\nfrom math import pi"
    )
    assert build.inlined("%pip install from lesson\n", folder) == "%pip install from lesson\n"
    with pytest.raises(ValueError, match="There is no third in lesson07_parts.py"):
        build.inlined("from lesson07_parts import first, third", folder / "source")


def test_a_change_in_what_is_carried_is_told(build: ModuleType, folder: Path, source: Path):
    (folder / "source" / "lesson07_parts.py").write_text(PARTS, "utf-8")
    source.write_text(f'{SOURCE}\n# %% tags=["folded"]\nfrom lesson07_parts import K\n', "utf-8")
    notebook = build.unexecuted(source)
    assert notebook.cells[-1].source == "K = 3"
    assert notebook.cells[-1].metadata["jupyter"] == {"source_hidden": True}
    nbformat.write(notebook, folder / "07_title.ipynb")
    assert build.check(folder) == []
    (folder / "source" / "lesson07_parts.py").write_text(PARTS.replace("K = 3", "K = 4"), "utf-8")
    assert "differs in its source" in build.check(folder)[0]


def test_badges_and_installation_come_from_the_repository(build: ModuleType, source: Path):
    plain, placed = build.unexecuted(source), build.unexecuted(source, "someone/course")
    assert "http" not in nbformat.writes(plain)
    assert placed.cells[1].metadata.tags == ["badges"]
    assert f"someone/course/blob/{build.tag()}/notebooks/07_title.ipynb" in placed.cells[1].source
    assert "%pip install" in placed.cells[2].source
    assert len(placed.cells) == len(plain.cells) + 1


@pytest.mark.parametrize("setting", ["", "someone/course"])
def test_the_setting_is_read(build: ModuleType, tmp_path: Path, setting: str):
    project = tmp_path / "pyproject.toml"
    project.write_text(f'[tool.mtsgns_lite]\nrepository = "{setting}"\n', "utf-8")
    assert build.repository(project) == setting
    project.write_text('[tool.mtsgns_lite]\nrepository = "https://example.org/x"\n', "utf-8")
    with pytest.raises(ValueError, match="owner/name"):
        build.repository(project)


@pytest.mark.parametrize(
    ("old", "new"),
    [("6 * 7", "7 * 7"), ("# # 07 A", "# # 07 Another"), ('"deterministic"', '"picture"'), ("\n# %%\npass", "")],
)
def test_check_tells_of_every_change(build: ModuleType, folder: Path, source: Path, old: str, new: str):
    nbformat.write(build.unexecuted(source), folder / "07_title.ipynb")
    assert build.check(folder) == []
    assert old in SOURCE
    source.write_text(SOURCE.replace(old, new, 1), "utf-8")
    (line,) = build.check(folder)
    assert line.startswith("07_title.ipynb is out of date")


def test_check_tells_of_what_is_missing_on_either_side(build: ModuleType, folder: Path, source: Path):
    assert "not built yet" in build.check(folder)[0]
    nbformat.write(build.unexecuted(source), folder / "07_title.ipynb")
    source.unlink()
    assert "has no source" in build.check(folder)[0]


def test_a_picture_is_small(build: ModuleType, needs_browser: None):
    points = np.random.default_rng(0).normal(size=(2_000, 2))
    kinds = {"kind": [f"k{number % 7}" for number in range(2_000)]}
    drawn = build.picture(bundle(item_map(points, [""] * 2_000, kinds, "Points"))[MIME])
    assert drawn.startswith(b"\x89PNG")
    assert 5_000 < len(drawn) < 120_000


@pytest.mark.parametrize("wanted", [False, True])
def test_a_drawing_in_html_is_kept_as_a_picture_or_in_words(build: ModuleType, needs_browser: None, wanted: bool):
    """JupyterLab tears an SVG of an untrusted notebook apart, and shows its letters."""
    drawn = '<svg width="300" height="90"><text y="40">walks</text></svg>'
    output = nbformat.v4.new_output("display_data", {"text/html": drawn, "text/plain": "a walk", build.WIDGET_MIME: {}})
    cell = nbformat.v4.new_code_cell(outputs=[output], metadata={"tags": ["picture"] if wanted else []})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    build.strip(notebook)
    (kept,) = notebook.cells[0].outputs
    assert kept.data.pop("text/plain") == "a walk"
    assert list(kept.data) == ["image/png"] * wanted
