"""Amazon metadata, of 2014 or 2018: a file of products -> catalogue and weighted edges.

J. McAuley, C. Targett, Q. Shi, A. van den Hengel: Image-based recommendations on styles and substitutes, SIGIR 2015.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from .amazon_file import QUOTED, read_amazon
from .amazon_lines import RELATIONS
from .catalogue import Catalogue
from .dataset import Dataset, Edges

WEIGHTS = {"bought_together": 1.2, "also_bought": 1.0, "also_viewed": 0.5}
USUAL = ("brand", "category", "categories", "price_band")  # a sales rank is none: a new item has no sales
BANDS = {"price_band": "price", "sales_rank": "sales_rank"}


def load_amazon(
    path: str | Path,
    traits: Iterable[str] | None = None,
    relation_weights: dict[str, float] | None = None,
    progress: bool = True,
) -> Dataset:
    """Products as a graph: an edge's weight is the sum, over both directions, of its relations' weights.

    Parameters
    ----------
    path : a file of Amazon metadata, gzip or plain. Items it mentions but does not describe stay, without traits.
    traits : "brand"; "category", the last of each path; "categories", all that the paths go through; "level_1",
        "level_2" ..., one level of the paths; "price_band"; "sales_rank", in bands. By default those of `USUAL`
        that tell items apart.
    relation_weights : of each relation that counts; by default those of `WEIGHTS`.
    Raises ``FileNotFoundError``; ``ValueError`` for a file that is damaged, mostly malformed or of another kind, and
    for a trait or a relation that does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the name.")
    weights = WEIGHTS if relation_weights is None else relation_weights
    for relation, weight in weights.items():
        if relation not in RELATIONS:
            raise ValueError(f"There is no relation {relation!r}: choose from {', '.join(RELATIONS)}.")
        if not 0 <= weight < float("inf"):
            raise ValueError(f"The weight of {relation} must be a number from 0 up, not {weight}.")
    items, pairs, about = read_amazon(path, progress)
    if about["malformed"]:
        lines = ", ".join(f"{line} ({error})" for line, error in about["first_malformed"])
        more = " ..." if about["malformed"] > QUOTED else ""
        warnings.warn(f"{path}: {about['malformed']:,} malformed lines left out: {lines}{more}", stacklevel=2)
    if not any(about[relation] for relation in RELATIONS):
        raise ValueError(f"{path} lists no related products, so there is no graph in it: take a file of 2014 or 2018.")
    strength = np.zeros(pairs.num_rows)
    for relation, factor in weights.items():
        strength += factor * pairs[relation].to_numpy()
    kept = strength > 0
    ends = np.stack([pairs["source"].to_numpy(), pairs["target"].to_numpy()])[:, kept]
    order = np.argsort(-np.bincount(ends.ravel(), minlength=items.num_rows), kind="stable")  # most connected first
    place = np.argsort(order)
    catalogue = _catalogue(items.take(order), path, None if traits is None else list(traits))
    return Dataset(
        path.name.split(".")[0].removeprefix("meta_"),
        catalogue,
        edges=Edges(place[ends[0]], place[ends[1]], strength[kept]),
        main_trait="category" if "category" in catalogue.traits else None,
        about=about,
    )


def _catalogue(items: pa.Table, path: Path, wanted: list[str] | None) -> Catalogue:
    """Names and traits of a table of items."""
    ids, titles, brands, paths = (items[name].to_pylist() for name in ("asin", "title", "brand", "categories"))
    paths = [[steps for steps in of_item or [] if steps] for of_item in paths]
    values = {
        "brand": brands,
        "category": [[steps[-1] for steps in of_item] for of_item in paths],
        "categories": [[step for steps in of_item for step in steps] for of_item in paths],
    }
    levels = max((len(steps) for of_item in paths for steps in of_item), default=0)
    choices = [*values, *(f"level_{level}" for level in range(1, levels + 1)), *BANDS]
    for name in wanted or []:
        if name not in choices:
            raise ValueError(f"There is no trait {name!r} in {path.name}: choose from {', '.join(choices)}.")
    names = [title or _described(*about) for title, *about in zip(titles, ids, brands, values["category"])]
    catalogue = Catalogue(ids, names)
    for name in USUAL if wanted is None else wanted:
        if name in BANDS:
            numbers = items[BANDS[name]].to_numpy().astype(float)
            catalogue = catalogue.with_price_band(numbers, name=name)
        elif name in values:
            catalogue = catalogue.with_trait(name, values[name])
        else:
            level = int(name.removeprefix("level_"))
            catalogue = catalogue.with_trait(name, [[s[level - 1] for s in of_item if len(s) >= level]
                                                    for of_item in paths])  # fmt: skip
    if wanted is None:  # a price that no item has, or a category that all have, tells nothing
        catalogue = catalogue.select(*(name for name, different, _, _ in catalogue.describe() if different > 1))
    return catalogue


def _described(item: str, brand: str | None, categories: list[str]) -> str:
    """A name for an item without a title: its id, and what is known of it."""
    known = ", ".join([*categories[:1], *([brand] if brand else [])])
    return f"{item} ({known})" if known else item
