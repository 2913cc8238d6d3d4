"""A file of Amazon metadata of the size and density of Electronics (2014), generated, and how long it takes to read.

python tests/benchmarks/amazon_size.py [LINES]

498,196 products with titles, descriptions, brands, paths, prices and ranks; related lists over 0.42 million items with
a heavy tail, about 4 million distinct pairs. Prints seconds and the highest memory of the whole process tree (reading
without and with the cache), against the bars of 120 s and 3 GB.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

LINES = 498_196
ITEMS = 420_000  # that are related to another, which is less than there are products
WORDS = [
    f"{a}{b}" for a in ("power", "light", "sound", "micro", "easy", "auto") for b in ("cord", "ware's", "line", "pad")
]

RELATED = [
    ("also_bought", 0.7, 38),
    ("buy_after_viewing", 0.6, 4),
    ("bought_together", 0.4, 2),
    ("also_viewed", 0.2, 20),
]


def generate(path: Path, lines: int = LINES, seed: int = 0) -> None:
    """Lines as they stand in the real files: keys in any order and any missing, apostrophes, entities."""
    rng = np.random.default_rng(seed)
    asins = np.array([f"B{number:09X}" for number in rng.permutation(lines)])
    reach = np.cumsum(np.arange(1, round(ITEMS * lines / LINES) + 1) ** -0.6)
    with gzip.open(path, "wt", compresslevel=4, encoding="utf-8") as out:
        for asin in asins:
            out.write(f"{_product(asin, asins, reach, rng)!r}\n")


def _product(asin: str, asins: np.ndarray, reach: np.ndarray, rng: np.random.Generator) -> dict:
    product: dict = {"asin": str(asin)}
    if rng.random() < 0.9:
        product["description"] = " ".join(rng.choice(WORDS, size=int(rng.gamma(2, 40))).tolist())
    if rng.random() < 0.98:
        product["title"] = " ".join(rng.choice(WORDS, size=8).tolist()) + " &amp; more"
    if rng.random() < 0.7:
        product["price"] = round(float(rng.lognormal(3, 1)), 2)
    if rng.random() < 0.3:
        product["brand"] = f"Brand {int(rng.pareto(1)) % 5_000}"
    if rng.random() < 0.25:
        product["salesRank"] = {"Electronics": int(rng.integers(1, 10**6))}
    steps = ["Electronics", *(f"Part {level}.{int(rng.integers(20))}" for level in range(rng.integers(1, 5)))]
    product["categories"] = [steps]
    product["imUrl"] = f"http://images/{asin}.jpg"
    if rng.random() < 0.55:
        related = {}
        for relation, share, most in RELATED:
            if rng.random() < share:
                drawn = np.searchsorted(reach, rng.random(int(rng.integers(1, most + 1))) * reach[-1])
                related[relation] = asins[drawn].tolist()
        product["related"] = related
    keys = list(product)
    rng.shuffle(keys)
    return {key: product[key] for key in keys}


class PeakOfTree:
    """The highest sum of resident memory of this process and its children, MB."""

    def __enter__(self) -> PeakOfTree:
        import psutil

        self.process, self.peak_mb, self._stop = psutil.Process(), 0.0, threading.Event()
        self._error = psutil.Error
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            total = 0
            for process in [self.process, *self.process.children(recursive=True)]:
                with contextlib.suppress(self._error):  # it has ended
                    total += process.memory_info().rss
            self.peak_mb = max(self.peak_mb, total / 1e6)

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()


def main(lines: int = LINES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # a cache of its own
        path = Path(folder) / "meta_Generated.json.gz"
        generate(path, lines)
        print(f"generated {path.stat().st_size / 1e6:.0f} MB", flush=True)
        import mtsgns_lite as mt

        for what in ("parsed", "from the cache"):
            with PeakOfTree() as memory:
                start = time.perf_counter()
                shop = mt.load(path)
                seconds = time.perf_counter() - start
            ends = np.unique(np.concatenate([shop.edges.source, shop.edges.target]))
            met = "MET" if seconds <= 120 and memory.peak_mb <= 3_000 else "MISSED"
            print(
                f"[{met}] {what}: {shop.about['products']:,} products, {len(ends):,} items with "
                f"{len(shop.edges):,} edges in {seconds:.1f} s, {memory.peak_mb:,.0f} MB (bars: 120 s, 3,000 MB)",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
