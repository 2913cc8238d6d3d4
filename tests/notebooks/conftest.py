"""The lessons as tests see them; the build script, which is no part of the package."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
sys.path.append(str(NOTEBOOKS))  # where build.py finds what stands beside it, as when it is run


@pytest.fixture(scope="session")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", NOTEBOOKS / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cutting() -> ModuleType:
    """What build.py imports from beside it."""
    return importlib.import_module("cutting")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`lesson` goes over the sources, so that one that was never built fails instead of not being asked.

    `exercised` goes over those with exercises, `opened` over all notebooks that are to be there.
    """
    has_exercises = importlib.import_module("cutting").has_exercises
    sources = sorted((NOTEBOOKS / "source").glob("[0-9a][0-9]_*.py"))
    lessons = [path.stem for path in sources]
    exercised = [path.stem for path in sources if has_exercises(path)]
    names = {"lesson": lessons, "exercised": exercised, "opened": lessons + [f"solutions/{name}" for name in exercised]}
    for fixture in {*names} & {*metafunc.fixturenames}:
        metafunc.parametrize(fixture, names[fixture])
