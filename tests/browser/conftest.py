"""The servers and pages of these tests; the times that they measure are printed after pytest's summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsers import absent, chromium, under_ci
from lab import ROOT, Notebook, Server, watched
from timing import summary

SLOW = 15_000  # ms in which a text must have changed, on a slow machine too

try:
    from playwright.sync_api import expect

    expect.set_options(timeout=SLOW)
except ImportError:
    if under_ci():
        raise
    collect_ignore_glob = ["test_*.py"]

TIMES = pytest.StashKey[dict[str, list[float]]]()


@pytest.fixture(scope="module")
def chrome() -> Iterator:
    """One browser for the tests of a file; tests of other folders must not meet playwright's loop."""
    with chromium() as found:
        yield found


def serving(tmp_path_factory: pytest.TempPathFactory, **options) -> Iterator[Server]:
    pytest.importorskip("jupyterlab")
    server = Server(tmp_path_factory.mktemp("jupyter"), **options)
    yield server
    server.close()


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory) -> Iterator[Server]:
    """JupyterLab with the packages of this environment."""
    yield from serving(tmp_path_factory)


@pytest.fixture(scope="session")
def jupyter_seven(tmp_path_factory) -> Iterator[Server]:
    """For Notebook 7: where it has been open, the server mixes its fonts up with those of JupyterLab."""
    pytest.importorskip("notebook", minversion="7")
    yield from serving(tmp_path_factory)


@pytest.fixture(scope="session")
def jupyter_dark(tmp_path_factory) -> Iterator[Server]:
    yield from serving(tmp_path_factory, dark=True)


@pytest.fixture(scope="session")
def jupyter_colab(tmp_path_factory) -> Iterator[Server]:
    """JupyterLab 3 with the versions of anywidget, ipywidgets and plotly that Colab has."""
    python = ROOT / "build" / "venv-colab" / "bin" / "python"
    if not python.exists():
        absent("there is no environment with Colab's versions", "make colab-env")
    yield from serving(tmp_path_factory, python=python)


@pytest.fixture
def opened(chrome, request) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook in a fresh page. At the end kernels are ended, and complaints of the browser fail the test."""
    with watched(chrome) as page:
        used = []

        def open_notebook(server: Server, path: Path, lab: bool = True) -> Notebook:
            used.append(server)
            return Notebook(page, server, path, lab)

        yield open_notebook
    for server in used:
        server.forget()


@pytest.fixture
def timed(request) -> Callable[[str, list[float]], None]:
    """Keeps times for the report: they are printed, and fail nothing."""
    kept = request.config.stash.setdefault(TIMES, {})
    return lambda name, times: kept.setdefault(name, []).extend(times)


def pytest_terminal_summary(terminalreporter, config) -> None:
    if times := config.stash.get(TIMES, {}):
        terminalreporter.section("answers of the page")
        for name, found in times.items():
            terminalreporter.write_line(f"{name:<44} {summary(found)}")
