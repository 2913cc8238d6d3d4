"""What lessons need of their surroundings: smaller data sets, and the comparison that was recorded."""

import dataclasses
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mtsgns_lite as mt
from mtsgns_lite import course, lesson
from mtsgns_lite.comparison import Comparison
from mtsgns_lite.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_set_has_the_ids_of_its_own_users(planted_small):
    ids = np.array([f"customer {number}" for number in range(planted_small.users.max() + 1)], dtype=object)
    found = lesson.small(dataclasses.replace(planted_small, user_ids=ids), baskets=50)
    assert len(found.user_ids) < len(ids)
    assert found.user_ids[found.users].tolist() == ids[planted_small.users[-50:]].tolist()


@pytest.mark.parametrize("which", ["planted_small", "planted_edges"])
def test_a_compact_set_has_the_same_items_together_under_new_numbers(which, request):
    whole = lesson.small(request.getfixturevalue(which), baskets=20, edges=30)
    found = lesson.compact(whole)
    assert len(found.catalogue) == (whole.popularity > 0).sum() < len(whole.catalogue)
    assert (found.popularity > 0).all()

    def named(data):
        if data.baskets is not None:
            return [data.catalogue.ids[row].tolist() for row in data.baskets]
        return [(data.catalogue.ids[a], data.catalogue.ids[b]) for a, b in zip(data.edges.source, data.edges.target)]

    assert named(found) == named(whole)
    trait = "A"
    told = dict(zip(whole.catalogue.ids, range(len(whole.catalogue))))
    for item, name in enumerate(found.catalogue.ids):
        assert found.catalogue.traits[trait].text(item) == whole.catalogue.traits[trait].text(told[name])


def test_a_compact_set_of_ratings_keeps_who_rated_what():
    ratings = mt.Ratings(np.array([0, 0, 1]), np.array([3, 1, 3]), np.array([5.0, 1.0, 4.0]))
    found = lesson.compact(mt.Dataset("films", mt.Catalogue(list("abcd")), ratings=ratings))
    assert found.catalogue.ids.tolist() == ["b", "d"]
    assert found.ratings.item.tolist() == [1, 0, 1]


def test_what_was_recorded_is_given_for_that_very_data_set_only(tmp_path, monkeypatch, planted_small):
    monkeypatch.setattr(lesson, "RECORDED", tmp_path)
    assert lesson.recorded(planted_small) is None
    kept = Comparison(planted_small.name, planted_small.sizes(), {}, {}, [])
    (tmp_path / f"comparison_{planted_small.name}.json").write_text(kept.to_text())
    assert lesson.recorded(planted_small) == kept
    assert lesson.recorded(lesson.small(planted_small, baskets=50)) is None


def test_the_recorded_comparison_is_whole_and_says_how_it_was_made():
    found = Comparison(**json.loads((ROOT / "data" / "comparison_groceries.json").read_text(encoding="utf-8")))
    assert "--models all" in found.settings["command"]
    later = ("text", "baskets")  # of lessons 07 and 08, which have figures of their own
    assert sorted(found.by_model()) == sorted(name for name, method in METHODS.items() if method.needs not in later)
    for rows in found.by_model().values():
        assert sorted(row["seed"] for row in rows) == [0, 1, 2]
    for seed in range(3):  # all that read walks or baskets read the same
        assert len({row["corpus"] for row in found.rows if row["seed"] == seed} - {None}) == 1


def test_recording_leaves_curves_out_and_cuts_digits(tmp_path):
    spec = importlib.util.spec_from_file_location("record", ROOT / "tests" / "benchmarks" / "record.py")
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    row = {
        "model": "sgns",
        "seed": 0,
        "auc": {"degree": {"seen": 0.123456789}},
        "pr": {"recall": [1.0]},
        "learning": None,
    }
    whole, short = tmp_path / "whole.json", tmp_path / "short.json"
    whole.write_text(Comparison("x", {"items": 2}, {}, {"seeds": 1}, [row]).to_text())
    assert record.main([str(whole), str(short)]) == 0
    found = json.loads(short.read_text())
    assert found["rows"] == [{"model": "sgns", "seed": 0, "auc": {"degree": {"seen": 0.12346}}}]
    assert found["sizes"] == {"items": 2}
    assert record.main([]) == 2


def test_sessions_of_a_lesson_are_those_of_events_or_of_baskets_or_of_a_planted_shop(tmp_path, capsys):
    events = mt.planted_sessions(items=30, sessions=60, markets=2).events()
    events.rename(columns={"kind": "event_type"}).replace({"event_type": {"buy": "purchase"}}).to_csv(
        tmp_path / "events.csv", index=False
    )
    found = lesson.sessions(str(tmp_path / "events.csv"))
    assert (len(found), found.strong) == (60, ("purchase",))
    assert capsys.readouterr().out == ""
    days = range(10, 30)
    rows = [(f"{user}-{day}", user, f"2025-01-{day}", item) for user in "ab" for day in days for item in "xyz"]
    pd.DataFrame(rows, columns=["order", "customer", "date", "sku"]).to_csv(tmp_path / "orders.csv", index=False)
    found = lesson.sessions(str(tmp_path / "orders.csv"))
    assert (len(found), found.strong, (found.goals >= 0).sum()) == (40, ("rebuy",), 38)
    assert capsys.readouterr().out.startswith(
        "NOTE: orders.csv can't be taken as events, so its baskets are tried. No "
    )
    pd.DataFrame(rows, columns=["order", "who", "date", "sku"]).to_csv(tmp_path / "nobody.csv", index=False)
    assert lesson.sessions(str(tmp_path / "nobody.csv")).name == "planted"
    told = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in told] == ["NOTE:", "NOTE:", "To se"]
    assert "No column of users or kinds was recognised" in told[0]
    assert told[1].endswith("So this part goes on with a planted shop, and what it measures is not nobody.csv's.")
    assert "rename its columns to user, item, time and kind" in told[2]
    once = pd.DataFrame(rows, columns=["order", "customer", "date", "sku"]).query("date < '2025-01-12' or sku == 'x'")
    once.to_csv(tmp_path / "once.csv", index=False)  # in the end there is one item in each basket: nothing to ask with
    assert lesson.sessions(str(tmp_path / "once.csv")).name == "planted"
    assert "have no goal to ask for. So this part" in capsys.readouterr().out


def test_a_file_that_is_no_log_of_events_is_told_of_before_the_lesson_on_events_runs(tmp_path, capsys):
    lessons = [Path("06_sessions.ipynb"), Path("02_numbers.ipynb")]
    events = mt.planted_sessions(items=30, sessions=60, markets=2).events()
    events.rename(columns={"user": "visitorid", "time": "event_time"}).to_csv(tmp_path / "log.csv", index=False)
    assert course._whole_path(str(tmp_path / "log.csv"), lessons[:1]) == str(tmp_path / "log.csv")
    assert capsys.readouterr().err == ""
    with pytest.raises(ValueError, match="No column of baskets"):  # the others read baskets
        course._whole_path(str(tmp_path / "log.csv"), lessons)
    events.rename(columns={"kind": "what"}).to_csv(tmp_path / "what.csv", index=False)
    course._whole_path(str(tmp_path / "what.csv"), lessons)
    told = capsys.readouterr().err
    assert told.startswith("NOTE: lesson 06 can't take what.csv as events: No column of kinds was recognised")
    assert "rename its columns" in told
    course._whole_path(str(tmp_path / "what.csv"), lessons[1:])
    assert capsys.readouterr().err == ""


def test_next_items_asks_for_the_last_baskets_and_trains_on_the_others(planted_small, monkeypatch):
    monkeypatch.setattr(lesson, "shop", lambda *_: planted_small)
    found = lesson.next_items("somewhere")
    users, baskets = planted_small.users, [sorted(row.tolist()) for row in planted_small.baskets]
    asked = {}
    for user in np.flatnonzero(np.bincount(users) > 1):
        *_, asked[user] = np.flatnonzero(users == user)
    assert [sorted(row.tolist()) for row in found.asked.wanted] == [baskets[n] for n in asked.values()]
    once = np.bincount(users)[users] == 1
    kept = [row for n, row in enumerate(baskets) if n not in asked.values() and not once[n]]
    assert sorted(map(sorted, (row.tolist() for row in found.together))) == sorted(kept)
    assert len(found.train.items.values) == sum(map(len, kept)) + int(planted_small.baskets.lengths[once].sum())
    assert found.kind == planted_small.main_trait


def test_next_items_without_users_asks_how_the_last_baskets_end(planted_small, monkeypatch):
    unknown = dataclasses.replace(planted_small, users=None)
    monkeypatch.setattr(lesson, "shop", lambda *_: unknown)
    found = lesson.next_items("somewhere")
    assert len(found.train) == round(0.9 * len(unknown.baskets))
    given, wanted = found.asked.items.lengths, found.asked.wanted.lengths
    ends = unknown.baskets.lengths[len(found.train) :]
    assert (given + wanted).tolist() == ends[ends > 1].tolist()
    assert found.together is found.train.items


def test_next_items_of_edges_are_of_planted_users_and_it_says_so(planted_edges, monkeypatch, capsys):
    monkeypatch.setattr(lesson, "shop", lambda *_: planted_edges)
    found = lesson.next_items("somewhere", smoke=True)
    assert found.kind == "group"
    told = capsys.readouterr().out
    assert told.startswith("NOTE: ")
    assert "planted users" in told
    assert lesson.next_items("planted", smoke=True).train.name == found.train.name
    assert not capsys.readouterr().out


def test_of_ratings_the_last_that_a_user_liked_is_asked_for(tmp_path):
    rng = np.random.default_rng(0)
    lines, liked = [], {}
    for user in range(30):
        films = rng.permutation(40)[:12].tolist()
        rating = [5, 1] * 6
        liked[user] = [str(film) for film, value in zip(films, rating) if value == 5]
        lines += [f"{user},{film},{value},{1_000_000 + turn}" for turn, (film, value) in enumerate(zip(films, rating))]
    rng.shuffle(lines)
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(lines))
    data = lesson.next_items(str(tmp_path / "ratings.csv"))
    ids = data.train.catalogue.ids
    found = {tuple(ids[data.asked.items[q]]): ids[data.asked.wanted[q]].tolist() for q in range(len(data.asked))}
    assert found == {tuple(films[:-1]): films[-1:] for films in liked.values()}
