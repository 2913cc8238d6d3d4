"""What a lesson needs of its surroundings, and does not teach: its data, its examples, its headline numbers."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np

from .comparison import Comparison
from .data.basket_sessions import basket_sessions
from .data.dataset import Dataset, Edges, Ragged, Ratings
from .data.datasets import NAMED, load
from .data.planted import planted
from .data.planted_interests import planted_interests
from .data.sequences import Prefixes, Sequences
from .data.sessions import Sessions


def shop(dataset: str = "groceries", smoke: bool = False, seed: int = 0) -> Dataset:
    """The data set of a lesson: a name that `load` knows, or a learner's own file, whose traits are found by `load`.

    `smoke` cuts it down to what a quick run needs.
    """
    if dataset == "planted":
        return planted(items=400, baskets=3_000, seed=seed) if smoke else planted(seed=seed)
    if dataset == "movielens" or dataset in NAMED:
        whole = load(dataset)
    else:
        whole = load(Path(dataset), traits="auto")
    return small(whole) if smoke else whole


def small(whole: Dataset, baskets: int = 8_000, edges: int = 20_000) -> Dataset:
    """The last baskets, or the first edges or ratings, of a data set."""
    parts: dict = {"truth": whole.truth}
    if whole.baskets is not None:
        last = np.arange(max(0, len(whole.baskets) - baskets), len(whole.baskets))
        parts["baskets"] = whole.baskets.take(last)
        if whole.users is not None:
            kept, parts["users"] = np.unique(whole.users[last], return_inverse=True)
            parts["user_ids"] = None if whole.user_ids is None else whole.user_ids[kept]
        parts["times"] = None if whole.times is None else whole.times[last]
    if whole.edges is not None:
        parts["edges"] = Edges(whole.edges.source[:edges], whole.edges.target[:edges], whole.edges.weight[:edges])
    if whole.ratings is not None:
        rated = whole.ratings
        parts["ratings"] = Ratings(rated.user[:edges], rated.item[:edges], rated.value[:edges])
    return replace(whole, **parts)


def compact(whole: Dataset) -> Dataset:
    """The data set with only the items that occur in it, numbered anew."""
    kept = np.flatnonzero(whole.popularity > 0)
    number = np.full(len(whole.catalogue), -1)
    number[kept] = np.arange(len(kept))
    parts: dict = {"catalogue": whole.catalogue.take(kept)}
    if whole.baskets is not None:
        parts["baskets"] = Ragged(number[whole.baskets.values], whole.baskets.offsets)
    if whole.edges is not None:
        parts["edges"] = Edges(number[whole.edges.source], number[whole.edges.target], whole.edges.weight)
    if whole.ratings is not None:
        parts["ratings"] = Ratings(whole.ratings.user, number[whole.ratings.item], whole.ratings.value)
    return replace(whole, **parts)


def with_traits(dataset: Dataset) -> Dataset:
    """The data set itself, or, where nothing is known of its items, a planted shop, which one line says."""
    if dataset.catalogue.traits:
        return dataset
    print(f"{dataset.name} says nothing of its items (no traits), so this lesson goes on with a planted shop.")
    return planted(items=1_000, baskets=15_000)


def with_baskets(dataset: Dataset) -> Dataset:
    """The data set itself, or, where there are edges only, a planted shop, which one line says."""
    if dataset.baskets is not None:
        return dataset
    print(f"{dataset.name} has edges between items, not baskets, so this lesson goes on with a planted shop.")
    return planted(items=400, baskets=3_000)


def with_users(dataset: Dataset) -> Dataset:
    """The data set itself, or, where users are not known, a planted shop, which one line says."""
    if dataset.users is not None or dataset.ratings is not None:
        return dataset
    print(f"{dataset.name} does not say who bought what, so this part takes the users of a planted shop.")
    return planted(items=400, baskets=3_000)


def usage(dataset: Dataset) -> Ratings:
    """Who used what, or, where users are not known, those of a planted shop, which one line says."""
    return with_users(dataset).usage()


def sessions(dataset: str = "groceries", smoke: bool = False, seed: int = 0) -> Sessions:
    """Sessions of a lesson: of a file with the user, time and kind of each event, else of a data set's baskets.

    Where neither is to be had they are those of a planted shop's baskets. A line that begins with NOTE says why what
    was tried didn't do.
    """
    path = Path(dataset)
    if path.is_file():
        try:
            return _events(path, smoke)
        except ValueError as reason:
            print(f"NOTE: {path.name} can't be taken as events, so its baskets are tried. {reason}")
    try:
        return _asked(basket_sessions(shop(dataset, smoke, seed), seed=seed))
    except ValueError as reason:
        print(f"NOTE: {reason} So this part goes on with a planted shop, and what it measures is not {path.name}'s.")
        if path.is_file():
            print(RENAME)
        return basket_sessions(planted(items=400, baskets=3_000, seed=seed), seed=seed)


RENAME = "To see your own file here, rename its columns to user, item, time and kind; a conversion's kind is buy."


def no_events(path: str | Path) -> str:
    """Why a file can't be taken as events with conversions to ask for, or nothing where it can."""
    try:
        _events(Path(path))
    except ValueError as reason:
        return str(reason)
    return ""


def _events(path: Path, smoke: bool = False) -> Sessions:
    found = Sessions.from_table(path, traits="auto")
    return _asked(found.take(np.arange(max(0, len(found) - 8_000), len(found))) if smoke else found)


def _asked(found: Sessions) -> Sessions:
    """The sessions. Raises ``ValueError`` where the last tenth has no goal to ask for that the rest knows."""
    past, later = found.split(0.1)
    items, row = later.items.values, later.items.row_of
    place, known = np.arange(len(items)) - later.items.offsets[row], np.isin(items, past.items.values)
    asks = known & (place < later.goal_places[row]) & (items != later.goals[row])
    if not np.isin(later.goals[row[asks]], past.items.values).any():
        raise ValueError(f"The last sessions of {found.name!r} have no goal to ask for.")
    return found


@dataclass(frozen=True)
class NextItems:
    """What a lesson on sequences learns from and asks.

    Attributes
    ----------
    train, asked : sequences to learn from, and questions; none of what is wanted is in `train`.
    together : (baskets) what was bought together, for skip-gram; without what is asked for.
    kind : the trait by which lists are called diverse; None where nothing is known of the items.
    """

    train: Sequences
    asked: Prefixes
    together: Ragged
    kind: str | None


def next_items(dataset: str = "groceries", smoke: bool = False, seed: int = 0) -> NextItems:
    """Each user's baskets but the last, and the question for that; where users are not known, what the last tenth of
    the baskets end with; of ratings, what each user liked last.

    "planted" is users with two interests (`planted_interests`), and takes the place, which a line that begins with NOTE
    says, of data that has no sequences.
    """
    if dataset != "planted":
        whole = shop(dataset, smoke, seed)
        try:
            return _next_baskets(whole, seed)
        except ValueError as reason:
            print(f"NOTE: {reason} So this lesson goes on with planted users, and what it says is not of {whole.name}.")
    users = planted_interests(groups=60, users=1_500, seed=seed) if smoke else planted_interests(seed=seed)
    train, later = users[0].split(0.1, seed=seed)
    return NextItems(train, later.ends(0.2), train.items, "group")


def _next_baskets(whole: Dataset, seed: int) -> NextItems:
    """Raises ``ValueError`` where there are no sequences to learn from, or none to ask about."""
    if whole.ratings is not None:
        train, asked = Sequences.from_dataset(whole.as_baskets(), shuffle=False).leave_last()
        together = train.items
    elif whole.baskets is not None and whole.users is not None and (np.bincount(whole.users) > 1).sum() >= 20:
        train, asked = Sequences.next_baskets(whole, seed)
        last = np.zeros(whole.users.max() + 1, dtype=np.int64)
        np.maximum.at(last, whole.users, np.arange(len(whole.users)))
        together = whole.baskets.take(np.setdiff1d(np.arange(len(whole.users)), last))
    else:
        train, later = Sequences.from_dataset(replace(whole, users=None), seed=seed).split(0.1)
        asked, together = later.ends(0.2), train.items
    if not len(asked) or train.items.lengths.max(initial=0) < 2:
        raise ValueError(f"{whole.name} has no sequences of two items or more to learn from and to ask about.")
    return NextItems(train, asked, together, whole.main_trait)


def examples(dataset: Dataset, k: int = 5, among: int = 400) -> list[int]:
    """k items worth asking about: often used, and each of another main trait (or of other popularity)."""
    popular = np.argsort(-dataset.popularity, kind="stable")[: min(among, int((dataset.popularity > 0).sum()))]
    trait = dataset.catalogue.traits.get(dataset.main_trait or "")
    if trait is None:
        return popular[np.linspace(0, len(popular) - 1, k).astype(int)].tolist()
    chosen: dict[int, int] = {}
    for item in popular:
        code = int(trait.codes[item, 0])
        if code and trait.codes[popular, 0].tolist().count(code) > 2:  # of a kind that has company
            chosen.setdefault(code, int(item))
    return [*chosen.values()][:k] or popular[:k].tolist()


def headline(name: str, value: float | str, text: str = "") -> None:
    """Show one line, and leave the number where `course` collects it for its summary."""
    from IPython.display import display

    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    line = f"{name}: {shown}" + (f"  ({text})" if text else "")
    display({"text/plain": line}, raw=True, metadata={"mtsgns": {"name": name, "value": value, "text": text}})


RECORDED = Path(__file__).resolve().parents[1] / "data"


def recorded(dataset: Dataset) -> Comparison | None:
    """The comparison of just this data set that `make record` kept, or None where there is none."""
    path = RECORDED / f"comparison_{Path(dataset.name).name}.json"
    if not path.is_file():
        return None
    found = Comparison(**json.loads(path.read_text(encoding="utf-8")))
    return found if found.sizes == dataset.sizes() else None  # a smaller one is another


def peer(name: str) -> ModuleType | None:
    """Another library to compare against, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
