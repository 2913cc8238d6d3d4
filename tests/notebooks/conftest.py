"""The lessons as tests see them; the build script, which is no part of the package; a browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
]


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


def absent(why: str) -> None:
    """Skip a browser test on a learner's machine; on CI, where there must be a browser, fail."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"{why}, and under CI the browser tests must run.")
    pytest.skip(f"{why}: apt-get install chromium, or playwright install chromium, to run this test.")


@contextmanager
def chromium() -> Iterator:
    """A headless Chromium: the system's, else playwright's own."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        absent("playwright is not installed")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error:
            absent("there is no Chromium that starts")
        yield found
        found.close()


@pytest.fixture
def browser() -> Iterator:
    """One for each test, since playwright's loop would be in the way of nbclient's."""
    with chromium() as found:
        yield found


@pytest.fixture
def needs_browser() -> None:
    """For what starts a browser of its own."""
    with chromium():
        pass
