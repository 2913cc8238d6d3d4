"""Ours beside the libraries a learner would otherwise take: time to quality, throughput, walks, scale; and the limit.

python tests/benchmarks/speed/run.py PEERS [--quick]

PEERS is a Python with gensim and pecanpy (`make bench` makes it). Each measurement has a process of its own, ours and
the peer's in turns; a ratio is the median over the pairs, "times faster than the peer". Writes build/bench/results.json
and build/bench/index.html. --quick leaves `scale` out and takes each pair once: five minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import graphs
import numpy as np
import page
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.corpus import Corpus
from mtsgns_lite.device import usable_cpus
from mtsgns_lite.methods import Watch

HERE, OUT = Path(__file__).parent, Path("build/bench")
PHONES = Path(os.environ.get("MTSGNS_TEST_DATA", "")) / "meta_Cell_Phones_and_Accessories.json.gz"
FACTORS = (1.0, 0.25, 0.5, 2.0)  # of the published study's graph
LENGTH, SEED = 10, 0


class Bench:
    """Runs jobs, ours in this Python and the peers' in theirs, and says how it goes."""

    def __init__(self, peers: str, quick: bool):
        self.peers, self.quick, self.began = peers, quick, time.perf_counter()
        (OUT / "work").mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        """A line, with the seconds since the start."""
        print(f"{time.perf_counter() - self.began:6.0f} s  {text}", flush=True)

    def ours(self, job: str, **options) -> dict:
        """One of `ours.py`."""
        return self._run(sys.executable, "ours.py", dict(options, job=job))

    def peer(self, job: str, **options) -> dict:
        """One of `peer.py`."""
        return self._run(self.peers, "peer.py", dict(options, job=job, workers=usable_cpus()))

    @staticmethod
    def _run(python: str, script: str, job: dict) -> dict:
        path = OUT / "work" / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run([python, str(HERE / script), str(path)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{script} {job} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def ratio(pairs: list[tuple[float, float]]) -> dict:
    """How many times smaller the second of each pair is: median, lowest, highest."""
    found = [first / second for first, second in pairs]
    return {"ratio": statistics.median(found), "low": min(found), "high": max(found), "pairs": pairs}


def quality(bench: Bench) -> dict:
    """Wall time of our one epoch until it has the AUC that gensim's skip-gram ends with after five."""
    shops = {"generated": lambda: graphs.shop(*graphs.SMALL)}
    if PHONES.is_file():
        shops["cell-phones"] = lambda: mt.load(PHONES)
    found = {}
    for name, load in shops.items():
        folder = OUT / "work" / name
        split = mt.split(load(), seed=SEED)
        split.save(folder)
        corpus = Corpus.draw(split.walks(length=LENGTH), SEED)
        corpus.save(folder)
        found[name] = {"graph": repr(split), "tokens": corpus.rows.size, "runs": []}
        for seed in range(1 if bench.quick else 2):
            found[name]["runs"].append(_race(bench, split, folder, seed))
        for method in ("sgns", "traits"):
            pairs = [(run["gensim"]["seconds"], run[method]["passed"]) for run in found[name]["runs"]]
            there = all(passed is not None for _, passed in pairs)
            found[name][method] = ratio(pairs) if there else {"ratio": None, "pairs": pairs}
            bench.say(f"{name}, {method}: {_times(found[name][method])} the time to gensim's AUC")
    return found


def _race(bench: Bench, split: mt.Split, folder: Path, seed: int) -> dict:
    """gensim, then each of ours: seconds, and the curve of degree-matched AUC against seconds."""
    theirs = bench.peer("gensim", folder=str(folder), dim=64, epochs=5, seed=seed, vectors=str(folder / "epoch"))
    watch = Watch(split)
    for epoch in range(1, 6):
        watch.note(partial(_vectors, folder / f"epoch{epoch}.npz", len(split.catalogue)))
    seconds = [theirs["vocabulary"] + so_far for so_far in theirs["seconds"]]
    race = {"gensim": {"seconds": seconds[-1], "curve": [seconds, watch.auc], "auc": watch.auc[-1]}}
    for name, method in (("sgns", "sgns"), ("traits", "traits-global")):
        ours = bench.ours("fit", folder=str(folder), method=method, dim=64, seed=seed)
        passed = [t for t, auc in zip(*ours["curve"]) if auc >= race["gensim"]["auc"]]
        race[name] = ours | {"passed": passed[0] if passed else None, "auc": ours["curve"][1][-1]}
    return race


def _vectors(path: Path, items: int) -> torch.Tensor:
    with np.load(path) as stored:
        vectors = torch.zeros(items, stored["vectors"].shape[1])
        vectors[torch.from_numpy(stored["keys"])] = torch.from_numpy(stored["vectors"])
    return vectors


def throughput(bench: Bench) -> dict:
    """Tokens/s of one epoch of skip-gram on the same walks."""
    folder = OUT / "work" / "throughput"
    folder.mkdir(exist_ok=True)
    Corpus.draw(mt.Walks(_small(), length=LENGTH), SEED).save(folder)
    found = {}
    for dim in (64, 128):
        runs = []
        for seed in range(1 if bench.quick else 3):
            theirs = bench.peer("gensim", folder=str(folder), dim=dim, epochs=1, seed=seed)
            ours = bench.ours("throughput", folder=str(folder), dim=dim)
            fewer = None if bench.quick else bench.ours("throughput", folder=str(folder), dim=dim, noise_size=20)
            runs.append((theirs["seconds"][-1], ours, fewer))
        for name, place in ((str(dim), 1), (f"{dim}, 20 negatives for 4 walks", 2)):
            if runs[0][place] is None:
                continue
            pairs = [(run[0], run[place]["seconds"]) for run in runs]
            rates = [runs[0][place]["tokens"] / statistics.median(side) for side in zip(*pairs)]
            found[name] = ratio(pairs) | {"tokens_s": rates}
            bench.say(f"throughput, d={name}: {_times(found[name])}")
    return found


def _small() -> mt.Graph:
    return mt.Graph.from_edges(graphs.edges(*graphs.SMALL)[0], graphs.SMALL[0])


def limits(bench: Bench, rates: dict) -> dict:
    """What a step must move and add per token, against what the machine can: the least that any code would need."""
    machine = bench.ours("limit")
    samples = mt.Walks(_small(), length=LENGTH)
    share, noise = samples.share, samples.noise_size
    rows = 2 + noise / (share * LENGTH)  # target, context, and its part of the negatives
    for dim in (64, 128):
        moved, added = rows * dim * 4 * 2, 3 * dim * (LENGTH + noise)  # rows read and written; scores, two gradients
        tokens = rates[str(dim)]["tokens_s"][1]
        machine[str(dim)] = {
            "bytes_per_token": moved,
            "macs_per_token": added,
            "share_of_bandwidth": tokens * moved / 1e9 / machine["gb_s"],
            "share_of_matrix_rate": tokens * added / 1e9 / machine["gmac_s"],
        }
        reached = machine[str(dim)]
        bench.say(
            f"limit, d={dim}: {reached['share_of_bandwidth']:.0%} of the memory's {machine['gb_s']:.0f} GB/s, "
            f"{reached['share_of_matrix_rate']:.0%} of {machine['gmac_s']:.0f} Gmultiply-adds/s"
        )
    return machine


def walking(bench: Bench) -> dict:
    """Walks against pecanpy and the published loop."""
    path, graph = str(OUT / "work" / "graph.npz"), _small()
    np.savez(path, starts=graph.starts, neighbours=graph.neighbours, weights=graph.weights)
    found, options = {}, dict(graph=path, length=LENGTH)
    for name, p, q in (("first_order", 1.0, 1.0), ("pq", 0.5, 2.0)):
        races, alone = [], []
        for _ in range(1 if bench.quick else 3):
            theirs = bench.peer("pecanpy", p=p, q=q, per_node=10, **options)
            ours = bench.ours("walks", p=p, q=q, per_node=10, **options)
            races.append((theirs["seconds"] / theirs["tokens"], ours["seconds"] / ours["tokens"]))
            alone.append((theirs["alone"] / theirs["tokens"], races[-1][1]))
        found[name] = ratio(races) | {"loop_alone": ratio(alone)["ratio"]}
        found[name]["tokens_s"] = [1 / statistics.median(side) for side in zip(*races)]
    slow = [
        (bench.ours("loop", **options), bench.ours("walks", p=1.0, q=1.0, per_node=10, **options)) for _ in range(2)
    ]
    found["loop"] = ratio([(a["seconds"] / a["tokens"], b["seconds"] / b["tokens"]) for a, b in slow])
    for name, part in found.items():
        bench.say(f"walks, {name}: {_times(part)}")
    return found


def scale(bench: Bench) -> list[dict]:
    """The published study's shape and its multiples: from edges to embeddings, 10 walks of 10 from each node."""
    found = []
    for factor in FACTORS:
        nodes, count = (round(own * factor) for own in graphs.STUDY)
        path = OUT / "work" / "edges.npz"
        drawn = graphs.edges(nodes, count)[0]
        np.savez(path, nodes=nodes, source=drawn.source, target=drawn.target, weight=drawn.weight)
        del drawn
        found.append({"factor": factor, "nodes": nodes, "edges": count})
        found[-1] |= bench.ours("scale", edges=str(path), dim=128, per_node=10)
        path.unlink()
        one = found[-1]
        bench.say(f"scale {factor:g}: {one['tokens']:,} tokens, {one['seconds']:.0f} s, {one['peak_mb']:,.0f} MB")
    return sorted(found, key=lambda one: one["factor"])


def deviation(points: list[dict], what: str) -> float:
    """How far, at most, a figure is from the straight line through all of them, as a fraction of the line."""
    x, y = (np.array([point[key] for point in points]) for key in ("tokens", what))
    line = np.polyval(np.polyfit(x, y, 1, w=1 / y), x)
    return float(np.abs(y / line - 1).max())


def _quality(bench: Bench, results: dict) -> None:
    races = results["details"]["time_to_quality"] = quality(bench)
    first = races.get("cell-phones", races["generated"])
    results["time_to_quality"] = {method: first[method]["ratio"] for method in ("sgns", "traits")}


def _throughput(bench: Bench, results: dict) -> None:
    rates = results["details"]["throughput"] = throughput(bench)
    results["throughput"] = {dim: rates[dim]["ratio"] for dim in ("64", "128")}
    results["limit"] = limits(bench, rates)


def _walks(bench: Bench, results: dict) -> None:
    results["details"]["walks"] = walking(bench)
    results["walks"] = {name: found["ratio"] for name, found in results["details"]["walks"].items()}


def _scale(bench: Bench, results: dict) -> None:
    results["scale"] = scale(bench)
    results["linear"] = {what: deviation(results["scale"], what) for what in ("seconds", "above_mb")}


PARTS = {"quality": _quality, "throughput": _throughput, "walks": _walks, "scale": _scale}


def _times(found: dict) -> str:
    if found["ratio"] is None:
        return "never reached"
    return f"{found['ratio']:.1f} times faster ({found['low']:.1f} to {found['high']:.1f})"


def main() -> None:
    """Everything, side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", help="the Python of an environment with gensim and pecanpy")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these again; the rest of the results stay")
    options = parser.parse_args()
    bench = Bench(options.peers, options.quick)
    results: dict = {"details": {}, "scale": []}
    if options.only and (OUT / "results.json").exists():
        results = json.loads((OUT / "results.json").read_text(encoding="utf-8"))
    results |= {
        "machine": f"{platform.machine()}, {usable_cpus()} processors ({torch.get_num_threads()} threads)",
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "quick": bench.quick,
    }
    for part in options.only or [name for name in PARTS if name != "scale" or not bench.quick]:
        PARTS[part](bench, results)
    results["took"] = time.perf_counter() - bench.began + (results.get("took", 0) if options.only else 0)
    (OUT / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    bench.say(f"wrote {OUT / 'results.json'} and {page.write(results, OUT / 'index.html')}")


if __name__ == "__main__":
    main()
