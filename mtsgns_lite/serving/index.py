"""Which items lie nearest to a vector: by looking at all of them, or by a graph that looks at a few hundred.

The graph is HNSW (Malkov and Yashunin 2018), built by the library voyager. Both indexes answer the same question in the
same way, so that the one can be measured by the other.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

MISSING = "The approximate index needs the package voyager: `pip install voyager`, or take the exact index."


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., d) -> the same of length 1, in float32; a zero vector stays zero."""
    vectors = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


class ExactIndex:
    """Cosine similarity with every item: one product of a matrix and a vector.

    Parameters
    ----------
    vectors : (items, d); a zero row is an item without a vector, which is never found.
    """

    kind = "exact"

    def __init__(self, vectors: np.ndarray):
        self.unit = unit(vectors)
        self.there: np.ndarray = np.any(self.unit, axis=1)
        self._absent = np.flatnonzero(~self.there)

    def __len__(self) -> int:
        return int(self.there.sum())

    def search(self, query: np.ndarray, k: int = 10, allowed: np.ndarray | None = None, far: bool = False):
        """The k items nearest to `query` (d,): their numbers and cosines, both (k,), from the nearest on.

        allowed : (items,) booleans, which items may be found. There are fewer than k only where fewer are allowed.
        far : the query is no item and may lie far from all of them, as a user does; see `ApproximateIndex`.
        """
        scores = self.unit @ unit(query)  # (items,)
        scores[self._absent] = -np.inf
        if allowed is not None:
            scores[~allowed] = -np.inf
        k = min(k, len(scores))
        best = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
        best = best[np.argsort(-scores[best], kind="stable")]
        best = best[scores[best] > -np.inf]
        return best, scores[best]


class ApproximateIndex(ExactIndex):
    """A graph of near neighbours, through which a search walks towards the query; it may miss one now and then.

    Parameters
    ----------
    links : edges of an item in the graph (M in the paper).
    build_width : how many candidates are kept at hand while it is built (efConstruction).
    width : how many while it is searched (ef): more finds more, and takes longer.
    far_width : the same for a query that lies between the items, as the mean of several does: the graph leads from item
        to near item, and there the nearest ones are in many directions.
    threads : that build it. One gives the same graph each time.
    graph : one that was built before, for `load`.
    Raises ``ModuleNotFoundError`` where voyager is not installed.
    """

    kind = "approximate"

    def __init__(
        self, vectors: np.ndarray, links: int = 16, build_width: int = 100, width: int = 48, far_width: int = 512,
        threads: int = 1, graph=None,
    ):  # fmt: skip
        super().__init__(vectors)
        self.width, self.far_width = width, far_width
        self.graph = self._build(links, build_width, threads) if graph is None else graph

    def _build(self, links: int, build_width: int, threads: int):
        voyager, numbers = _voyager(), np.flatnonzero(self.there)
        graph = voyager.Index(
            voyager.Space.InnerProduct,  # of unit vectors: the cosine
            self.unit.shape[1], M=links, ef_construction=build_width, max_elements=max(1, len(numbers)),
        )  # fmt: skip
        if len(numbers):
            graph.add_items(self.unit[numbers], ids=numbers.tolist(), num_threads=threads)
        return graph

    def search(self, query: np.ndarray, k: int = 10, allowed: np.ndarray | None = None, far: bool = False):
        """See `ExactIndex.search`.

        The graph knows of no filters, so it is asked for as many as should leave k, and for twice as many while too few
        of them are allowed. Where that would reach a large part of the items, looking at all is faster, and done.
        """
        query, width = unit(query), self.far_width if far else self.width
        reach = k if allowed is None else 2 * k * len(allowed) // max(1, int(np.count_nonzero(allowed)))
        while reach <= max(2 * k, len(self) // 50) and reach <= len(self):
            try:
                found, distance = self.graph.query(query, k=reach, query_ef=max(width, reach))
            except RuntimeError:  # its RecallError: the walk met fewer items than were asked for
                break
            found, cosine = found.view(np.int64), 1 - distance
            if allowed is None:
                return found, cosine
            kept = np.flatnonzero(allowed[found])[:k]
            if len(kept) == k:
                return found[kept], cosine[kept]
            reach *= 2
        return super().search(query, k, allowed)

    def save(self, path: str | Path) -> None:
        """Write the graph, vectors and all, in voyager's own format, which holds numbers only."""
        self.graph.save(str(path))

    @classmethod
    def load(cls, path: str | Path, vectors: np.ndarray, width: int = 48) -> ApproximateIndex:
        """Read what `save` wrote. Raises ``ValueError`` for a damaged file, or a graph of other vectors."""
        try:
            graph = _voyager().Index.load(str(path))
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"The index {path} is damaged: remove it, or publish the version again.") from error
        index = cls(vectors, width=width, graph=graph)
        if (graph.num_elements, graph.num_dimensions) != (len(index), index.unit.shape[1]):
            raise ValueError(f"The index {path} was built from other vectors: publish the version again.")
        return index


INDEXES: dict[str, type[ExactIndex]] = {"exact": ExactIndex, "approximate": ApproximateIndex}


def make_index(vectors: np.ndarray, kind: str = "approximate") -> ExactIndex:
    """An index of a kind: "approximate" or "exact". Raises ``ValueError`` for another."""
    if kind not in INDEXES:
        raise ValueError(f"There is no index {kind!r}: choose from {', '.join(INDEXES)}.")
    return INDEXES[kind](vectors)


def recall(index: ExactIndex, queries: np.ndarray, k: int = 10, far: bool = False) -> float:
    """The fraction of the true k nearest items that `index` finds, a mean over the queries (Q, d)."""
    true = [ExactIndex.search(index, query, k)[0] for query in queries]
    found = [index.search(query, k, far=far)[0] for query in queries]
    return float(np.mean([len(np.intersect1d(a, b)) / max(1, len(a)) for a, b in zip(true, found)]))


def _voyager():
    try:
        import voyager
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    return voyager
