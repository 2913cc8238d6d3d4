"""The lessons as tests see them; the build script, which is no part of the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture(scope="session")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", NOTEBOOKS / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`lesson` goes over the sources, so that one that was never built fails instead of not being asked."""
    if "lesson" in metafunc.fixturenames:
        metafunc.parametrize("lesson", sorted(path.stem for path in (NOTEBOOKS / "source").glob("[0-9a][0-9]_*.py")))
