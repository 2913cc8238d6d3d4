"""Generated graphs that everybody can make: heavy-tailed degrees, planted communities, traits that tell of them."""

from __future__ import annotations

import numpy as np

import mtsgns_lite as mt

COMMUNITY = 100  # nodes
WEIGHTS = (0.5, 1.0, 1.2, 2.2)  # of edges, as sums of relations have
STUDY = (418_749, 4_005_262)  # nodes and edges of the published study's graph, Amazon Electronics
SMALL = (50_000, 500_000)


def edges(nodes: int, count: int, mixing: float = 0.1, tail: float = 0.7, seed: int = 0) -> tuple[mt.Edges, np.ndarray]:
    """`count` distinct edges, and the (nodes,) community of each node.

    A node is drawn in proportion to rank^-`tail`, so that degrees follow a power law (exponent 1 + 1/tail); every node
    has an edge. The other end comes from its community, or, a part `mixing` of the time, from anywhere.
    """
    rng = np.random.default_rng(seed)
    community = rng.integers(max(1, nodes // COMMUNITY), size=nodes)
    popularity = rng.permutation(np.arange(1, nodes + 1) ** -tail)
    order = np.argsort(community, kind="stable")
    reach = np.concatenate([[0.0], np.cumsum(popularity[order])])
    ends = np.searchsorted(community[order], np.arange(community.max() + 2))
    found, source = np.empty(0, dtype=np.int64), np.arange(nodes)
    while True:
        low, high = (reach[ends[community[source] + side]] for side in (0, 1))
        anywhere = rng.random(len(source)) < mixing
        low, high = np.where(anywhere, 0.0, low), np.where(anywhere, reach[-1], high)
        place = np.searchsorted(reach, low + rng.random(len(source)) * (high - low), side="right") - 1
        target = order[np.clip(place, 0, nodes - 1)]
        keys = np.minimum(source, target) * nodes + np.maximum(source, target)
        _, first = np.unique(both := np.concatenate([found, keys[source != target]]), return_index=True)
        found = both[np.sort(first)]  # the oldest stay
        if len(found) >= count:
            found = found[:count]
            return mt.Edges(found // nodes, found % nodes, rng.choice(WEIGHTS, count)), community
        more = int((count - len(found)) * 1.3) + 100
        source = order[np.searchsorted(reach, rng.random(more) * reach[-1], side="right") - 1]


def shop(nodes: int, count: int, seed: int = 0) -> mt.Dataset:
    """The graph as a data set, with traits on few of its nodes, as Amazon's has.

    `kind` is the community, known of a sixth; `maker`, five to a community, is known of a third and wrong for half of
    those; `colour` means nothing.
    """
    drawn, community = edges(nodes, count, seed=seed)
    rng = np.random.default_rng(seed + 1)
    maker = np.where(rng.random(nodes) < 0.5, rng.permutation(community), community) * 5 + rng.integers(5, size=nodes)
    catalogue, colour = mt.Catalogue(range(nodes)), rng.integers(10, size=nodes)
    for name, value, known in (("kind", community, 1 / 6), ("maker", maker, 1 / 3), ("colour", colour, 1)):
        there = rng.random(nodes) < known
        catalogue = catalogue.with_trait(name, [f"{name} {v}" if t else None for v, t in zip(value, there)])
    return mt.Dataset(f"generated ({nodes:,} nodes, {count:,} edges)", catalogue, edges=drawn, main_trait="kind")
