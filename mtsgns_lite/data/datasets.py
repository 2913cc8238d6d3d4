"""`load`: one door to every data set, the learner's own included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .amazon import load_amazon
from .dataset import Dataset
from .files import read_table
from .groceries import load_groceries
from .planted import planted
from .public import load_movielens, load_online_retail
from .sources import local_file
from .tabular import from_table

if TYPE_CHECKING:
    import pandas as pd

AMAZON_FILE = re.compile(r"\.jsonl?(\.gz)?$", re.IGNORECASE)
NAMED = ("groceries", "planted", "movielens", "online-retail", "amazon")


def load(
    source: str | Path | pd.DataFrame,
    *,
    basket: str | None = None,
    item: str | None = None,
    time: str | None = None,
    user: str | None = None,
    rating: str | None = None,
    edge_source: str | None = None,
    edge_target: str | None = None,
    weight: str | None = None,
    name: str | None = None,
    traits: Iterable[str] | str | None = None,
    items: str | Path | pd.DataFrame | None = None,
    multi_separator: str | None = None,
    min_count: int = 1,
    path: str | Path | None = None,
    category: str | None = None,
    relation_weights: dict[str, float] | None = None,
    **planted_options: Any,
) -> Dataset:
    """Load a data set by name, from a file, or from a data frame.

    Parameters
    ----------
    source : ``"groceries"``, ``"planted"`` (further arguments go to `planted`); ``"movielens"``, ``"online-retail"``,
        ``"amazon"`` (with `category=`), once `python -m mtsgns_lite data get` has fetched them; a file of Amazon
        metadata (``meta_X.json.gz``; see `load_amazon`); a CSV or parquet file, or a data frame. A table with a basket
        column holds transactions; one with a source and a target column, edges; one with user, item and rating,
        ratings. One with users, but no baskets, holds transactions too: a basket is what a user took on a day (or ever,
        where no times are known).
    basket, item, time, user, rating, edge_source, edge_target, weight, name : the columns' names, where they are not
        recognised by themselves. Without a time column the order of the rows is the order of time.
    traits : columns that hold side information, in the table itself or in `items`. With `items` and no
        `traits`, all its columns other than item and name. "auto" finds them (see `find_traits`), and adds price
        bands and the words of the names where there are prices and names.
    items : a table with one row per item. Items in no basket and no edge stay, as new ones, at the end.
    multi_separator : what separates several values in one trait cell, such as "|".
    min_count : leave out items that stand in fewer baskets, edges or ratings than this.
    path : where the files of MovieLens or Online Retail are, if `data get` did not fetch them.
    category, relation_weights : of Amazon; ``"amazon:Video_Games"`` is short for the first.

    Raises ``ValueError`` or ``FileNotFoundError`` with one sentence that says what to change.
    """
    if isinstance(source, str) and source == "groceries":
        return load_groceries()
    if isinstance(source, str) and source == "planted":
        own: dict[str, Any] = {"items": items, "traits": traits}  # which planted() has too, meaning its own
        return planted(**{name: value for name, value in own.items() if value is not None}, **planted_options)
    if planted_options:
        raise ValueError(f"load() has no argument {next(iter(planted_options))!r} for {source!r}.")
    given = dict(basket=basket, item=item, time=time, user=user, rating=rating, name=name)
    given |= dict(source=edge_source, target=edge_target, weight=weight)
    if isinstance(source, str) and source in ("movielens", "online-retail"):
        return load_movielens(path, min_count) if source == "movielens" else load_online_retail(path, min_count)
    if isinstance(source, str) and source.partition(":")[0] == "amazon":
        category = category or source.partition(":")[2]
        if not category:
            raise ValueError("Amazon's files come by category: name one, as in amazon:Video_Games.")
        source = local_file("amazon", category)
    if isinstance(source, (str, Path)) and AMAZON_FILE.search(str(source)):
        if any(column is not None for column in given.values()):
            raise ValueError(f"{source} is read as Amazon metadata, whose parts have names: leave the columns out.")
        return load_amazon(source, None if isinstance(traits, str) and traits == "auto" else traits, relation_weights)
    if isinstance(source, (str, Path)):
        if not Path(source).suffix and not Path(source).exists():
            raise ValueError(f"There is no data set called {str(source)!r}: take {', '.join(NAMED)}, or give a file.")
        table, title = read_table(source), Path(source).name.split(".")[0]
    else:
        table, title = source, "my data"
        if not len(table):
            raise ValueError("The data frame is empty: it needs at least one row.")
    return from_table(table, title, given, traits, items, multi_separator, min_count)
