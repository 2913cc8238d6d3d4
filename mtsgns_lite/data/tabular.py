"""A learner's own table -> data set: transactions, edges or ratings, told apart by their columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .catalogue import Catalogue, Trait
from .dataset import Dataset, Edges, Ragged, Ratings, by_popularity
from .files import find_columns, read_table, to_numbers, to_times

if TYPE_CHECKING:
    import pandas as pd

PRICE = re.compile(r"(unit|item|list|sale|retail)?[ _]?(price|cost)", re.IGNORECASE)
DAY = 86_400_000_000_000  # nanoseconds
CATEGORY = re.compile(r"categor|department|aisle|genre|class|group|kind|type", re.IGNORECASE)


def from_table(
    table: pd.DataFrame, title: str, given: dict, traits, items, multi_separator: str | None, min_count: int
) -> Dataset:
    """The data set of a table; `given` names the columns that are not recognised by themselves (others as in `load`).

    Raises ``ValueError`` with one sentence that says what to change.
    """
    columns = find_columns(list(table.columns), given)
    automatic = isinstance(traits, str) and traits == "auto"
    if isinstance(traits, str):
        traits = None if automatic else [traits]
    about = _item_table(items, given["item"], given["name"], traits, multi_separator)
    if automatic and about is None and "item" in columns:
        traits = find_traits(table, columns)
    if "source" in columns and "target" in columns and given["basket"] is None:
        loaded = _from_edges(title, table, columns, about, min_count)
    else:
        loaded = _from_rows(title, table, columns, about, traits, multi_separator, min_count)
    loaded.main_trait = _main_trait(loaded.catalogue)
    if automatic:
        loaded.catalogue = derived(loaded.catalogue, table, columns)
    return loaded


def find_traits(table: pd.DataFrame, columns: dict[str, str]) -> list[str]:
    """The columns of a table of transactions that describe the item: nearly always (95 %) the same for the same
    item, with at least two values, and with fewer values than half the items."""
    item = _ids(table[columns["item"]])
    taken = {*columns.values(), *(column for column in table.columns if PRICE.fullmatch(str(column)))}
    found = []
    for column in table.columns:
        text = table[column].astype("string")
        pairs = table.assign(**{column: text}).groupby([item, text.rename(None)]).size()
        if column in taken or not len(pairs):
            continue
        constant = pairs.groupby(level=0).max().sum() / pairs.sum()
        if constant >= 0.95 and 2 <= text.nunique() < len(set(item)) / 2:
            found.append(column)
    return found


def derived(catalogue: Catalogue, table: pd.DataFrame, columns: dict[str, str]) -> Catalogue:
    """Add price bands, and words of the names, where prices and names are known."""
    price = next((column for column in table.columns if PRICE.fullmatch(str(column))), None)
    if price is not None and "item" in columns:
        import pandas as pd

        median = pd.Series(to_numbers(table[price], price)).groupby(_ids(table[columns["item"]])).median()
        catalogue = catalogue.with_price_band(median.reindex(catalogue.ids).to_numpy())
    if (catalogue.names != catalogue.ids).mean() > 0.5:
        words = catalogue.with_name_words()
        if words.traits["words"].fill_rate > 0:
            catalogue = words
    return catalogue


def _main_trait(catalogue: Catalogue) -> str | None:
    """The single-valued trait with most values, if each of them is shared by four items or more on average.

    One that is called a category, or the like, comes before a brand, of which there may be more.
    """
    sizes = {
        name: values
        for name, values, fill, _ in catalogue.describe()
        if catalogue.traits[name].codes.shape[1] == 1 and 1 < values <= fill * len(catalogue) / 4
    }
    return max(sizes, key=lambda name: (bool(CATEGORY.search(name)), sizes[name])) if sizes else None


class _ItemTable:
    """Names and traits of items, looked up by id."""

    def __init__(self, ids: np.ndarray, names: np.ndarray | None, traits: dict[str, list], separator: str | None):
        self.names = dict(zip(ids, names)) if names is not None else {}
        self.traits = {trait: dict(zip(ids, values)) for trait, values in traits.items()}
        self.separator = separator

    def add_others(self, ids: np.ndarray) -> np.ndarray:
        """The ids, then those of the table that are not among them: new items, known by their traits alone."""
        used = set(ids)
        others = [item for item in next(iter(self.traits.values()), self.names) if item not in used]
        return np.array([*ids, *others], dtype=object)

    def catalogue(self, ids: np.ndarray) -> Catalogue:
        names = [self.names.get(item) or item for item in ids]
        columns = [
            Trait.from_values(trait, [values.get(item) for item in ids], self.separator)
            for trait, values in self.traits.items()
        ]
        return Catalogue(ids, names, columns)


def _item_table(items, item, name, traits, separator) -> _ItemTable | None:
    """The table of items the caller gave, each id in one row."""
    if items is None:
        return None
    table = read_table(items) if isinstance(items, (str, Path)) else items
    # the id column may have another name here than in the transactions
    given = {"item": item if item in table.columns else None, "name": name if name in table.columns else None}
    columns = find_columns(list(table.columns), given)
    id_column = columns.get("item", table.columns[0])
    ids = _ids(table[id_column])
    if len(set(ids)) < len(ids):
        unique, times = np.unique(ids, return_counts=True)
        repeated = unique[times > 1]
        raise ValueError(f"The item table has {len(repeated)} ids in more than one row, {repeated[0]!r} among them.")
    if traits is None:
        traits = [column for column in table.columns if column not in (id_column, columns.get("name"))]
    return _ItemTable(ids, *_about(table, columns, traits), separator)


def _about(table, columns, traits) -> tuple[np.ndarray | None, dict[str, list]]:
    find_columns(list(table.columns), {trait: trait for trait in traits})  # are they all there?
    names = table[columns["name"]].fillna("").astype(str).to_numpy() if "name" in columns else None
    return names, {trait: table[trait].astype(object).where(table[trait].notna(), None).tolist() for trait in traits}


def _ids(column: pd.Series) -> np.ndarray:
    """Ids as text; 12.0, which is how pandas writes a whole number in a column with gaps, is "12"."""
    if column.dtype.kind == "f" and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("string").fillna("").str.strip().to_numpy(dtype=object)


def _from_edges(title, table, columns, about, min_count) -> Dataset:
    source, target = _ids(table[columns["source"]]), _ids(table[columns["target"]])
    weight = to_numbers(table[columns["weight"]], columns["weight"]) if "weight" in columns else np.ones(len(table))
    check_weights(weight)
    there = (source != "") & (target != "")
    source, target, weight = source[there], target[there], weight[there]
    ids, code = by_popularity(np.concatenate([source, target]), min_count)
    ends = code.reshape(2, -1)
    keep = (ends >= 0).all(axis=0)
    catalogue = about.catalogue(about.add_others(ids)) if about is not None else Catalogue(ids)
    return Dataset(title, catalogue, edges=Edges(ends[0][keep], ends[1][keep], weight[keep]))


def _from_rows(title, table, columns, about, traits, separator, min_count) -> Dataset:
    """Transactions or ratings: a row for each item that a basket or a user has."""
    import pandas as pd

    if "item" not in columns:
        raise ValueError(
            f"No column of items was recognised among: {', '.join(map(str, table.columns))}; name it (item=)."
        )
    ratings_only = "rating" in columns and "user" in columns and "basket" not in columns
    key = columns.get("basket", columns.get("user"))
    if key is None:
        raise ValueError(
            f"No column of baskets was recognised among: {', '.join(map(str, table.columns))}; name it (basket=)."
        )
    item, group = _ids(table[columns["item"]]), _groups(table, columns, key, ratings_only)
    there = (item != "") & (group != "")
    new_items = about is not None
    if about is None:
        wanted = list(traits) if traits is not None else []
        names, values = _about(table[there].iloc[np.unique(item[there], return_index=True)[1]], columns, wanted)
        about = _ItemTable(np.unique(item[there]), names, values, separator)
    first = there if ratings_only else there & ~pd.DataFrame({"group": group, "item": item}).duplicated().to_numpy()
    ids = by_popularity(item[first], min_count)[0]  # by the number of baskets, however often an item is in one
    code = pd.Index(ids).get_indexer(item[there])
    table, keep = table[there], code >= 0
    table, code, group = table[keep], code[keep], group[there][keep]
    if not len(table):
        raise ValueError(f"{title!r} has no row with both an item and a {key}: check the columns' names.")
    users = user_ids = None
    if "user" in columns:
        user = _ids(table[columns["user"]])
        user = np.where(user == "", "unknown, " + group, user)  # somebody else each time, for all we know
        user_ids, users = np.unique(user, return_inverse=True)
    if ratings_only:
        assert users is not None
        value = to_numbers(table[columns["rating"]], columns["rating"])
        check_numbers(value, "ratings")
        if "time" in columns:  # each user's, the earliest first
            order = np.lexsort((to_times(table[columns["time"]], columns["time"]), pd.factorize(users)[0]))
            users, code, value = users[order], code[order], value[order]
        return Dataset(title, about.catalogue(ids), ratings=Ratings(users, code, value), user_ids=user_ids)
    times = to_times(table[columns["time"]], columns["time"]) if "time" in columns else np.arange(len(table))
    baskets, first = _baskets(group, code, times)
    catalogue = about.catalogue(about.add_others(ids) if new_items else ids)
    return Dataset(
        title, catalogue, baskets, users=None if users is None else users[first],
        times=times[first] if "time" in columns else None, user_ids=user_ids,
    )  # fmt: skip


def _groups(table: pd.DataFrame, columns: dict[str, str], key: str, ratings: bool) -> np.ndarray:
    """(rows,) the basket of each row, as text; "" for none.

    Without a column of baskets, a basket is what a user took on one day, or at all where no times are known. Numbers of
    baskets that start again with every user are told apart by the user.
    """
    group = _ids(table[key])
    if ratings or "user" not in columns:
        return group
    if "basket" not in columns:
        if "time" not in columns:
            return group
        days = to_times(table[columns["time"]], columns["time"]) // DAY
        return np.where(group == "", "", group + np.array([f", day {day}" for day in days], dtype=object))
    import pandas as pd

    pairs = pd.DataFrame({"group": group, "user": _ids(table[columns["user"]])})
    several = pairs[pairs.user != ""].groupby("group").user.nunique() > 1
    shared = pairs.group.isin(several.index[several]).to_numpy() & (group != "")
    return np.where(shared, group + ", of " + pairs.user.to_numpy(), group)


def _baskets(group: np.ndarray, item: np.ndarray, time: np.ndarray) -> tuple[Ragged, np.ndarray]:
    """Rows -> baskets in order of their first time, no item twice; and the first row of each basket."""
    order = np.argsort(time, kind="stable")
    found, row, basket = np.unique(group[order], return_index=True, return_inverse=True)
    rank = np.empty(len(found), dtype=np.int64)
    rank[np.argsort(row)] = np.arange(len(found))
    basket, item = rank[basket], item[order]
    once = np.sort(np.unique(basket * (item.max() + 1) + item, return_index=True)[1])
    return Ragged.group(basket[once], item[once]), order[np.sort(row)]


def check_weights(weight: np.ndarray) -> None:
    """Raises ``ValueError`` for edge weights that are missing, infinite or negative."""
    check_numbers(weight, "edge weights")
    check_numbers(np.where(weight < 0, np.nan, 0.0), "edge weights", "negative")


def check_numbers(values: np.ndarray, kind: str, what: str = "missing or infinite") -> None:
    """Raises ``ValueError`` that names the first row whose value is not finite."""
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ValueError(f"{len(bad)} {kind} are {what}, the first in row {bad[0] + 1}: mend or drop them.")
