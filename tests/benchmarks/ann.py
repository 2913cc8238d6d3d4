"""The libraries that search approximately, side by side: why `serving.index` uses voyager.

python tests/benchmarks/ann.py [ITEMS]      of voyager, usearch, faiss-cpu and hnswlib, those that are installed

All build the same kind of graph (HNSW with 16 links, 100 candidates while building) over the same clustered vectors of
64 numbers, and are asked single queries on one thread: by turns with the exact index, so that whatever else the machine
does slows both. Each is asked at several widths; compare rows of equal recall.

What the figures don't say, as of the versions in constraints.txt: hnswlib has no wheels, so it needs a compiler;
faiss-cpu brings an OpenMP of its own, which beside torch's has ended in crashes on macOS; usearch is as good a choice,
but brings one package more. voyager has wheels for the three systems, can be asked by many threads at once, and needs
nothing but NumPy.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy reads it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from serving import clustered

from mtsgns_lite.serving import ExactIndex

LINKS, BUILD_WIDTH, WIDTHS, K = 16, 100, (16, 48, 128), 10
Search = Callable[[np.ndarray], np.ndarray]  # (d,) -> (10,) item numbers


def voyager(vectors: np.ndarray) -> Callable[[int], Search]:
    """Vectors -> a graph: width -> search."""
    import voyager

    graph = voyager.Index(voyager.Space.InnerProduct, vectors.shape[1], M=LINKS, ef_construction=BUILD_WIDTH)
    graph.add_items(vectors, num_threads=1)
    return lambda width: lambda query: graph.query(query, K, query_ef=width)[0]


def usearch(vectors: np.ndarray) -> Callable[[int], Search]:
    """Vectors -> a graph: width -> search."""
    from usearch.index import Index

    graph = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=LINKS, expansion_add=BUILD_WIDTH)
    graph.add(np.arange(len(vectors)), vectors, threads=1)

    def at(width: int) -> Search:
        graph.expansion_search = width
        return lambda query: graph.search(query, K, threads=1).keys

    return at


def faiss(vectors: np.ndarray) -> Callable[[int], Search]:
    """Vectors -> a graph: width -> search."""
    import faiss

    faiss.omp_set_num_threads(1)
    graph = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILD_WIDTH
    graph.add(vectors)

    def at(width: int) -> Search:
        graph.hnsw.efSearch = width
        return lambda query: graph.search(query[None], K)[1][0]

    return at


def hnswlib(vectors: np.ndarray) -> Callable[[int], Search]:
    """Vectors -> a graph: width -> search."""
    import hnswlib

    graph = hnswlib.Index(space="ip", dim=vectors.shape[1])
    graph.init_index(max_elements=len(vectors), ef_construction=BUILD_WIDTH, M=LINKS)
    graph.add_items(vectors, num_threads=1)

    def at(width: int) -> Search:
        graph.set_ef(width)
        return lambda query: graph.knn_query(query, K, num_threads=1)[0][0]

    return at


PACKAGES = {"voyager": voyager, "usearch": usearch, "faiss-cpu": faiss, "hnswlib": hnswlib}


def main(items: int = 200_000) -> None:
    """A row for each library and width."""
    vectors, queries = clustered(items), clustered(500, seed=1)
    exact = ExactIndex(vectors)
    true = [exact.search(query, K)[0] for query in queries]
    print(f"{items:,} vectors of {vectors.shape[1]}, {len(queries)} single queries, one thread")
    for name, build in PACKAGES.items():
        try:
            began = time.perf_counter()
            at = build(vectors)
        except ModuleNotFoundError:
            print(f"{name}: not installed", flush=True)
            continue
        print(f"{name} {version(name)}: built in {time.perf_counter() - began:.0f} s")
        for width in WIDTHS:
            search = at(width)
            recall = np.mean([len(np.intersect1d(a, search(query))) / K for a, query in zip(true, queries)])
            rates = [(rate(exact.search, queries[b : b + 20]), rate(search, queries)) for b in range(0, 200, 20)]
            slow, fast = np.median(rates, axis=0)
            print(
                f"   width {width:>3}: recall@10 {recall:.4f}, {fast:>6,.0f} queries/s, x{fast / slow:.0f}", flush=True
            )


def rate(search: Callable, queries: np.ndarray) -> float:
    """Queries per second."""
    began = time.perf_counter()
    for query in queries:
        search(query)
    return len(queries) / (time.perf_counter() - began)


if __name__ == "__main__":
    main(*(int(argument.replace(",", "").replace("_", "")) for argument in sys.argv[1:]))
