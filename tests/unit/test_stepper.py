"""The skip-gram stepper: it walks, pairs, draws and steps as the definitions say, and its picture tells of it."""

import math
import re
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mtsgns_lite as mt
from mtsgns_lite.models.sgns import sgns_loss
from mtsgns_lite.views.stepper.drawing import CENTRE, CONTEXT, NEGATIVE, picture
from mtsgns_lite.views.stepper.graph import EXAMPLE, SmallGraph
from mtsgns_lite.views.stepper.model import Settings, SkipGramSteps, Vectors, sigmoid, stepped
from mtsgns_lite.views.stepper.view import CHOICES

BREAKFAST = {"tea", "milk", "bread", "butter"}
BOWTIE = [("a", "b", 1), ("b", "c", 2), ("c", "a", 3), ("c", "d", 4), ("d", "e", 5), ("e", "c", 6)]


@pytest.fixture
def steps() -> SkipGramSteps:
    return SkipGramSteps(SmallGraph.from_edges(EXAMPLE))


def trained_pairs(steps: SkipGramSteps) -> list:
    """The steps of gradient of the current walk, to its end."""
    walk, pairs = steps.walks, []
    while steps.walks == walk:
        steps.advance()
        if steps.pair:
            pairs.append(steps.pair)
    return pairs


# The walk.


@pytest.mark.parametrize("edges", [EXAMPLE, BOWTIE, [("x", "y", 0.5)]])
@pytest.mark.parametrize(("p", "q"), [(1, 1), (0.25, 4), (4, 0.25), (3, 0.7)])
def test_next_steps_have_the_probabilities_of_node2vec(edges, p, q):
    """Against the definition, edge by edge: alpha is chosen by the distance between the node before and the next."""
    weight = {**{(a, b): w for a, b, w in edges}, **{(b, a): w for a, b, w in edges}}
    graph = SmallGraph.from_edges(edges)
    for before, here in weight:
        strength = {}
        for start, end in weight:
            if start == here:
                alpha = 1 / p if end == before else 1 if (before, end) in weight else 1 / q
                strength[end] = alpha * weight[start, end]
        found = graph.chances(graph.names.index(here), graph.names.index(before), p, q)
        expected = [strength.get(name, 0) / sum(strength.values()) for name in graph.names]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_first_step_of_a_walk_follows_the_weights_whatever_p_and_q():
    graph = SmallGraph.from_edges(BOWTIE)
    np.testing.assert_allclose(graph.chances(2, None, p=0.1, q=9.0), np.array([3, 2, 0, 4, 6]) / 15)


def test_a_walk_takes_its_steps_as_often_as_they_are_probable():
    steps = SkipGramSteps(SmallGraph.from_edges(BOWTIE), Settings(p=0.5, q=3.0), length=3)
    came = np.zeros((5, 5, 5))
    for _ in range(6000):
        while not steps.complete:
            steps.advance()
        came[tuple(steps.walk)] += 1
        steps._new_walk()
    assert set(came.sum(axis=(1, 2))) == {1200.0}  # each node starts as many walks
    for before, here in ((0, 2), (3, 2), (2, 4)):
        share = came[before, here] / came[before, here].sum()
        np.testing.assert_allclose(share, steps.graph.chances(here, before, 0.5, 3.0), atol=0.06)


def test_a_walk_grows_node_by_node_along_edges_and_says_each_step(steps):
    view = mt.sgns_stepper()
    view.steps.restart()
    for length in range(1, view.steps.length + 1):
        steps = view.steps
        assert len(steps.walk) == length
        assert steps.pair is None
        if length > 1:
            here, before = (steps.graph.names[node] for node in steps.walk[:-3:-1])
            assert steps.graph.weights[steps.walk[-1], steps.walk[-2]] > 0
            assert f"from {before} to {here}, which had probability {steps.chance:.2f}" in repr(view)
        likely = dict(steps.likely_steps)
        assert sum(likely.values()) == pytest.approx(1)
        steps.advance()
        assert steps.pair or steps.chance == likely[steps.walk[-1]]
    assert steps.pair.places == (0, 1)


# The pairs.


@pytest.mark.parametrize("window", [1, 2, 3, 5, 11])
def test_each_pair_within_the_window_trains_once_and_no_other(window):
    steps = SkipGramSteps(SmallGraph.from_edges(EXAMPLE), Settings(window=window))
    walk = steps.walk
    pairs = trained_pairs(steps)
    apart = [abs(i - j) for i in range(8) for j in range(8)]
    assert len(pairs) == sum(0 < distance <= window for distance in apart)
    assert len({pair.places for pair in pairs}) == len(pairs)
    assert {abs(i - j) for i, j in (pair.places for pair in pairs)} == set(range(1, min(window, 7) + 1))
    assert all((pair.centre, pair.context) == (walk[pair.places[0]], walk[pair.places[1]]) for pair in pairs)


def test_a_window_changed_halfway_neither_repeats_a_pair_nor_goes_back(steps):
    done, turns = [], iter([4, 1, 1, 5, 2, 3])
    for _ in range(6):
        steps.change(window=next(turns))
        for _ in range(5):
            steps.advance()
            if steps.walks == 1 and steps.pair:
                done.append((steps.pair.places, steps.settings.window))
                assert 0 <= steps.done <= len(steps.pairs)
    places = [pair for pair, _ in done]
    assert places == sorted(set(places))
    assert all(0 < abs(i - j) <= window for (i, j), window in done)
    assert len(done) > 10


# The negatives.


@pytest.mark.parametrize("exponent", [0, 0.25, 0.75, 1])
def test_the_noise_is_f_to_the_exponent(exponent, steps):
    f = {name: sum(w for a, b, w in EXAMPLE if name in (a, b)) for name in steps.graph.names}
    expected = np.array([f[name] ** exponent for name in steps.graph.names])
    steps.change(exponent=exponent)
    np.testing.assert_allclose(steps.noise, expected / expected.sum(), rtol=1e-12)


def test_f_is_how_often_long_walks_visit_a_node(steps):
    graph = steps.graph
    ends = np.array([[graph.names.index(end) for end in edge[:2]] for edge in EXAMPLE])
    edges = mt.Edges(ends[:, 0], ends[:, 1], np.array([edge[2] for edge in EXAMPLE], dtype=float))
    visits = mt.Graph.from_edges(edges, len(graph.names)).expected_visits(length=5000).numpy()
    np.testing.assert_allclose(visits / visits.sum(), graph.counts / graph.counts.sum(), atol=0.002)


def test_negatives_are_drawn_from_the_noise_and_never_are_the_context():
    steps = SkipGramSteps(SmallGraph.from_edges(BOWTIE), Settings(negatives=5, exponent=1.0))
    drawn, of_the_pair = np.zeros((5, 5)), 0
    while steps.steps < 4000:
        steps.advance()
        if steps.pair:
            assert len(steps.pair.negatives) == 5
            assert steps.pair.context not in steps.pair.negatives
            np.add.at(drawn[steps.pair.context], list(steps.pair.negatives), 1)
            of_the_pair += steps.pair.centre in steps.pair.negatives
    for context in range(5):
        expected = np.where(np.arange(5) == context, 0, steps.graph.counts)
        np.testing.assert_allclose(drawn[context] / drawn[context].sum(), expected / expected.sum(), atol=0.03)
    assert of_the_pair  # a centre may be its own negative, as in word2vec


# The step of gradient.


def random_vectors(nodes: int = 5, spread: float = 1.0, seed: int = 0) -> Vectors:
    return Vectors(*np.random.default_rng(seed).normal(0, spread, (2, nodes, 2)))


@pytest.mark.parametrize("negatives", [(), (3,), (3, 4), (3, 3, 4), (0, 2, 2, 2)])
@pytest.mark.parametrize(("centre", "context"), [(0, 1), (1, 1)])
def test_a_step_is_that_of_autograd_on_the_loss_of_the_library(centre, context, negatives):
    vectors, rate = random_vectors(), 0.3
    found = stepped(vectors, centre, context, negatives, rate)
    target, contexts = (torch.tensor(side, requires_grad=True) for side in vectors)
    rows = torch.tensor([centre, context])
    pairs = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]], dtype=torch.float64)
    noise = contexts[torch.tensor(negatives or (0,))][None]  # no negatives: one, that counts for nothing
    loss = sgns_loss(target[rows][None], contexts[rows][None], noise, pairs, len(negatives))
    loss.backward()
    np.testing.assert_allclose(found.target, vectors.target - rate * target.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(found.context, vectors.context - rate * contexts.grad.numpy(), atol=1e-12)


def test_a_pair_reports_the_loss_and_probabilities_of_its_formula(steps):
    while steps.pair is None:
        steps.advance()
    pair, (target, context) = steps.pair, steps.pair.before
    u, rows = target[pair.centre], [context[node] for node in (pair.context, *pair.negatives)]
    says = [1 / (1 + math.exp(-float(u @ row))) for row in rows]
    np.testing.assert_allclose(pair.probabilities(pair.before), says)
    assert pair.loss(pair.before) == pytest.approx(-math.log(says[0]) - sum(math.log(1 - each) for each in says[1:]))
    assert pair.after is steps.vectors


def test_a_step_lowers_the_loss_lifts_the_pair_and_lowers_its_negatives():
    """The loss, always; the scores taken one by one, mostly: u may be pushed by more than v pulls."""
    fell, rose, sank = [], [], []
    for seed in range(5):
        steps = SkipGramSteps(SmallGraph.from_edges(EXAMPLE), seed=seed)
        for _ in range(5):
            for pair in trained_pairs(steps):
                change = pair.probabilities(pair.after) - pair.probabilities(pair.before)
                fell.append(pair.loss(pair.after) < pair.loss(pair.before))
                rose.append(change[0] > 0)
                sank += list(change[1:] < 0)
    assert np.mean(fell) == 1
    assert np.mean(rose) > 0.8
    assert np.mean(sank) > 0.8


def test_context_and_negatives_move_the_right_way_along_the_target():
    """With u held still it holds without exception: v goes along u, each n against it, the others stay."""
    before = random_vectors()
    after = stepped(before, 0, 1, (3, 4), 0.5)
    along = (after.context - before.context) @ before.target[0]
    assert along[1] > 0
    assert (along[[3, 4]] < 0).all()
    np.testing.assert_array_equal(after.context[[0, 2]], before.context[[0, 2]])
    np.testing.assert_array_equal(after.target[1:], before.target[1:])


def test_only_those_of_the_pair_move(steps):
    for pair in trained_pairs(steps):
        moved = [set(np.flatnonzero((now != then).any(axis=1))) for now, then in zip(pair.after, pair.before)]
        assert moved[0] == {pair.centre}
        assert moved[1] == {pair.context, *pair.negatives}


def test_sigmoid_never_overflows():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid(np.array([-1e4, 0, 1e4])), [0, 0.5, 1], atol=1e-12)


# What comes out.


def apart(vectors: np.ndarray, first: np.ndarray) -> float:
    """The distance of the two groups' middles, over the mean distance of a node from the middle of its own group."""
    one, other = vectors[first], vectors[~first]
    within = np.concatenate([np.linalg.norm(group - group.mean(axis=0), axis=1) for group in (one, other)])
    return float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) / within.mean())


@pytest.mark.parametrize("settings", [{}, {"p": 0.25}, {"q": 4.0}, {"negatives": 5}, {"exponent": 0.0}])
def test_after_some_hundreds_of_pairs_the_two_shelves_are_apart(settings):
    started, ended = [], []
    for seed in range(8):
        steps = SkipGramSteps(SmallGraph.from_edges(EXAMPLE), Settings(**settings), seed=seed)
        shelf = np.array([name in BREAKFAST for name in steps.graph.names])
        started.append(apart(steps.vectors.target, shelf))
        steps.finish(20)
        assert steps.steps == 520
        ended.append(apart(steps.vectors.target, shelf))
    assert np.median(started) < 1.5
    assert np.median(ended) > 4
    assert min(ended) > 2


def test_the_example_is_two_shelves_with_one_loose_link():
    across = [weight for a, b, weight in EXAMPLE if (a in BREAKFAST) != (b in BREAKFAST)]
    assert across == [1]
    assert len(SmallGraph.from_edges(EXAMPLE).names) == 8
    p_and_q_matter = SmallGraph.from_edges(EXAMPLE)
    kinds = {kind for node in range(8) for kind in p_and_q_matter.kinds(node)}
    assert kinds == {"1/p", "1", "1/q"}


def test_the_rate_falls_from_walk_to_walk_so_that_vectors_come_to_rest(steps):
    rates = []
    for _ in range(11):
        rates.append(steps.rate)
        steps.finish()
    assert rates[0] == 0.5
    assert rates[5] == pytest.approx(0.25)
    assert rates == sorted(rates, reverse=True)


def test_the_same_seed_gives_the_same_run_and_another_another():
    def run(seed):
        view = mt.sgns_stepper(seed=seed)
        said = []
        for number in range(60):
            view.steps.advance()
            if number == 20:
                view.turn(window=3, q=0.25)
            said.append(view.html())
        return said

    assert run(3) == run(3)
    assert run(3)[0] != run(4)[0]


def test_start_again_is_the_same_run_with_the_settings_of_now(steps):
    first = [(pair.places, pair.centre, pair.negatives) for pair in trained_pairs(steps)]
    end = steps.vectors
    steps.finish(3)
    steps.restart()
    assert (steps.walks, steps.steps, len(steps.walk), steps.pair, steps.leap) == (1, 0, 1, None, None)
    assert [(pair.places, pair.centre, pair.negatives) for pair in trained_pairs(steps)] == first
    np.testing.assert_array_equal(end.target, steps.vectors.target)
    steps.change(window=1)
    steps.restart()
    assert steps.settings.window == 1


def test_many_steps_at_once_are_the_same_as_one_by_one():
    fast, slow = (SkipGramSteps(SmallGraph.from_edges(EXAMPLE), seed=2) for _ in range(2))
    start = slow.vectors
    losses = [np.mean([pair.loss(pair.before) for pair in trained_pairs(slow)]) for _ in range(4)]
    fast.finish(4)
    np.testing.assert_array_equal(fast.vectors.target, slow.vectors.target)
    assert (fast.walks, fast.walk, fast.steps) == (slow.walks, slow.walk, slow.steps)
    np.testing.assert_allclose(fast.leap.losses, losses)
    assert fast.leap.pairs == 4 * 26
    np.testing.assert_array_equal(fast.leap.before.target, start.target)
    fast.advance()
    assert fast.leap is None  # it tells of the last action only


ACTIONS = st.one_of(
    st.just(("advance", None)), st.just(("finish", None)), st.just(("restart", None)),
    st.tuples(st.just("window"), st.integers(1, 5)), st.tuples(st.just("negatives"), st.integers(0, 5)),
    st.tuples(st.just("exponent"), st.floats(0, 1)), st.tuples(st.sampled_from("pq"), st.sampled_from(CHOICES)),
)  # fmt: skip


@given(
    st.lists(ACTIONS, max_size=40),
    st.sampled_from([EXAMPLE, BOWTIE, [("x", "y", 1e-6)], [("x", "y", 1), ("z", "w", 9)]]),
)
def test_whatever_is_turned_in_whatever_order_the_state_stays_sensible(actions, edges):
    view = mt.sgns_stepper(edges)
    steps = view.steps
    for name, value in actions:
        if value is None:
            getattr(steps, name)()
        else:
            view.turn(**{name: value})
        assert 1 <= len(steps.walk) <= steps.length
        assert steps.pair is None or steps.complete
        assert steps.done <= len(steps.pairs)
        assert all(np.isfinite(side).all() for side in steps.vectors)
        assert sum(chance for _, chance in steps.likely_steps) == pytest.approx(1)
        ET.fromstring(picture(steps, repr(view)))
        assert "nan" not in view.html()


# The picture.


def shapes(view, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(picture(view.steps, "")).iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def texts(view) -> list[str]:
    return ["".join(each.itertext()) for each in shapes(view, "text")]


def test_the_page_opens_on_a_step_of_gradient_with_its_numbers_and_colours():
    view = mt.sgns_stepper()
    pair, names = view.steps.pair, view.steps.graph.names
    assert view.steps.steps == 1
    html = view.html()
    assert html.count("<svg") == 1
    assert '<p role="status" aria-live="polite"' in html
    losses = [f"{pair.loss(vectors):.3f}" for vectors in (pair.before, pair.after)]
    says = f"({names[pair.centre]}, {names[pair.context]}): loss {' → '.join(losses)}"
    assert says in html
    assert says in repr(view)
    written = texts(view)
    for before, after in zip(pair.probabilities(pair.before), pair.probabilities(pair.after)):
        assert f"{before:.3f} → {after:.3f}" in written
    assert set(names) <= set(written)
    assert all(colour in html for colour in (CENTRE, CONTEXT, NEGATIVE))


def test_arrows_go_from_where_vectors_were_to_where_they_are():
    view = mt.sgns_stepper(seed=1)
    circles = [each for each in shapes(view, "circle") if each.get("fill") == CENTRE]
    heads = [each for each in shapes(view, "polygon") if each.get("fill") == CENTRE]
    assert len(circles) == len(heads) == 1  # the target of the centre; its arrow ends on its dot
    tip = heads[0].get("points").split()[0]
    assert tip == f"{float(circles[0].get('cx')):.1f},{float(circles[0].get('cy')):.1f}"
    lit = {each.get("fill") for each in shapes(view, "polygon")}
    assert lit == {CENTRE, CONTEXT, NEGATIVE}


def test_while_a_walk_grows_its_next_steps_are_written_on_the_edges():
    view = mt.sgns_stepper(p=0.25, q=4)
    view.steps.finish()
    for _ in range(3):
        view.steps.advance()
        steps, written = view.steps, texts(view)
        for node, chance in steps.likely_steps:
            assert written.count(f"{chance:.2f}") >= 2  # on the edge, and in the reckoning
            assert any(words.endswith(steps.graph.kinds(steps.previous)[node]) for words in written)
        assert sum(each.get("fill") == CENTRE for each in shapes(view, "polygon")) == len(steps.likely_steps)


def test_the_bars_of_the_noise_follow_the_exponent_at_once():
    def widths(view):
        return [float(each.get("width")) for each in shapes(view, "rect") if 370 < float(each.get("x")) < 380]

    view = mt.sgns_stepper()
    view.turn(exponent=0.0)
    assert len(set(widths(view)[:8])) == 1
    view.turn(exponent=1.0)
    np.testing.assert_allclose(np.array(widths(view)[:8]) / 80 * 13, view.steps.graph.counts, atol=0.02)
    assert "from f^1" in view.html()


@pytest.mark.parametrize(("setting", "says"), [
    ({"window": 1}, "has 14 pairs"), ({"negatives": 0}, "next pair on, 0 negatives"),
    ({"p": 4.0}, "p = 4 holds for the next walk"),
])  # fmt: skip
def test_the_status_says_from_when_on_a_setting_holds(setting, says):
    view = mt.sgns_stepper()
    view.turn(**setting)
    assert says in view.html()


def test_hostile_and_long_names_are_shown_letter_by_letter():
    bad = ['<script>alert("1")</script>', "a & b's <b>", "x" * 200]
    view = mt.sgns_stepper([(bad[0], bad[1], 1), (bad[1], bad[2], 2)])
    for _ in range(40):
        view.steps.advance()
        page = view.html()
        assert "<script" not in page
        assert "<b>" not in page
        titles = {"".join(each.itertext()) for each in shapes(view, "title")}
        assert set(bad) <= titles
    assert max(map(len, texts(view))) < 120


def test_twelve_nodes_and_a_walk_of_twelve_stay_inside_the_picture():
    ring = [(f"item {i}", f"item {(i + step) % 12}", 1 + i % 3) for i in range(12) for step in (1, 3, 5)]
    view = mt.sgns_stepper(ring, negatives=5, length=12)
    for _ in range(30):
        view.steps.advance()
        for each in shapes(view, "text"):
            assert 0 <= float(each.get("x")) <= 820
            assert 0 <= float(each.get("y")) <= 416
        for each in shapes(view, "rect"):
            assert float(each.get("x")) >= -1
            assert float(each.get("x")) + float(each.get("width")) <= 821


# Bad input.


@pytest.mark.parametrize(("edges", "says"), [
    ([], "no edges: pass some"),
    ([("a", "b", 0)], "from 'a' to 'b' has weight 0"),
    ([("a", "b", 1), ("b", "c", -2.5)], "from 'b' to 'c' has weight -2.5"),
    ([("a", "b", float("nan"))], "must be a positive number"),
    ([("a", "b", float("inf"))], "must be a positive number"),
    ([("a", "b", 1), ("c", "c", 2)], "stuck on 'c'"),
    ([("a", "b")], "Edge 1 is"),
    ([("a", "b", 1), ("a", "b", "much")], "Edge 2 is"),
    ([("a", "b", 1), None], "Edge 2 is"),
    ([(str(i), str(i + 1), 1) for i in range(12)], "12 nodes, not 13"),
])  # fmt: skip
def test_a_graph_that_cannot_be_walked_on_is_refused_in_a_sentence(edges, says):
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        mt.sgns_stepper(edges)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("setting", [
    {"window": 0}, {"window": 1.5}, {"negatives": -1}, {"exponent": 1.5}, {"exponent": -0.1}, {"p": 0}, {"q": -1},
    {"q": float("inf")}, {"p": float("nan")}, {"rate": 0}, {"rate": 5}, {"length": 1}, {"length": 13},
])  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_name(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        mt.sgns_stepper(**setting)


def test_repeated_edges_add_up_self_loops_are_dropped_and_names_may_be_numbers():
    graph = SmallGraph.from_edges([(1, 2, 1), (2, 1, 2.5), (1, 1, 9)])
    assert graph.names == ["1", "2"]
    np.testing.assert_array_equal(graph.weights, [[0, 3.5], [3.5, 0]])


def test_a_refused_setting_leaves_the_state_as_it_was(steps):
    with pytest.raises(ValueError, match="exponent"):
        steps.change(exponent=2)
    assert steps.settings == Settings()


# The widget.


@pytest.fixture
def live():
    pytest.importorskip("ipywidgets")
    view = mt.sgns_stepper(p=3.0, window=7)
    (*_, said, drawn) = view.widget.children
    controls = {}
    for row in view.widget.children[:2]:
        for control in row.children:
            controls[control.description or "play"] = control
    return view, controls, said, drawn


def test_buttons_move_the_state_and_the_page_together(live):
    view, controls, said, drawn = live
    for name in ("One step", "Finish walk", "10 walks", "Start again", "One step"):
        before = drawn.value
        controls[name].click()
        assert drawn.value != before
        assert said.value + drawn.value == view.html()
    assert (view.steps.walks, len(view.steps.walk)) == (1, 2)


def test_playing_makes_a_step_and_stopping_makes_none(live):
    view, controls, said, _ = live
    done = view.steps.steps
    controls["play"].value = 1
    controls["play"].value = 2
    assert view.steps.steps == done + 2
    shown = said.value
    controls["play"].value = 0  # what the stop button sets
    assert view.steps.steps == done + 2
    assert said.value == shown


def test_sliders_and_menus_turn_the_settings_and_know_those_given(live):
    view, controls, said, drawn = live
    assert (controls["p"].value, controls["window"].value) == (3.0, 7)
    for name, value in {"window": 1, "negatives": 5, "exponent": 0.5, "p": 0.25, "q": 4.0}.items():
        controls[name].value = value
        assert getattr(view.steps.settings, name) == value
        assert said.value + drawn.value == view.html()


def test_an_error_in_a_callback_is_seen(live, monkeypatch):
    view, controls, said, _ = live
    monkeypatch.setattr(view.steps, "change", lambda **_: 1 / 0)
    controls["window"].value = 2
    assert 'role="alert"' in said.value


def test_a_notebook_gets_the_widget_with_page_and_words_beside_it(monkeypatch):
    view = mt.sgns_stepper()
    assert {"text/plain", "text/html"} <= set(view._repr_mimebundle_())
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    view = mt.sgns_stepper()
    assert view.widget is None
    assert set(view._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_pair_of_a_wider_window_is_said_to_be_one():
    view = mt.sgns_stepper()
    while view.steps.pair is None or abs(view.steps.pair.places[0] - view.steps.pair.places[1]) < 2:
        view.steps.advance()
    view.turn(window=1)
    assert "a pair of the wider window" in repr(view)
    view.steps.advance()
    assert "pair " in repr(view)
    assert "wider" not in repr(view)


def test_there_is_room_for_so_many_negatives():
    with pytest.raises(ValueError, match="from 0 to 5"):
        mt.sgns_stepper(negatives=6)
