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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import torch
from tqdm.auto import tqdm

from .data.corpus import Corpus
from .data.dataset import Dataset
from .data.splits import Split, split
from .device import pick_device, usable_cpus
from .evaluation import Evaluation, baseline_rows, evaluate, evaluate_vectors, html_table, text_table
from .methods import METHODS, choose, fit_method, parse, warm_up
from .storage import library_version

__all__ = ["METHODS", "Comparison", "compare", "fit_and_evaluate"]


@dataclass
class Comparison:
    """Rows as dictionaries (one for each method and seed), shown as the mean and spread over the seeds."""

    dataset: str
    sizes: dict[str, int]
    versions: dict[str, str]
    settings: dict
    rows: list[dict] = field(default_factory=list)

    def to_json(self) -> dict:
        """What `--json` writes; ``Comparison(**it)`` reads it."""
        return vars(self)

    def to_text(self, curves: bool = True) -> str:
        """The same as JSON text, a line for each row; without its curves it is short."""
        about = {name: value for name, value in vars(self).items() if name != "rows"}
        leave = () if curves else ("pr", "learning")
        rows = [json.dumps({key: value for key, value in row.items() if key not in leave}) for row in self.rows]
        return json.dumps(about, indent=1)[:-2] + ',\n "rows": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"

    def summary(self) -> tuple[list[str], list[list[str]]]:
        """A line of text for each method: mean and, over several seeds, standard deviation; "-" for no figure."""
        columns = [column for column in COLUMNS if column.values(self.rows)]
        lines = [[model, *(column.text(rows) for column in columns)] for model, rows in self.by_model().items()]
        return ["model", *(column.title for column in columns)], lines

    def by_model(self) -> dict[str, list[dict]]:
        """The rows of each method, one for each seed."""
        names = dict.fromkeys(row["model"] for row in self.rows)
        return {name: [row for row in self.rows if row["model"] == name] for name in names}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{number:,} {what}" for what, number in self.sizes.items())
        return f"{self.dataset}: {sizes}\n{text_table(*self.summary())}"

    def _repr_html_(self) -> str:
        return html_table(*self.summary())


@dataclass(frozen=True)
class Column:
    """A figure of the rows that the table shows: where it is in a row, its title, and how many digits."""

    title: str
    path: tuple[str, ...]
    digits: int = 3

    def values(self, rows: list[dict]) -> list[float]:
        """The figure in each of the rows that have it."""
        found = []
        for value in rows:
            for key in self.path:
                value = value[key]
            found += [] if value is None else [value]
        return found  # type: ignore[return-value]

    def text(self, rows: list[dict]) -> str:
        """Mean and, of several, standard deviation; "-" for no figure."""
        values = self.values(rows)
        if not values:
            return "-"
        spread = f" ±{statistics.stdev(values):.{self.digits}f}" if len(values) > 1 else ""
        return f"{statistics.fmean(values):.{self.digits}f}{spread}"


COLUMNS = [
    Column("uniform all", ("auc", "uniform", "all")),
    Column("uniform seen", ("auc", "uniform", "seen")),
    Column("degree seen", ("auc", "degree", "seen")),
    Column("degree cold", ("auc", "degree", "cold")),
    Column("category seen", ("auc", "category", "seen")),
    Column("hr@10", ("hr@10",)),
    Column("ndcg@10", ("ndcg@10",)),
    Column("mrr", ("mrr",)),
    Column("fit s", ("fit_seconds",), 1),
    Column("peak MB", ("peak_mb",), 0),
]


def compare(
    dataset: Dataset,
    models: Sequence[str] | str | None = None,
    seeds: int | Sequence[int] = 3,
    cold: float = 0.1,
    dim: int = 64,
    epochs: int = 3,
    category: str | None = None,
    device: str | None = None,
    progress: bool = True,
) -> Comparison:
    """Fit and evaluate methods on the same splits, and on the same walks or chunks of baskets, drawn once for each.

    Parameters
    ----------
    models : names from `METHODS`, such as "sgns", or "sgns@1" for one epoch of it; by default the core ones; "all" for
        whatever the data set and the installed packages allow.
    seeds : how many, from 0 up, or which; each makes a split of its own, on which all methods stand.
    cold : the fraction of items that training never sees.
    category : the trait of same-category negatives.
    Raises ``ValueError`` for a method that is not known, or one that needs traits, or gensim, where there are none.
    """
    models = choose(models, dataset)
    numbers = range(seeds) if isinstance(seeds, int) else seeds
    result = Comparison(dataset.name, dataset.sizes(), versions(), {})
    result.settings = dict(
        seeds=len(numbers), cold=cold, dim=dim, epochs=epochs, category=category or dataset.main_trait
    )
    result.settings |= dict(models=models, device=str(pick_device(device)), **machine())
    passes = max((parse(name)[1] or epochs for name in models), default=epochs)
    bar = tqdm(total=len(numbers) * len(models), disable=not progress, unit=" fits")
    with bar, tempfile.TemporaryDirectory() as folder:
        for seed in numbers:
            asked = split(dataset, cold_items=cold, category=category, seed=seed)
            save_task(asked, folder, passes)
            baselines = {}
            if {"popularity", "cooccurrence"} & {*models}:
                baselines = {row.method: row for row in baseline_rows(asked)}
            for name in models:
                bar.set_description(f"{name}, seed {seed}")
                if name in baselines:
                    result.rows.append(_row(baselines[name], seed))
                else:
                    result.rows.append(_in_own_process(name, folder, seed, dim, epochs, device))
                bar.update()
    return result


def versions() -> dict[str, str]:
    """Of this library, of what its figures rest on, and of gensim where it is installed."""
    found = {"mtsgns_lite": library_version(), "torch": torch.__version__, "python": platform.python_version()}
    with suppress(PackageNotFoundError):
        found["gensim"] = version("gensim")
    return found


def machine() -> dict[str, object]:
    """What the seconds depend on."""
    return {
        "cpus": usable_cpus(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def save_task(asked: Split, folder: str, passes: int = 1) -> None:
    """Write what every row of a seed reads: the split, and one corpus drawn from it."""
    asked.save(folder)
    Corpus.draw(asked.train, asked.seed, passes).save(folder)


def _row(found: Evaluation, seed: int, **fit) -> dict:
    """A row as JSON has it; `fit` is what there is to say of the fit, and nothing for a baseline."""
    fit = {"epochs": None, "fit_seconds": None, "peak_mb": None, "corpus": None, "learning": None, **fit}
    ranking = {name: found.ranking.get(name) for name in ("hr@10", "ndcg@10", "mrr")}
    row = {"model": found.method, "seed": seed, **fit, "auc": found.auc, **ranking, "pr": found.curve}
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
    method, own_epochs = parse(name)
    epochs = own_epochs or epochs
    asked, corpus = Split.load(folder), Corpus.load(folder)
    warm_up(method, corpus)
    with _PeakMemory() as memory:
        fitted = fit_method(method, asked, corpus, dim, epochs, seed, device, memory.aside)
    if fitted.model is not None:
        found = evaluate(fitted.model, asked, baselines=False, name=name)[0]
    else:
        assert fitted.vectors is not None
        found = evaluate_vectors(fitted.vectors, asked, name)
    peak = round(memory.peak_mb, 1)
    seconds, read = round(fitted.seconds, 3), corpus.fingerprint if METHODS[method].reads_corpus else None
    return _row(found, seed, epochs=epochs, fit_seconds=seconds, peak_mb=peak, corpus=read, learning=fitted.curve)


class _PeakMemory:
    """The highest resident memory of this process within the block, less that at its start (MB, every 10 ms)."""

    def __enter__(self) -> _PeakMemory:
        import psutil

        self._process, self._stop, self._looks = psutil.Process(), threading.Event(), True
        self._before = self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.is_set():
            used = self._process.memory_info().rss
            if self._looks:
                self._highest = max(self._highest, used)
            time.sleep(0.01)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is used within is not counted."""
        self._looks = False
        try:
            yield
        finally:
            self._looks = True

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self.peak_mb = (self._highest - self._before) / 1e6


if __name__ == "__main__":
    print(json.dumps(fit_and_evaluate(**json.loads(sys.argv[1]))))
