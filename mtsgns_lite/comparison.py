"""`compare`: named methods on one split, each fitted in a process of its own."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from tqdm.auto import tqdm

from .data.catalogue import Catalogue
from .data.dataset import Dataset
from .data.splits import Split, split
from .evaluation import Evaluation, baseline_rows, evaluate, html_table, text_table
from .models import SGNS, ItemModel, MatrixFactorization, MultiTraitSGNS
from .storage import library_version
from .training import History, fit


@dataclass(frozen=True)
class Method:
    """How a row is made: its model from (catalogue, options), and what it trains on from the split."""

    model: Callable[..., ItemModel]
    samples: Callable[[Split], object] = lambda split: split.train
    needs_traits: bool = False


def _traits(weights: str) -> Method:
    return Method(lambda catalogue, **o: MultiTraitSGNS(catalogue, weights=weights, **o), needs_traits=True)


def _shuffled(catalogue: Catalogue, seed: int, **options) -> MultiTraitSGNS:
    return MultiTraitSGNS(catalogue.shuffle_traits(seed), seed=seed, **options)


METHODS: dict[str, Method | None] = {
    "popularity": None,
    "cooccurrence": None,
    "mf": Method(MatrixFactorization, lambda split: split.edges()),
    "mf-bias": Method(lambda c, **o: MatrixFactorization(c, bias=True, **o), lambda split: split.edges()),
    "sgns": Method(SGNS),
    "traits-uniform": _traits("uniform"),
    "traits-global": _traits("global"),
    "traits-item": _traits("item"),
    "traits-shuffled": Method(_shuffled, needs_traits=True),
}


@dataclass
class Comparison:
    """Rows as dictionaries (one for each method and seed), shown as the mean and spread over the seeds."""

    dataset: str
    sizes: dict[str, int]
    versions: dict[str, str]
    settings: dict
    rows: list[dict] = field(default_factory=list)

    def to_json(self) -> dict:
        """What `--json` writes."""
        return vars(self)

    def summary(self) -> tuple[list[str], list[list[str]]]:
        """A line of text for each method: mean and, over several seeds, standard deviation; "-" for no figure."""
        columns = [column for column in COLUMNS if any(_value(row, column.path) is not None for row in self.rows)]
        lines = []
        for model in dict.fromkeys(row["model"] for row in self.rows):
            rows = [row for row in self.rows if row["model"] == model]
            lines.append([model, *(column.text(rows) for column in columns)])
        return ["model", *(column.title for column in columns)], lines

    def __repr__(self) -> str:
        sizes = ", ".join(f"{number:,} {what}" for what, number in self.sizes.items())
        return f"{self.dataset}: {sizes}\n{text_table(*self.summary())}"

    def _repr_html_(self) -> str:
        return html_table(*self.summary())


@dataclass(frozen=True)
class _Column:
    """A figure of the rows that the table shows: where it is in a row, its title, and how many digits."""

    title: str
    path: tuple[str, ...]
    digits: int = 3

    def text(self, rows: list[dict]) -> str:
        values = [value for value in (_value(row, self.path) for row in rows) if value is not None]
        if not values:
            return "-"
        spread = f" ±{statistics.stdev(values):.{self.digits}f}" if len(values) > 1 else ""
        return f"{statistics.fmean(values):.{self.digits}f}{spread}"


COLUMNS = [
    _Column("uniform all", ("auc", "uniform", "all")),
    _Column("uniform seen", ("auc", "uniform", "seen")),
    _Column("degree seen", ("auc", "degree", "seen")),
    _Column("degree cold", ("auc", "degree", "cold")),
    _Column("category seen", ("auc", "category", "seen")),
    _Column("hr@10", ("hr@10",)),
    _Column("ndcg@10", ("ndcg@10",)),
    _Column("mrr", ("mrr",)),
    _Column("fit s", ("fit_seconds",), 1),
    _Column("peak MB", ("peak_mb",), 0),
]


def _value(row: dict, path: tuple[str, ...]) -> float | None:
    found = row
    for key in path:
        found = found[key]
    return found  # type: ignore[return-value]


def compare(
    dataset: Dataset,
    models: Sequence[str] | None = None,
    seeds: int = 3,
    cold: float = 0.1,
    dim: int = 64,
    epochs: int = 3,
    category: str | None = None,
    device: str | None = None,
    progress: bool = True,
) -> Comparison:
    """Fit and evaluate methods on the same splits.

    Parameters
    ----------
    models : names from `METHODS`; by default all that the data set allows.
    seeds : how many; each makes a split of its own, on which all methods stand.
    cold : the fraction of items that training never sees.
    category : the trait of same-category negatives.
    Raises ``ValueError`` for a method that is not known, or one that needs traits where there are none.
    """
    has_traits = bool(dataset.catalogue.traits)
    if models is None:
        models = [name for name, method in METHODS.items() if method is None or has_traits or not method.needs_traits]
    for name in models:
        if name not in METHODS:
            raise ValueError(f"There is no method {name!r}: choose from {', '.join(METHODS)}.")
        method = METHODS[name]
        if method is not None and method.needs_traits and not has_traits:
            raise ValueError(f"{name} needs traits, and {dataset.name!r} has none: name some with traits=.")
    settings = dict(seeds=seeds, cold=cold, dim=dim, epochs=epochs, category=category or dataset.main_trait)
    versions = {"mtsgns_lite": library_version(), "torch": torch.__version__, "python": platform.python_version()}
    result = Comparison(dataset.name, dataset.sizes(), versions, settings)
    bar = tqdm(total=seeds * len(models), disable=not progress, unit=" fits")
    with bar, tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            asked = split(dataset, cold_items=cold, category=category, seed=seed)
            asked.save(folder)
            baselines = (
                {row.method: row for row in baseline_rows(asked)} if {*models} & {"popularity", "cooccurrence"} else {}
            )
            for name in models:
                bar.set_description(f"{name}, seed {seed}")
                if name in baselines:
                    result.rows.append(_row(baselines[name], seed, None, None))
                else:
                    result.rows.append(_in_own_process(name, folder, seed, dim, epochs, device))
                bar.update()
    return result


def _row(found: Evaluation, seed: int, seconds: float | None, peak: float | None) -> dict:
    ranking = {name: found.ranking.get(name) for name in ("hr@10", "ndcg@10", "mrr")}
    row = {"model": found.method, "seed": seed, "fit_seconds": seconds, "peak_mb": peak, "auc": found.auc, **ranking}
    return row | ({"auc_own_score": found.own} if found.own is not None else {})


def _in_own_process(name: str, folder: str, seed: int, dim: int, epochs: int, device: str | None) -> dict:
    """One row, from a fresh interpreter that reads the split from its folder."""
    task = dict(name=name, folder=folder, seed=seed, dim=dim, epochs=epochs, device=device)
    command = [sys.executable, "-m", "mtsgns_lite.comparison", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise RuntimeError(f"{name} could not be fitted (out of memory, if it was killed): {last}")
    return json.loads(done.stdout.splitlines()[-1])


def fit_and_evaluate(name: str, folder: str, seed: int, dim: int, epochs: int, device: str | None) -> dict:
    """A row of the comparison: what runs in the process of its own."""
    method = METHODS[name]
    assert method is not None
    asked = Split.load(folder)
    with _PeakMemory() as memory:
        model, samples = method.model(asked.catalogue, dim=dim, seed=seed), method.samples(asked)
        history = fit(model, samples, epochs, device=device, seed=seed, progress=False)
    found = evaluate(model, asked, baselines=False, name=name)[0]
    return _row(found, seed, round(history.seconds, 3), round(memory.peak_mb, 1))


def train_method(
    dataset: Dataset, name: str, dim: int = 64, epochs: int = 3, seed: int = 0, device: str | None = None
) -> tuple[ItemModel, History]:
    """Fit one of `METHODS` on the whole data set, nothing held out.

    Raises ``ValueError`` for a name that has no model, or one that needs traits where there are none.
    """
    method = METHODS.get(name)
    if method is None:
        raise ValueError(f"No model is called {name!r}: choose from {', '.join(n for n, m in METHODS.items() if m)}.")
    dataset = dataset.as_baskets()
    whole = Split(dataset, np.empty((0, 2), np.int64), {}, np.zeros(len(dataset.catalogue), dtype=bool), seed)
    model = method.model(dataset.catalogue, dim=dim, seed=seed)
    return model, fit(model, method.samples(whole), epochs, device=device, seed=seed)


class _PeakMemory:
    """The highest resident memory of this process within the block, less that at its start (MB, every 10 ms)."""

    def __enter__(self) -> _PeakMemory:
        import psutil

        self._process, self._stop = psutil.Process(), threading.Event()
        self._before = self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._highest = max(self._highest, self._process.memory_info().rss)
            time.sleep(0.01)

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self.peak_mb = (self._highest - self._before) / 1e6


if __name__ == "__main__":
    print(json.dumps(fit_and_evaluate(**json.loads(sys.argv[1]))))
