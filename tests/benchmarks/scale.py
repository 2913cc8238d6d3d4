"""Training by several processes beside `mt.fit`: is it the same model, what does it cost, what does it buy?

    python tests/benchmarks/scale.py quality     AUC and trait weights, 1 and 2 processes, both ways to cut, three seeds
    python tests/benchmarks/scale.py speed       tokens a second and memory of the tables, from 5,000 items up
    python tests/benchmarks/scale.py traffic     bytes between two processes: counted on the loopback of a network
                                                 namespace of their own, and predicted (root, Linux)
    python tests/benchmarks/scale.py record      put what these wrote to build/scale into data/scale_benchmark.json

All on one thread a process; `fit` on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

import mtsgns_lite as mt
from mtsgns_lite import scale
from mtsgns_lite.data.dataset import Dataset, Edges
from mtsgns_lite.scale.budget import size_of

ROOT = Path(__file__).resolve().parents[2]
BUILD, RECORD = ROOT / "build" / "scale", ROOT / "data" / "scale_benchmark.json"
WAYS = [(way, processes) for processes in (1, 2) for way in ("row_wise", "table_wise")]
SIZES = (5_000, 50_000, 500_000)


def shop(items: int, seed: int = 0, each: int = 8) -> Dataset:
    """A graph of `items` nodes in groups, with traits: half of an item's edges go to its group, which one trait tells;
    popularity has a long tail."""
    random = np.random.default_rng(seed)
    groups = max(10, items // 100)
    group = random.integers(groups, size=items)
    popularity = 1 / (1 + random.permutation(items)) ** 0.6
    reach = np.cumsum(popularity / popularity.sum())
    source = np.minimum(np.searchsorted(reach, random.random(items * each)), items - 1)
    anywhere = np.minimum(np.searchsorted(reach, random.random(items * each)), items - 1)
    order = np.argsort(group, kind="stable")
    starts, sizes = np.searchsorted(group[order], np.arange(groups)), np.bincount(group, minlength=groups)
    near = order[starts[group[source]] + (random.random(len(source)) * sizes[group[source]]).astype(int)]
    target = np.where(random.random(len(source)) < 0.7, near, anywhere)
    keep = source != target
    edges = Edges(source[keep], target[keep], np.ones(keep.sum()))
    traits = [
        mt.Trait.from_values("group", [str(g) for g in group]),
        mt.Trait.from_values("half", [str(g // 2) if random.random() < 0.8 else "" for g in group]),
        mt.Trait.from_values("noise", [str(n) for n in random.integers(50, size=items)]),
    ]
    ids = [f"item {number}" for number in range(items)]
    return Dataset(f"graph of {items:,} nodes", mt.Catalogue(ids, ids, traits), edges=edges, main_trait="group")


def measured(model, split) -> dict:
    """AUC of seen pairs among degree-matched ones, and the weights of the traits."""
    found = next(row for row in mt.evaluate(model, split) if row.method == type(model).__name__)
    learned = mt.trait_weights(model)
    weights = dict(zip(learned.sources, learned.weight))
    return {"auc": found.auc["degree"]["seen"], "weights": weights}


def quality(asked: argparse.Namespace) -> list[dict]:
    """Rows of (data, seed, engine)."""
    rows = []
    for data in asked.data or ("groceries", "graph"):
        for seed in range(asked.seeds):
            dataset = mt.load("groceries") if data == "groceries" else shop(asked.items, seed)
            split = mt.split(dataset, cold_items=0.1, seed=seed)
            for way, processes in [("fit", 0), *WAYS]:
                model = mt.MultiTraitSGNS(dataset.catalogue, dim=64, seed=seed)
                if way == "fit":
                    mt.fit(model, split.train, asked.epochs, seed=seed, progress=False)
                else:
                    scale.fit(
                        model, split.train, asked.epochs, processes=processes, sharding=way, seed=seed, progress=False,
                        checkpoints=1,
                    )  # fmt: skip
                engine = way if way == "fit" else f"{way} {processes}"
                rows.append({"data": data, "seed": seed, "engine": engine} | measured(model, split))
                print(json.dumps(rows[-1]), flush=True)
    _say_differences(rows)
    return rows


def _say_differences(rows: list[dict]) -> None:
    for data in dict.fromkeys(row["data"] for row in rows):
        base = {row["seed"]: row for row in rows if row["data"] == data and row["engine"] == "fit"}
        for engine in dict.fromkeys(row["engine"] for row in rows):
            own = [row for row in rows if row["data"] == data and row["engine"] == engine]
            auc = [row["auc"] - base[row["seed"]]["auc"] for row in own]
            weight = max(
                abs(row["weights"][name] - base[row["seed"]]["weights"][name]) for row in own for name in row["weights"]
            )
            shown = ", ".join(f"{part:+.4f}" for part in auc)
            print(f"{data:<10} {engine:<14} AUC less fit's, by seed: {shown}; a trait's weight differs by {weight:.4f}")


def speed(asked: argparse.Namespace) -> list[dict]:
    """Tokens a second of a steady part of an epoch, and MB of tables in each process."""
    rows = []
    for items in asked.sizes or SIZES:
        dataset = shop(items)
        split = mt.split(dataset, seed=0)
        row = {"items": items, "dim": asked.dim}
        for way, processes in (("fit", 0), ("row_wise", 1), ("row_wise", 2)):
            samples = split.walks(per_node=max(1, asked.tokens // (10 * items)))
            model = mt.MultiTraitSGNS(dataset.catalogue, dim=asked.dim, seed=0)
            found = [_speed_of(model, samples, way, processes) for _ in range(asked.runs)]
            key = "fit" if way == "fit" else str(processes)
            row[key] = {"tokens_per_second": round(statistics.median(speed for speed, _ in found))}
            row[key] |= {"table_mb": round(found[0][1], 2), "all": [round(speed) for speed, _ in found]}
            print(items, key, json.dumps(row[key]), flush=True)
        rows.append(row)
    return rows


def _speed_of(model, samples, way: str, processes: int) -> tuple[float, float]:
    tokens = samples.rows * samples.length
    if way == "fit":
        torch.set_num_threads(1)
        seconds = mt.fit(model, samples, 1, progress=False).seconds
        held = sum(t.numel() * 4 for m in model.modules() if isinstance(m, mt.Table) for t in (m.weight, m.state))
        return tokens / seconds, held / 2**20
    with tempfile.TemporaryDirectory() as folder:
        job = scale.write_job(Path(folder) / "job", model, samples, 1, sharding=way, checkpoints=1)
        scale.launch(job, processes, progress=False)
        done = job.progress()
        return tokens / done["seconds"], max(done["table_bytes"]) / 2**20


def traffic(asked: argparse.Namespace) -> list[dict]:
    """Bytes a token between two processes of this machine: of a long training less a short one, so that what is said
    once counts for neither."""
    rows = []
    for items in asked.sizes or SIZES[:2]:
        dataset = shop(items)
        split, counted = mt.split(dataset, seed=0), []
        for per_node in (1, 3):
            samples, model = (
                split.walks(per_node=per_node, batch_size=512),
                mt.MultiTraitSGNS(dataset.catalogue, dim=64),
            )
            with tempfile.TemporaryDirectory() as folder:
                scale.write_job(Path(folder) / "job", model, samples, 1, sharding="row_wise", checkpoints=1)
                command = ["unshare", "--net", sys.executable, __file__, "counted", str(Path(folder) / "job")]
                told = subprocess.run(command, capture_output=True, text=True, check=True)
            counted.append((int(told.stdout), samples.rows * samples.length))
        (less, few), (more, many) = counted
        row = {"items": items, "measured": (more - less) / (many - few)}
        row["predicted"] = size_of(model, samples, 2).traffic.per_token
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def counted(folder: str) -> None:
    """Train a job by two processes in a network of their own; print the bytes that its loopback carried."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def sent() -> int:
        line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:"))
        return int(line.split()[9])

    before = sent()
    scale.launch(scale.Job.open(folder), 2, progress=False)
    print(sent() - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    inner = parser.add_subparsers(dest="what", required=True)
    one = inner.add_parser("quality")
    one.add_argument("--data", nargs="*", choices=("groceries", "graph"))
    one.add_argument("--seeds", type=int, default=3)
    one.add_argument("--epochs", type=int, default=3)
    one.add_argument("--items", type=int, default=50_000)
    two = inner.add_parser("speed")
    two.add_argument("--sizes", nargs="*", type=int)
    two.add_argument("--dim", type=int, default=64)
    two.add_argument("--tokens", type=int, default=2_000_000)
    two.add_argument("--runs", type=int, default=3)
    three = inner.add_parser("traffic")
    three.add_argument("--sizes", nargs="*", type=int)
    inner.add_parser("counted").add_argument("job")
    inner.add_parser("record")
    asked = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    if asked.what == "record":
        record()
        return
    if asked.what == "counted":
        counted(asked.job)
        return
    began = time.perf_counter()
    rows = {"quality": quality, "speed": speed, "traffic": traffic}[asked.what](asked)
    name = "_".join([asked.what, *(getattr(asked, "data", None) or [])])
    (BUILD / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{time.perf_counter() - began:.0f} s")


def record() -> None:
    """Put the parts together."""
    found = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for name, part in (("quality", "quality"), ("speed", "sizes"), ("traffic", "traffic")):
        files = sorted(BUILD.glob(f"{name}*.json"))
        if files:
            found[part] = [row for file in files for row in json.loads(file.read_text())]
    RECORD.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
