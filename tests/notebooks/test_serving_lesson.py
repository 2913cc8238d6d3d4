"""Lesson 09 runs where the packages of the service are missing, as on Colab, and says so where one was needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from lacking import run_without

LESSON = "09_serving_and_transfer"
PACKAGES = ("voyager", "fastapi", "fastapi_offline", "uvicorn")


def test_without_any_of_them(tmp_path: Path):
    headlines, shown = run_without(LESSON, PACKAGES, tmp_path)
    assert "Run %pip install voyager fastapi fastapi-offline uvicorn in a new cell" in shown
    assert "No service here" in shown
    assert headlines["failed requests while versions changed"] == "no service here"
    assert "lists that stay, old people among new items" in headlines  # what needs no package goes on


def test_without_the_graph_the_service_looks_at_everything(tmp_path: Path):
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    headlines, shown = run_without(LESSON, ("voyager",), tmp_path)
    assert "Run %pip install voyager in a new cell" in shown
    assert "'index': 'exact'" in shown
    assert headlines["failed requests while versions changed"] == 0
