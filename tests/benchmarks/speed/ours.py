"""Our side of each measurement, in a process of its own.

python ours.py JOB.json      {"job": "fit" | "throughput" | "walks" | "loop" | "scale" | "limit", ...}; one line of JSON
"""

from __future__ import annotations

import json
import random
import re
import resource
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.corpus import Corpus, Rows
from mtsgns_lite.methods import METHODS, Watch, warm_up

PROBES = 40  # in an epoch
BASE = psutil.Process().memory_info().rss  # of the interpreter with what it has imported


def fit(folder: str, method: str, dim: int, seed: int) -> dict:
    """One epoch, with its AUC noted on the way; AUC of cold items at the end."""
    split, corpus = mt.Split.load(folder), Corpus.load(folder)
    warm_up(method, corpus)
    model, watch = METHODS[method].model(split.catalogue, dim=dim, seed=seed), Watch(split)
    rows = Rows(corpus, len(split.catalogue))
    history = mt.fit(model, rows, seed=seed, probe=watch, probes=PROBES, progress=False)
    if history.probes[-1][0] < history.steps:
        watch(model)
    cold = mt.evaluate(model, split, baselines=False)[0].auc["degree"]["cold"]
    return {"seconds": history.seconds, "curve": [watch.seconds, watch.auc], "cold": cold}


def throughput(folder: str, dim: int, **options) -> dict:
    """One epoch of skip-gram; options as in `Rows`."""
    corpus = Corpus.load(folder)
    warm_up("sgns", corpus)
    items = int(corpus.rows.max()) + 1
    history = mt.fit(mt.SGNS(mt.Catalogue(range(items)), dim=dim), Rows(corpus, items, **options), progress=False)
    return {"seconds": history.seconds, "tokens": corpus.rows.size}


def _graph(path: str) -> mt.Graph:
    with np.load(path) as stored:
        weights = torch.from_numpy(stored["weights"])
        return mt.Graph(torch.from_numpy(stored["starts"]), torch.from_numpy(stored["neighbours"]), weights.cumsum(0))


def walks(graph: str, p: float, q: float, length: int, per_node: int, block: int = 100_000) -> dict:
    """Walks from every node, in blocks, and what a graph prepares for them; a few beforehand wake the threads."""
    walked, generator = _graph(graph), torch.Generator().manual_seed(0)
    starts = torch.nonzero(walked.degrees > 0).ravel().repeat(per_node)
    _graph(graph).walks(starts[:1000], length, p, q, generator)  # of another graph, which takes its guide along
    start, tokens = time.perf_counter(), 0
    for some in starts.split(block):
        tokens += walked.walks(some, length, p, q, generator).numel()
    return {"seconds": time.perf_counter() - start, "tokens": tokens}


def loop(graph: str, length: int, nodes: int = 5_000) -> dict:
    """The published way: node by node, `random.choices` among the neighbours; a walk from some of the nodes."""
    walked = _graph(graph)
    ends, weights = walked.starts.tolist(), walked.weights.tolist()
    neighbours, tokens = walked.neighbours.tolist(), 0
    around = [(neighbours[a:b], weights[a:b]) for a, b in zip(ends, ends[1:])]
    begin = random.Random(0).sample([node for node, (near, _) in enumerate(around) if near], nodes)
    start = time.perf_counter()
    for node in begin:
        walk = [node]
        for _ in range(length - 1):
            near, weight = around[walk[-1]]
            walk.append(random.choices(near, weight)[0])
        tokens += len(walk)
    return {"seconds": time.perf_counter() - start, "tokens": tokens}


def peak_mb() -> float:
    """The most resident memory this process had. (Linux counts into `ru_maxrss` what the parent had at the fork.)"""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def scale(edges: str, dim: int, per_node: int) -> dict:
    """From edges in memory to embeddings, one epoch; peak memory of the process, and without what it began with."""
    with np.load(edges) as stored:
        nodes, own = int(stored["nodes"]), mt.Edges(stored["source"], stored["target"], stored["weight"])
    warm_up("sgns", Corpus(np.zeros((1, 1, 2), np.int32), 1))
    catalogue, device = mt.Catalogue(range(nodes)), mt.pick_device()
    model = mt.SGNS(catalogue, dim=dim).to(device)
    start = time.perf_counter()
    samples = mt.Walks(mt.Graph.from_edges(own, nodes), per_node=per_node)
    graph = time.perf_counter() - start
    history = mt.fit(model, samples, progress=False)
    model.embeddings()
    seconds = time.perf_counter() - start
    peak = peak_mb()
    return {
        "seconds": seconds, "graph": graph, "fit": history.seconds, "tokens": samples.rows * samples.length,
        "peak_mb": peak, "above_mb": peak - BASE / 1e6, "device": str(device),
    }  # fmt: skip


def limit(repeats: int = 5) -> dict:
    """What the machine can do: GB/s that a copy moves (read and written), and 10^9 multiply-adds/s of a product."""
    large, square = torch.rand(50_000_000), torch.rand(2048, 2048)
    other = torch.empty_like(large)

    def best(work) -> float:
        taken = []
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
        return min(taken)

    moved, added = 2 * large.numel() * 4 / 1e9, 2048**3 / 1e9
    return {"gb_s": moved / best(lambda: other.copy_(large)), "gmac_s": added / best(lambda: square @ square)}


if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    known = dict(fit=fit, throughput=throughput, walks=walks, loop=loop, scale=scale, limit=limit)
    print(json.dumps(known[job.pop("job")](**job)))
