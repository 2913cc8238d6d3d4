"""The graph is what the edges say, and walks follow its weights, and p and q, as chi-square can tell."""

from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

import mtsgns_lite as mt

# a triangle 0-1-2 with a tail 2-3-4, and 5 that nothing touches
WEIGHTS = {(0, 1): 3.0, (0, 2): 1.0, (1, 2): 2.0, (2, 3): 4.0, (3, 4): 0.5}
UNLIKELY = 1e-4  # below this, chance is no excuse


@pytest.fixture
def graph() -> mt.Graph:
    ends = np.array(list(WEIGHTS))
    return mt.Graph.from_edges(mt.Edges(ends[:, 0], ends[:, 1], np.array(list(WEIGHTS.values()))), 6)


def weight(one, other):
    return WEIGHTS.get((one, other), WEIGHTS.get((other, one), 0.0))


def around(node):
    return [other for other in range(6) if weight(node, other)]


def test_weights_are_summed_over_repeats_and_both_directions():
    edges = mt.Edges(np.array([0, 1, 0, 2, 1]), np.array([1, 0, 1, 2, 2]), np.array([1.0, 2.0, 0.5, 9.0, 0.0]))
    graph = mt.Graph.from_edges(edges, 3)
    assert graph.degrees.tolist() == [1, 1, 0]  # the self-loop and the zero weight are gone
    assert float(graph.weight_between(torch.tensor([0]), torch.tensor([1]))) == pytest.approx(3.5)


def test_each_edge_is_listed_once(graph):
    edges = graph.edges()
    assert dict(zip(zip(edges.source.tolist(), edges.target.tolist()), edges.weight)) == pytest.approx(WEIGHTS)


def test_the_weight_between_any_two_nodes_is_found(graph):
    one, other = torch.cartesian_prod(torch.arange(6), torch.arange(6)).T
    expected = [weight(a, b) for a, b in zip(one.tolist(), other.tolist())]
    assert graph.weight_between(one, other).tolist() == pytest.approx(expected)


def test_edges_are_found_in_a_large_random_graph():
    rng = np.random.default_rng(0)
    dense = np.triu(rng.random((80, 80)) < 0.1, 1)
    graph = mt.Graph.from_edges(mt.Edges(*np.nonzero(dense), np.ones(dense.sum())), 80)
    one, other = torch.cartesian_prod(torch.arange(80), torch.arange(80)).T
    assert np.array_equal(graph.weight_between(one, other).reshape(80, 80).numpy() > 0, dense | dense.T)


def test_a_graph_without_edges_answers_no():
    empty = mt.Graph.from_edges(mt.Edges(np.array([0]), np.array([0]), np.array([1.0])), 3)
    assert empty.weight_between(torch.tensor([0, 1]), torch.tensor([1, 2])).tolist() == [0, 0]
    with pytest.raises(ValueError, match="nothing to walk on"):
        mt.Walks(empty)


def test_co_occurrence_counts_baskets():
    rows = [[0, 1, 2], [1, 2], [3], [], [2, 1]]
    graph = mt.Graph.from_baskets(mt.Ragged.from_rows(rows), 5)
    expected = Counter((a, b) for row in rows for a in row for b in row if a < b)
    edges = graph.edges()
    assert dict(zip(zip(edges.source.tolist(), edges.target.tolist()), edges.weight)) == dict(expected)
    assert graph.degrees.tolist() == [2, 2, 2, 0, 0]


def test_steps_follow_the_weights(graph):
    for node in range(5):
        steps = graph.step(torch.full((20_000,), node), torch.Generator().manual_seed(node))
        there = around(node)
        observed = [int((steps == other).sum()) for other in there]
        assert sum(observed) == 20_000  # along edges only
        if len(there) > 1:
            share = np.array([weight(node, other) for other in there])
            assert chisquare(observed, 20_000 * share / share.sum()).pvalue > UNLIKELY


def test_a_draw_that_rounds_to_the_end_of_a_row_stays_in_it(monkeypatch):
    """The last row's, too, after which nothing comes: its weights are small beside the total before it."""
    heavy = mt.Edges(np.array([0, 2, 3]), np.array([1, 3, 4]), np.array([2.0**60, 1.0, 1.0]))
    graph = mt.Graph.from_edges(heavy, 5)
    monkeypatch.setattr(torch, "rand", lambda size, **options: torch.full((size,), 1 - 2.0**-53, dtype=torch.float64))
    assert graph.step(torch.arange(5)).tolist() == [1, 0, 3, 4, 3]


@pytest.mark.parametrize(("p", "q"), [(0.25, 4.0), (4.0, 0.5), (1.0, 0.2), (0.5, 1.0)])
def test_second_order_steps_follow_p_and_q(p, q, graph):
    starts = torch.arange(5).repeat(8_000)
    walks = graph.walks(starts, length=3, p=p, q=q, generator=torch.Generator().manual_seed(7))
    observed = defaultdict(Counter)
    for before, here, after in walks.tolist():
        observed[before, here][after] += 1
    for (before, here), counts in observed.items():
        alpha = {x: 1 / p if x == before else 1.0 if weight(before, x) else 1 / q for x in around(here)}
        chance = np.array([alpha[x] * weight(here, x) for x in around(here)])
        seen = np.array([counts[x] for x in around(here)])
        assert seen.sum() == sum(counts.values())
        if len(seen) > 1 and seen.sum() > 500:
            assert chisquare(seen, seen.sum() * chance / chance.sum()).pvalue > UNLIKELY, (before, here)


def test_first_order_walks_ignore_where_they_came_from(graph):
    walks = graph.walks(torch.full((40_000,), 1), length=3, generator=torch.Generator().manual_seed(1))
    after_two = walks[walks[:, 1] == 2][:, 2]
    observed = [int((after_two == x).sum()) for x in around(2)]
    share = np.array([weight(2, x) for x in around(2)])
    assert chisquare(observed, sum(observed) * share / share.sum()).pvalue > UNLIKELY


def test_walks_run_along_edges_from_where_they_start(planted_edges):
    graph = mt.Graph.from_edges(planted_edges.edges, len(planted_edges.catalogue))
    starts = torch.nonzero(graph.degrees > 0).ravel()
    for p, q in ((1, 1), (0.5, 2)):
        walks = graph.walks(starts, 8, p, q, torch.Generator().manual_seed(0))
        assert torch.equal(walks[:, 0], starts)
        assert walks.shape == (len(starts), 8)
        assert (graph.weight_between(walks[:, :-1].ravel(), walks[:, 1:].ravel()) > 0).all()


def test_the_same_seed_walks_the_same_way(graph):
    def walk(seed):
        return graph.walks(torch.arange(5).repeat(20), 6, 0.5, 2, torch.Generator().manual_seed(seed))

    assert torch.equal(walk(3), walk(3))
    assert not torch.equal(walk(3), walk(4))


def test_expected_visits_are_those_that_walks_make(graph):
    walks = graph.walks(torch.arange(5).repeat(10_000), 6, generator=torch.Generator().manual_seed(0))
    made = torch.bincount(walks.ravel(), minlength=6) / 10_000
    assert torch.allclose(graph.expected_visits(6), made.double(), rtol=0.03)
    assert float(graph.expected_visits(6)[5]) == 0


def test_a_walk_cannot_start_where_there_are_no_edges(graph):
    with pytest.raises(ValueError, match="without edges"):
        graph.walks(torch.tensor([5]))


@pytest.mark.parametrize(("p", "q"), [(0, 1), (1, -2)])
def test_p_and_q_must_be_positive(p, q, graph):
    with pytest.raises(ValueError, match="positive"):
        graph.walks(torch.tensor([0]), p=p, q=q)
