"""The two scripts that stand beside the assignments."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "notebooks" / "assignments"))


@pytest.fixture(scope="session")
def make() -> ModuleType:
    return importlib.import_module("make")


@pytest.fixture(scope="session")
def grade() -> ModuleType:
    return importlib.import_module("grade")


@pytest.fixture(scope="session")
def for_nbgrader() -> ModuleType:
    return importlib.import_module("for_nbgrader")
