"""Baskets as sessions: what a household buys again soon is the strong event."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset, Ragged
from .event_tables import pause_of
from .sessions import Sessions

SOON, NEXT = "28D", 5  # within which it counts: where times are known, and where only the order of baskets is


def basket_sessions(dataset: Dataset, within: str | int | None = None, seed: int = 0) -> Sessions:
    """Baskets as sessions: an item that the household buys again within so long is a "rebuy", any other a "buy".

    A basket knows no order, so its items are put in a random one, and its goal is a random one of those bought again.
    What is bought at the end of the data is judged by what is there.

    Parameters
    ----------
    within : a length of time, as pandas writes it ("28D"), or how many of the household's next baskets (5). None is
        four weeks where the data set keeps times, else five baskets.
    Raises ``ValueError`` for a data set without baskets, users or the times that are asked for, for a `within` that is
    no length, and where nothing is bought again. `times` of the sessions are nanoseconds, or the number of the basket.
    """
    baskets, users = dataset.baskets, dataset.users
    if baskets is None or users is None:
        raise ValueError(f"{dataset.name!r} has no baskets of known users: load it with a basket and a user column.")
    within = (NEXT if dataset.times is None else SOON) if within is None else within
    clock, span = _clock(dataset, users, within)
    row, items = baskets.row_of, baskets.values
    order = np.lexsort((row, clock[row], items, users[row]))  # a user's purchases of an item, one after another
    same = (np.diff(users[row][order]) == 0) & (np.diff(items[order]) == 0)
    again = np.zeros(len(items), dtype=bool)
    again[order[:-1]] = same & (np.diff(clock[row][order]) <= span)
    if not again.any():
        raise ValueError(f"Nothing in {dataset.name!r} is bought again within {within}: try a larger within.")
    shuffled = np.lexsort((np.random.default_rng(seed).random(len(items)), row))
    times = row if dataset.times is None else dataset.times[row]
    return Sessions(
        dataset.catalogue, Ragged(items[shuffled], baskets.offsets), again[shuffled].astype(np.int64),
        ("buy", "rebuy"), ("rebuy",), users, times, dataset.name,
    )  # fmt: skip


def _clock(dataset: Dataset, users: np.ndarray, within: str | int) -> tuple[np.ndarray, int]:
    """(baskets,) when each was bought, or its number among its user's, and how much of that is soon."""
    if isinstance(within, str):
        if dataset.times is None:
            raise ValueError(f"{dataset.name!r} keeps no times: give within as a number of baskets, such as {NEXT}.")
        return dataset.times, pause_of(within, "within", SOON)
    if within < 1:
        raise ValueError(f"within={within} is how many of a household's next baskets count: give 1 or more.")
    order = np.argsort(users, kind="stable")
    sizes = np.bincount(users)
    number = np.empty(len(users), dtype=np.int64)
    number[order] = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[users[order]]
    return number, within
