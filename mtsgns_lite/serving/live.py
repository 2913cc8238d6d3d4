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
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..storage import load_model, read_about
from .embeddings import Embeddings
from .index import INDEXES
from .recommender import Recommender
from .store import Store

PATIENCE = 5.0  # seconds
AGAIN = 60.0  # seconds after which what could not be taken up is tried once more
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
        if not every > 0:
            raise ValueError(f"every={every} is in seconds: give more than 0.")
        if index not in INDEXES:
            raise ValueError(f"There is no index {index!r}: choose from {', '.join(INDEXES)}.")
        self.index, self.every = index, every
        self.stock = None if stock is None else Path(stock)
        self.store = _store_at(path)
        self.problem: str | None = None  # why something new is not taken up, while what was there before goes on
        self._looking = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed: tuple[object, float, str] | None = None  # which choice, when to try it again, why
        name = "-" if self.store is None else self.store.about().name
        recommender = _recommender(path, index) if self.store is None else self._open(name)
        self.current = Current(recommender, name, _now())
        self._stock_seen: object = None
        self._look_at_stock()

    def look(self) -> bool:
        """Take up what is new, if anything is. Of what can't be read the log tells, `problem` too; the old goes on."""
        with self._looking:
            before, problems = self.current, []
            for look_at in (self._look_at_store, self._look_at_stock):
                try:
                    look_at()
                except Exception as error:  # whatever is wrong with the new
                    problems.append(str(error))
            problem = "; ".join(problems) or None
            if problem and problem != self.problem:
                LOG.warning("not taken up: %s", problem)
            self.problem = problem
            return self.current is not before

    def _look_at_store(self) -> None:
        """Open the chosen version if it is another; if that failed, once more when it is chosen anew or after a minute:
        a disk may have been full, a file on its way."""
        chosen = None if self.store is None else self.store.chosen
        if self.store is None or chosen is None or chosen == self.current.version:
            self._failed = None
            return
        choice = chosen, (self.store.folder / "chosen").stat().st_mtime_ns
        if self._failed is not None and self._failed[0] == choice and time.monotonic() < self._failed[1]:
            raise ValueError(self._failed[2])
        try:
            recommender = self._open(chosen)
        except Exception as error:
            self._failed = choice, time.monotonic() + AGAIN, f"version {chosen}: {error}"
            raise ValueError(self._failed[2]) from error
        self.current = Current(self._in_stock(recommender), chosen, _now())
        LOG.info("version %s taken up", chosen)

    def _look_at_stock(self) -> None:
        if self.stock is None:
            return
        try:
            about = self.stock.stat()
            state = about.st_mtime_ns, about.st_size, about.st_ino
            if state == self._stock_seen:
                return
            self._ids = [line.strip() for line in self.stock.read_text(encoding="utf-8-sig").splitlines()]
        except FileNotFoundError as error:
            raise FileNotFoundError(f"There is no stock file {self.stock}: write an item id on each line.") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"The stock file {self.stock} is not text in UTF-8: save it in that encoding.") from error
        self._stock_seen = state
        now = self.current
        self.current = Current(self._in_stock(now.recommender), now.version, _now())

    def _in_stock(self, recommender: Recommender) -> Recommender:
        if self.stock is None:
            return recommender
        numbers = (recommender.number(item) for item in self._ids)
        return recommender.with_stock([number for number in numbers if number is not None])

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

    def _open(self, version: str) -> Recommender:
        assert self.store is not None
        embeddings = self.store.open(version)
        index = self.store.open_index(version, embeddings) if self.index == "approximate" else self.index
        return Recommender(embeddings, index)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _store_at(path: object) -> Store | None:
    if isinstance(path, Store):
        return path
    if isinstance(path, (str, Path)) and (Path(path) / "versions").is_dir():
        return Store(path)
    return None


def check_there(path: object) -> None:
    """Raises what `Live` would where nothing can be served, before anything is loaded."""
    if (store := _store_at(path)) is not None:
        store.about()
    elif not isinstance(path, (Embeddings, Recommender)):
        try:
            read_about(Path(str(path)))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{path} is neither a store nor a model: `python -m mtsgns_lite train` makes one."
            ) from error


def _recommender(path: object, index: str) -> Recommender:
    if isinstance(path, Recommender):
        return path
    if isinstance(path, Embeddings):
        return Recommender(path, index)
    check_there(path)
    return Recommender(Embeddings.of(load_model(Path(str(path)))), index)
