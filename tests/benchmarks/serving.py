"""Serving and transfer against their bars: approximate search, a service under load, labels learned on embeddings.

python tests/benchmarks/serving.py [search] [service] [transfer]

search: 200,000 clustered vectors of 64 numbers, single queries, one thread; recall@10 and queries per second, the exact
and the approximate index by turns, so that whatever else the machine does slows both.
service: one process that serves 100,000 items, and 200 requests a second from another, each sent at its time whether or
not the one before was answered; latency counts from when a request should have been sent. Then the same while new
versions are chosen. transfer: departments and categories of groceries on plain skip-gram, three seeds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch read it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import asyncio
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

import mtsgns_lite as mt
from mtsgns_lite import serving
from mtsgns_lite.transfer import transfer

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
    true = [set(exact.search(query)[0].tolist()) for query in queries]
    for width in (16, 32, 48, 64, 128):
        graph.width = width
        found = [set(graph.search(query)[0].tolist()) for query in queries]
        recall = np.mean([len(a & b) / len(a) for a, b in zip(true, found)])
        users = serving.recall(graph, queries[:200] + queries[200:400])
        rates = np.array([(_rate(exact, queries[b : b + 20]), _rate(graph, queries)) for b in range(0, 200, 20)])
        slow, fast = np.median(rates, axis=0)
        bar = "   <- default; bar: 0.95 at x10" if width == 48 else ""
        rate = f"{fast:>7,.0f} queries/s, exact {slow:,.0f}: x{fast / slow:.1f}"
        print(f"width {width:>3}: recall@10 {recall:.4f} (between clusters {users:.4f}), {rate}{bar}", flush=True)


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

            def switch() -> None:
                for name in (names[1], names[0], names[1]):
                    time.sleep(SECONDS / 5)
                    store.choose(name)

            found = asyncio.run(_load(port, SECONDS, switch))
            _report(f"{len(found[1])} versions answering in turn", found, "0 failed")
        finally:
            process.terminate()
            process.wait()


def _cpu_seconds(process: int) -> float:
    import psutil

    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def _shop(seed: int) -> serving.Embeddings:
    ids = [f"{number:06d}" for number in range(100_000)]
    rng = np.random.default_rng(seed)
    catalogue = mt.Catalogue(ids).with_trait("brand", rng.integers(500, size=len(ids)).astype(str))
    return serving.Embeddings(catalogue, clustered(len(ids), seed=seed), np.ones(len(ids), dtype=np.float32))


async def _load(port: int, seconds: float, beside=None) -> tuple[np.ndarray, set[bytes], int]:
    """Latencies in ms, versions that answered, and how many requests failed."""
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
    return np.array(late), versions, failed


def _report(what: str, found: tuple[np.ndarray, set[bytes], int], bar: str) -> None:
    late, _, failed = found
    p50, p95, p99 = np.percentile(late, [50, 95, 99])
    print(f"{what}: {len(late):,} requests at {RATE}/s, p50 {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}, "
          f"{failed} failed   (bar: {bar}; load of the machine {os.getloadavg()[0]:.1f})")  # fmt: skip


def labels() -> None:
    shop = mt.load("groceries")
    for trait in ("department", "product_category"):
        won = []
        for seed in (0, 1, 2):
            model = mt.SGNS(shop.catalogue, dim=64, seed=seed)
            mt.fit(
                model, mt.split(shop, cold_items=0, seed=seed).train, epochs=3, seed=seed, device="cpu", progress=False
            )
            found = transfer(model, shop, trait, seeds=(seed,))
            print(found)
            others = [rows[100][0] for start, rows in found.accuracy.items() if start != "embeddings"]
            won.append(found.accuracy["embeddings"][100][0] - max(others))
        gains = ", ".join(f"{gain:+.3f}" for gain in won)
        print(
            f"{trait}, 100 labels: embeddings less the best start from nothing: {gains}   (bar: above 0 in each seed)"
        )


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
