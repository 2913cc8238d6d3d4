"""What tests of several folders share: a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import chromium


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
