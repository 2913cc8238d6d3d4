"""Headless Chromium for the tests that need one: the system's, else playwright's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


def under_ci() -> bool:
    """Is this CI, where nothing may be left out?"""
    return os.environ.get("CI", "").lower() in ("true", "1")


def absent(why: str, cure: str = "apt-get install chromium, or playwright install chromium") -> None:
    """Skip a browser test on a learner's machine; on CI, where there must be what it needs, fail."""
    if under_ci():
        pytest.fail(f"{why}, and under CI the browser tests must run.")
    pytest.skip(f"{why}: {cure}, to run this test.")


@contextmanager
def chromium() -> Iterator:
    """A browser that starts, or the test is skipped."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        absent("playwright is not installed", "pip install -e .[dev]")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error:
            absent("there is no Chromium that starts")
        yield found
        found.close()
