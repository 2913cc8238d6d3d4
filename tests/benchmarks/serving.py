"""Serving and transfer against their bars: approximate search, a service under load, labels learned on embeddings.

python tests/benchmarks/serving.py [search] [service] [transfer]

search: 200,000 clustered vectors of 64 numbers, single queries, one thread; recall@10 and queries per second, the exact
and the approximate index by turns, so that whatever else the machine does slows both.
service: one process that serves 100,000 items, and 200 requests a second from another, each sent at its time whether or
not the one before was answered; latency counts from when a request should have been sent. Then the same while new
versions are chosen. transfer: departments and categories of groceries, age, income and children of households, from few
labels on plain skip-gram, three seeds. `ann.py` beside this file compares the libraries that search approximately.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch read it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import asyncio
import gc
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from scipy.sparse import csr_array

import mtsgns_lite as mt
from mtsgns_lite import serving
from mtsgns_lite.data.households import households
from mtsgns_lite.transfer import Transfer, from_nothing, learn_labels, transfer

RATE, SECONDS, CONNECTIONS = 200, 20, 16


def clustered(items: int, dim: int = 64, clusters: int = 2_000, seed: int = 0) -> np.ndarray:
    """(items, dim) float32: unit vectors around as many unit centres (whatever the seed), at a cosine of about 0.78."""
    centres = np.random.default_rng(99).standard_normal((clusters, dim))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    made = centres[rng.integers(clusters, size=items)] + 0.1 * rng.standard_normal((items, dim))
    return serving.index.unit(made)


def search() -> None:
    vectors, queries = clustered(200_000), clustered(1_000, seed=1)
    exact = serving.ExactIndex(vectors)
    began = time.perf_counter()
    graph = serving.ApproximateIndex(vectors)
    print(f"graph of {len(graph):,} built in {time.perf_counter() - began:.0f} s")
    rng = np.random.default_rng(2)
    asking = {"items": queries, "means of 2": _means(vectors, 2, rng), "means of 15": _means(vectors, 15, rng)}
    true = {name: [exact.search(query)[0] for query in group] for name, group in asking.items()}
    usual, far = graph.width, graph.far_width
    for width in (16, usual, 128, far):
        graph.width = width
        for name, group in asking.items():
            found = [graph.search(query)[0] for query in group]
            recall = np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in zip(true[name], found)])
            turns = range(0, 200, 20)
            rates = np.array([(_rate(exact, group[b : b + 20]), _rate(graph, group[:200])) for b in turns])
            slow, fast = np.median(rates, axis=0)
            bar = "   <- default; bar: 0.95 at x10" if name == "items" and width == usual else ""
            bar = "   <- default" if name != "items" and width == far else bar
            rate = f"{fast:>7,.0f} queries/s, exact {slow:,.0f}: x{fast / slow:.1f}"
            print(f"width {width:>3}, {name:<11}: recall@10 {recall:.4f}, {rate}{bar}", flush=True)


def _means(vectors: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """(200, d) as users are: means of items, here of any clusters, so that they lie far from all of them."""
    return serving.index.unit(vectors[rng.integers(len(vectors), size=(200, number))].mean(axis=1))


def _rate(index: serving.ExactIndex, queries: np.ndarray) -> float:
    began = time.perf_counter()
    for query in queries:
        index.search(query)
    return len(queries) / (time.perf_counter() - began)


def service() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, names = serving.Store(folder), []
        for seed in (0, 1):
            began = time.perf_counter()
            names.append(store.publish(_shop(seed)).name)
            print(f"version {names[-1]} of 100,000 items published in {time.perf_counter() - began:.0f} s")
        store.choose(names[0])
        process = subprocess.Popen([sys.executable, "-u", __file__, "serve", folder], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split(" on ")[1].split()[0]
            port = int(address.rsplit(":", 1)[1])
            asyncio.run(_load(port, 3))  # warm
            for _ in range(3):
                spent = _cpu_seconds(process.pid)
                _report("steady", asyncio.run(_load(port, SECONDS)), "p99 under 20 ms")
                spent = _cpu_seconds(process.pid) - spent
                print(f"   {spent / (RATE * SECONDS) * 1000:.2f} ms of a processor for a request", flush=True)
            print(f"   {_megabytes(process.pid)} MB of memory with one version")

            def switch() -> None:
                for name in (names[1], names[0], names[1]):
                    time.sleep(SECONDS / 5)
                    store.choose(name)

            found = asyncio.run(_load(port, SECONDS, switch))
            _report(f"{len(found[1])} versions answering in turn", found, "0 failed")
            print(f"   {_megabytes(process.pid)} MB of memory after three were taken up")
        finally:
            process.terminate()
            process.wait()


def _cpu_seconds(process: int) -> float:
    import psutil

    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def _megabytes(process: int) -> int:
    import psutil

    return round(psutil.Process(process).memory_info().rss / 1e6)


def _shop(seed: int) -> serving.Embeddings:
    ids = [f"{number:06d}" for number in range(100_000)]
    rng = np.random.default_rng(seed)
    catalogue = mt.Catalogue(ids).with_trait("brand", rng.integers(500, size=len(ids)).astype(str))
    return serving.Embeddings(catalogue, clustered(len(ids), seed=seed), np.ones(len(ids), dtype=np.float32))


async def _load(port: int, seconds: float, beside=None) -> tuple[np.ndarray, set[bytes], int]:
    """Latencies in ms, versions that answered, and how many requests failed.

    Without a pause of our own for collecting garbage: one of 60 to 120 ms in this process, with torch loaded and some
    thousand tasks made, made everything late that was due meanwhile, and looked like one of the service.
    """
    gc.collect()
    gc.disable()
    rng, late, versions, failed = np.random.default_rng(0), [], set(), 0
    free: asyncio.Queue = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def ask(due: float) -> None:
        nonlocal failed
        reader, writer = await free.get()
        try:
            line = f"GET /similar?item={rng.integers(100_000):06d}&k=10 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            writer.write(line.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            failed += not head.startswith(b"HTTP/1.1 200")
            versions.add(body.split(b'"version":"')[1].split(b'"')[0])
        except Exception:
            failed += 1
        late.append((time.perf_counter() - due) * 1000)
        free.put_nowait((reader, writer))

    other = asyncio.create_task(asyncio.to_thread(beside)) if beside is not None else None
    began, tasks = time.perf_counter(), []
    for number in range(int(RATE * seconds)):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(due)))
    await asyncio.gather(*tasks)
    if other is not None:
        await other
    while not free.empty():
        free.get_nowait()[1].close()
    gc.enable()
    return np.array(late), versions, failed


def _report(what: str, found: tuple[np.ndarray, set[bytes], int], bar: str) -> None:
    late, _, failed = found
    p50, p95, p99 = np.percentile(late, [50, 95, 99])
    print(f"{what}: {len(late):,} requests at {RATE}/s, p50 {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}, "
          f"{failed} failed   (bar: {bar}; load of the machine {os.getloadavg()[0]:.1f})")  # fmt: skip


def labels() -> None:
    shop = mt.load("groceries")
    said = households()
    bought = csr_array((shop.usage().value, (shop.usage().user, shop.usage().item))).log1p()
    won: dict[str, list[float]] = {}
    for seed in (0, 1, 2):
        model = mt.SGNS(shop.catalogue, dim=64, seed=seed)
        train = mt.split(shop, cold_items=0, seed=seed).train
        mt.fit(model, train, epochs=3, seed=seed, device="cpu", progress=False)
        found = {trait: transfer(model, shop, trait, seeds=(seed,)) for trait in ("department", "product_category")}
        people = serving.user_vectors(model.embeddings().numpy(), shop.baskets, shop.users, half_life=1e6)
        starts = {"embeddings": people, **from_nothing(bought, people.shape[1], seed, "bought")}
        for answer in ("age", "income", "kids_count"):
            codes = np.asarray(said[answer].astype("category").cat.codes) + 1
            codes = np.where(np.bincount(codes)[codes] >= 50, codes, 0)
            draws = range(10 * seed, 10 * seed + 10)  # of some hundred households; one draw says little
            values = len(np.unique(codes[codes > 0]))
            found[answer] = Transfer(answer, values, learn_labels(starts, codes, (10, 100), draws))
        for name, one in found.items():
            print(f"seed {seed}\n{one}", flush=True)
            means = {start: np.mean(rows[100]) for start, rows in one.accuracy.items()}
            won.setdefault(name, []).append(means.pop("embeddings") - max(means.values()))
    for name, gains in won.items():
        gained = ", ".join(f"{gain:+.3f}" for gain in gains)
        print(f"{name}, 100 labels, above the best start from nothing: {gained}   (bar: above 0 in each seed)")


def main(parts: list[str]) -> None:
    torch.set_num_threads(1)
    if parts[:1] == ["serve"]:
        return serving.serve(parts[1], port=0, every=0.5)
    for name, part in {"search": search, "service": service, "transfer": labels}.items():
        if not parts or name in parts:
            print(f"--- {name}", flush=True)
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
