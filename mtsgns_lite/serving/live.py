"""The version in use, and how the next one is taken up without a pause.

A service looks at its store every few seconds. It could instead be told, by a signal or a request; but Windows has no
SIGHUP, a request that changes a service needs a lock on its door, and both reach only one of several processes. A look
is one small file read, works everywhere, and is late by seconds, which nobody minds of a model made once a day.

The new version is opened and indexed aside, while the old one answers. Then one reference is replaced. A request reads
it once, so it is answered by the old version or by the new one, never by a mixture.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..storage import load_model
from .embeddings import Embeddings
from .index import INDEXES
from .recommender import Recommender
from .store import Store

PATIENCE = 5.0  # seconds
LOG = logging.getLogger("mtsgns_lite.serving")


@dataclass(frozen=True)
class Current:
    """A recommender, the name of its version, and since when it answers (UTC, ISO 8601)."""

    recommender: Recommender
    version: str
    since: str


class Live:
    """What a service answers with: `current`, which `look` replaces when there is something new.

    Parameters
    ----------
    path : a store (the chosen version is served, and whatever is chosen later), or the folder of one model, which
        stays as it is. An `Embeddings` or a `Recommender` will do too.
    index : "approximate" or "exact".
    stock : a text file with the id of an item that can be had on each line, read again when it changes. Replace it
        by a finished one rather than write into it.
    every : seconds between two looks.
    Raises ``FileNotFoundError`` where there is neither a store nor a model, or no such stock file.
    """

    def __init__(
        self,
        path: str | Path | Embeddings | Recommender,
        index: str = "approximate",
        stock: str | Path | None = None,
        every: float = 2.0,
    ):
        if every <= 0:
            raise ValueError(f"every={every} is in seconds: give more than 0.")
        if index not in INDEXES:
            raise ValueError(f"There is no index {index!r}: choose from {', '.join(INDEXES)}.")
        self.index, self.every = index, every
        self.stock = None if stock is None else Path(stock)
        self.store = _store_at(path)
        self.problem: str | None = None  # why the last look failed, while the version before it goes on
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stock_seen = self._stock_state()
        self._seen = self.store.chosen if self.store is not None else None
        first = self._open() if self.store is not None else _recommender(path, index)
        name = self.store.about(self._seen).name if self.store is not None else "-"
        self.current = self._made(first, name)

    def look(self) -> bool:
        """Take up what is new, if anything is; what can't be opened is logged, and the old version goes on."""
        chosen, stock = self._seen, self._stock_seen
        try:
            chosen = self.store.chosen if self.store is not None else None
            stock = self._stock_state()
            if (chosen, stock) == (self._seen, self._stock_seen):
                return False
            fresh = chosen is not None and chosen != self._seen
            recommender = self._open(chosen) if fresh else self.current.recommender
            self.current = self._made(recommender, chosen if fresh and chosen else self.current.version)
        except Exception as error:  # whatever is wrong with the new, the old goes on
            self._complain(f"version {chosen}: {error}")
            return False
        finally:
            self._seen, self._stock_seen = chosen, stock  # what is damaged is not tried again and again
        self.problem = None
        LOG.info("version %s taken up", self.current.version)
        return True

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("not taken up: %s", problem)
        self.problem = problem

    def start(self) -> None:
        """Look every few seconds, in a thread, until `stop`."""
        if self._thread is None and (self.store is not None or self.stock is not None):
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="live", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop looking; a version that is being opened gets a few seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            self.look()

    def _open(self, version: str | None = None) -> Recommender:
        assert self.store is not None
        about = self.store.about(version)
        embeddings = self.store.open(about)
        index = self.store.open_index(about, embeddings) if self.index == "approximate" else self.index
        return Recommender(embeddings, index)

    def _made(self, recommender: Recommender, version: str) -> Current:
        if self.stock is not None:
            numbers = (recommender.number(line.strip()) for line in self.stock.read_text(encoding="utf-8").splitlines())
            recommender = recommender.with_stock([number for number in numbers if number is not None])
        return Current(recommender, version, datetime.now(UTC).isoformat(timespec="seconds"))

    def _stock_state(self) -> tuple[int, int] | None:
        if self.stock is None:
            return None
        try:
            about = self.stock.stat()
        except FileNotFoundError as error:
            raise FileNotFoundError(f"There is no stock file {self.stock}: write an item id on each line.") from error
        return about.st_mtime_ns, about.st_size


def _store_at(path: object) -> Store | None:
    if isinstance(path, Store):
        return path
    if isinstance(path, (str, Path)) and (Path(path) / "versions").is_dir():
        return Store(path)
    return None


def _recommender(path: object, index: str) -> Recommender:
    if isinstance(path, Recommender):
        return path
    if isinstance(path, Embeddings):
        return Recommender(path, index)
    try:
        return Recommender(Embeddings.of(load_model(Path(str(path)))), index)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path} is neither a store nor a model: `train --save` makes one.") from error
