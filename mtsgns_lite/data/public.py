"""Two public data sets that are fetched, not shipped: MovieLens (films and ratings) and Online Retail (a gift shop)."""

from __future__ import annotations

from pathlib import Path

from .dataset import Dataset
from .files import read_table, to_numbers
from .sources import local_file
from .tabular import derived, from_table

NO_COLUMNS = dict.fromkeys(("basket", "item", "time", "user", "rating", "name", "source", "target", "weight"))
LARGEST_INVOICE = 60  # items; a wholesaler's invoice says little of what goes together


def load_movielens(path: str | Path | None = None, min_count: int = 1) -> Dataset:
    """Ratings of films with genres and decade (GroupLens; for non-commercial use), from the folder of ratings.csv.

    F. M. Harper, J. A. Konstan: The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015.
    Raises ``FileNotFoundError`` that says how to fetch it.
    """
    folder = local_file("movielens") if path is None else Path(path)
    films = read_table(folder / "movies.csv")
    year = films["title"].str.extract(r"\((\d{3})\d\)\s*$")[0]
    films = films.assign(decade=year.add("0s"), genres=films["genres"].replace("(no genres listed)", None))
    ratings = read_table(folder / "ratings.csv")
    data = from_table(ratings, "movielens", NO_COLUMNS, ["genres", "decade"], films, "|", min_count)
    data.main_trait = "genres"
    return data


def load_online_retail(path: str | Path | None = None, min_count: int = 1) -> Dataset:
    """A year of invoices of a British gift shop, with traits made of names, prices and codes.

    D. Chen, S. L. Sain, K. Guo: Data mining for the online retail industry, Journal of Database Marketing and Customer
    Strategy Management 19(3), 2012. Left out: cancelled invoices, adjustments, postage and the like (codes that are not
    five digits and letters), and what an invoice holds beyond 60 items. A trait `range` is the first three digits of
    the code. Invoices without a customer count as a customer each.
    Raises ``FileNotFoundError`` that says how to fetch it.
    """
    rows = _invoices(local_file("online-retail") if path is None else Path(path))
    rows = rows[~rows["InvoiceNo"].str.match("[CA]") & rows["StockCode"].str.fullmatch(r"\d{5}[A-Za-z]*")]
    sold = (to_numbers(rows["Quantity"], "Quantity") > 0) & (to_numbers(rows["UnitPrice"], "UnitPrice") > 0)
    rows = rows[sold].drop_duplicates(["InvoiceNo", "StockCode"])
    rows = rows[rows.groupby("InvoiceNo").cumcount() < LARGEST_INVOICE]
    rows = rows.assign(StockCode=rows["StockCode"].str.upper(), range=rows["StockCode"].str[:3])
    rows["CustomerID"] = rows["CustomerID"].fillna("invoice " + rows["InvoiceNo"])
    data = from_table(rows, "online-retail", NO_COLUMNS | {"name": "Description"}, ["range"], None, None, min_count)
    data.catalogue = derived(data.catalogue, rows, {"item": "StockCode"})
    data.main_trait = "range"
    return data


def _invoices(path: Path):
    """The table, as text: the original workbook, or a CSV of it."""
    import pandas as pd

    return pd.read_excel(path, dtype=str, engine="calamine") if path.suffix == ".xlsx" else read_table(path)
