"""Amazon metadata: both forms, gzip or plain, on one core or several; damage is told in one sentence."""

import gzip
import json
import random

import numpy as np
import pytest

import mtsgns_lite as mt
from mtsgns_lite.data import amazon_file, amazon_lines

PRODUCTS = [
    {"asin": "A1", "title": "Sam's \"Best\" Case &amp; Cover", "brand": "Acme &amp; Co", "price": 9.99,
     "categories": [["Phones", "Cases", "Basic Cases"], ["Gifts", "Small"]], "salesRank": {"Phones": 12},
     "related": {"also_bought": ["A2", "X9"], "also_viewed": ["A2"], "buy_after_viewing": ["X7"]}},
    {"related": {"bought_together": ["A1", "A2"]}, "asin": "A2", "categories": [["Phones", "Chargers"]]},
    {"asin": "A3", "brand": "", "price": 120, "description": "it's\ta \\ long one"},
]  # fmt: skip
IN_2018 = [
    {"asin": "A1", "title": "Case &amp; Cover", "brand": "Acme", "category": ["Phones", "Cases"], "price": "$1,299.00",
     "rank": [">#1,234 in Cell Phones", ">#5 in Cases"], "also_buy": ["A2"], "also_view": ["X9"]},
    {"asin": "A2", "title": "<span>getTime()</span>", "brand": "", "category": [], "price": "", "rank": "",
     "also_buy": [], "also_view": ["A1"]},
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Nobody's real cache is read or written."""
    monkeypatch.setattr(amazon_file, "cache_folder", lambda part: tmp_path / "cache" / part)


def write(path, lines):
    """A file of lines, packed where its name ends in gz."""
    text = "\n".join(lines) + "\n"
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


@pytest.fixture
def in_2014(tmp_path):
    return write(tmp_path / "meta_Phones.json.gz", [repr(product) for product in PRODUCTS])


def weights(shop):
    """Edges as {(id, id): weight}, ends in alphabetical order."""
    ids = shop.catalogue.ids
    return {tuple(sorted((ids[s], ids[t]))): w for s, t, w in zip(*vars(shop.edges).values())}


def test_the_relations_weigh_what_they_should_summed_over_both_directions(in_2014):
    shop = mt.load(in_2014)
    assert weights(shop) == pytest.approx({("A1", "A2"): 1.0 + 0.5 + 1.2, ("A1", "X9"): 1.0})
    other = mt.load(in_2014, relation_weights={"buy_after_viewing": 2})
    assert weights(other) == {("A1", "X7"): 2}
    assert shop.about["self_loops"] == 1
    assert shop.about["also_bought"] == 2
    assert "3 products, 0 repeated, 0 malformed, 2 bought together, 2 also bought" in repr(shop)
    assert shop.name == "Phones"


def test_items_that_are_only_mentioned_stay_without_traits(in_2014):
    shop = mt.load(in_2014)
    assert set(shop.catalogue.ids) == {"A1", "A2", "A3", "X9", "X7"}
    for item in ("X9", "X7"):
        assert shop.catalogue.traits_of(shop.catalogue.index(item)) == {}
    degree = np.bincount(np.concatenate([shop.edges.source, shop.edges.target]), minlength=5)
    assert (np.diff(degree) <= 0).all()  # most connected first


def test_traits_are_decoded_and_every_level_is_one(in_2014):
    levels = ["brand", "category", "categories", "level_1", "level_2", "level_3", "price_band", "sales_rank"]
    shop = mt.load(in_2014, traits=levels)
    one = shop.catalogue.index("A1")
    assert shop.catalogue.names[one] == 'Sam\'s "Best" Case & Cover'
    found = shop.catalogue.traits_of(one)
    assert found["brand"] == "Acme & Co"
    assert set(found["category"].split(" | ")) == {"Basic Cases", "Small"}
    assert set(found["level_1"].split(" | ")) == {"Phones", "Gifts"}
    assert found["level_3"] == "Basic Cases"
    assert len(found["categories"].split(" | ")) == 5
    assert "sales_rank" in found
    three = shop.catalogue.traits_of(shop.catalogue.index("A3"))
    assert set(three) == {"price_band"}
    assert three["price_band"] != found["price_band"]
    assert shop.main_trait == "category"


def test_by_default_only_traits_that_tell_items_apart_and_no_sales(in_2014):
    assert set(mt.load(in_2014).catalogue.traits) == {"category", "categories", "price_band"}  # there is but one brand


def test_the_form_of_2018_is_read_and_page_source_is_no_title(tmp_path):
    shop = mt.load(write(tmp_path / "meta_New.json", [json.dumps(p) for p in IN_2018]), traits=["price_band", "brand"])
    assert weights(shop) == pytest.approx({("A1", "A2"): 1.5, ("A1", "X9"): 0.5})
    one, two = shop.catalogue.index("A1"), shop.catalogue.index("A2")
    assert shop.catalogue.names[one] == "Case & Cover"
    assert shop.catalogue.names[two] == "A2"
    assert shop.catalogue.traits_of(two) == {}
    found = amazon_lines.product(IN_2018[0])
    assert (found["price"], found["sales_rank"], found["categories"]) == (1299.0, 1234, [["Phones", "Cases"]])


@pytest.mark.parametrize("line", [
    repr(PRODUCTS[0]), repr(PRODUCTS[2]), json.dumps(PRODUCTS[0]), "{u'asin': u'A1', 'n': None, 't': (1, 2)}",
    "{'asin': 'A1', 'title': 'a' 'b', 'price': 1_000, 'x': '\u2019'}", '{"asin": "it\'s"}', "{'asin': 'x\\'y'}",
])  # fmt: skip
def test_the_quick_way_of_reading_a_line_says_what_the_slow_one_says(line):
    import ast

    slow = json.loads(line) if line.startswith('{"') else ast.literal_eval(line)
    assert amazon_lines.parse(line) == slow


def test_quotes_cannot_be_used_to_smuggle_anything_through_the_quick_way():
    """Random literals of awkward characters read the same either way."""
    rng, letters = random.Random(0), "ab'\"\\,:[]{}\n\t&é☕ "
    for _ in range(2_000):
        product = {
            "asin": "A",
            "".join(rng.choices(letters, k=3)): ["".join(rng.choices(letters, k=4)), None, 1.5, True],
        }
        assert amazon_lines.parse(repr(product)) == product


@pytest.mark.parametrize("line", [
    "__import__('os').getcwd()", "{'asin': open('x')}", "[1, 2]", "{'title': 'x'}", "{'asin': 3}", "{" * 5_000,
    "[" * 200_000, "'" * 7, "{'asin': 'A'", "\x00", "1e999",
])  # fmt: skip
def test_a_line_that_is_no_product_is_malformed_and_never_run(line):
    with pytest.raises(ValueError, match="literal|product|deep"):
        amazon_lines.parse(line)


def test_fields_of_the_wrong_kind_are_missing_fields():
    odd = {"asin": "A", "related": ["x"], "categories": "Phones", "price": "ask", "title": 7, "brand": ["x"],
           "salesRank": {}, "also_buy": {"a": 1}}  # fmt: skip
    found = amazon_lines.product(odd)
    assert found["title"] is found["brand"] is found["price"] is found["sales_rank"] is None
    assert found["categories"] == found["also_bought"] == []
    mixed = amazon_lines.product(
        {"asin": "A", "categories": [["a", 3, None], "b"], "related": {"also_bought": [1, "B", ""]}}
    )
    assert mixed["also_bought"] == ["B"]
    assert mixed["categories"] == [["a"], []]


def test_malformed_lines_are_counted_quoted_by_number_and_left_out(tmp_path):
    good = [repr(product) for product in PRODUCTS]
    path = write(tmp_path / "m.json", [good[0], "{'asin': ", "", good[1], "nonsense", good[2], good[2]])
    with pytest.warns(UserWarning, match=r"2 malformed lines left out: 2 \(neither.*5 \(neither"):
        shop = mt.load(path)
    assert shop.about["malformed"] == 2
    assert shop.about["repeated"] == 1
    assert shop.about["products"] == 3


@pytest.mark.parametrize(("name", "lines", "said"), [
    ("a.json", ["nonsense"] * 30 + [repr(PRODUCTS[0])], "30 of 31 lines are not, line 1 being neither"),
    ("b.json", [json.dumps(PRODUCTS)], "line 1 being a list, not a product"),
    ("c.json", ["order,item", "1,2"], "not Amazon metadata"),
    ("d.json.gz", [""], "empty"),
    ("e.json", [json.dumps({"asin": "A", "main_category": "All"}), json.dumps({"asin": "B"})], "no related products"),
])  # fmt: skip
def test_a_file_of_another_kind_is_refused_in_one_sentence(name, lines, said, tmp_path):
    with pytest.raises(ValueError, match=said) as told:
        mt.load(write(tmp_path / name, lines))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_gzip_cut_short_or_damaged_is_refused(workers, tmp_path, monkeypatch):
    lines = [repr(PRODUCTS[0] | {"asin": f"B{i}", "title": random.Random(i).randbytes(20).hex()}) for i in range(6_000)]
    whole = write(tmp_path / "w.json.gz", lines).read_bytes()
    monkeypatch.setattr(amazon_file, "WORTH_A_CORE", len(whole) // (2 * workers))
    short, spoilt = tmp_path / "short.json.gz", tmp_path / "spoilt.json.gz"
    short.write_bytes(whole[: len(whole) // 2])
    spoilt.write_bytes(whole[:-8] + bytes(8))  # the checksum at the end
    for path in (short, spoilt):
        with pytest.raises(ValueError, match=r"damaged or cut short \(.+\): fetch it again"):
            mt.load(path)


def test_many_cores_read_what_one_reads(tmp_path, monkeypatch):
    rng = random.Random(1)
    ids = [f"B{i:05}" for i in range(9_000)]
    lines = [repr({"asin": i, "related": {"also_bought": rng.sample(ids, 3)}, "categories": [["x", rng.choice("abc")]]})
             for i in ids]  # fmt: skip
    lines[4_321] = "nonsense"
    path = write(tmp_path / "many.json.gz", lines)
    one = amazon_file._products(path, False)
    monkeypatch.setattr(amazon_file, "WORTH_A_CORE", path.stat().st_size // 10)
    monkeypatch.setattr(amazon_file, "usable_cpus", lambda: 3)
    several = amazon_file._products(path, False)
    assert one[0].equals(several[0])
    assert one[1] == several[1]
    assert one[1]["first_malformed"] == [[4_322, "neither a Python literal nor JSON"]]


def test_what_was_parsed_is_kept_until_the_file_changes(in_2014, monkeypatch):
    first = mt.load(in_2014)
    monkeypatch.setattr(amazon_file, "_products", lambda *_: pytest.fail("parsed again"))
    again = mt.load(in_2014)
    assert weights(again) == weights(first)
    assert again.about == first.about
    assert again.catalogue.names.tolist() == first.catalogue.names.tolist()
    monkeypatch.undo()
    monkeypatch.setattr(amazon_file, "cache_folder", lambda part: in_2014.parent / "cache" / part)
    write(in_2014, [repr(PRODUCTS[0])])
    assert mt.load(in_2014).about["products"] == 1


def test_a_damaged_cache_is_made_again_and_an_unwritable_one_is_done_without(in_2014, tmp_path, monkeypatch):
    first = mt.load(in_2014)
    for file in (tmp_path / "cache").rglob("*.parquet"):
        file.write_bytes(b"PAR1 nothing")
    assert weights(mt.load(in_2014)) == weights(first)
    (tmp_path / "no").write_text("a file where a folder should be")
    monkeypatch.setattr(amazon_file, "cache_folder", lambda part: tmp_path / "no" / part)
    assert weights(mt.load(in_2014)) == weights(first)


def test_mistakes_are_told(in_2014, tmp_path):
    for said, options in [
        ("no trait 'colour'.*choose from brand", {"traits": ["colour"]}),
        ("no relation 'bought'", {"relation_weights": {"bought": 1}}),
        ("number from 0 up", {"relation_weights": {"also_bought": -1}}),
        ("leave the columns out", {"basket": "x"}),
    ]:
        with pytest.raises(ValueError, match=said):
            mt.load(in_2014, **options)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        mt.load(tmp_path / "none.json.gz")


def test_a_category_that_was_not_fetched_says_how_to(tmp_path, monkeypatch):
    monkeypatch.setattr("mtsgns_lite.data.sources.cache_folder", lambda part: tmp_path / part)
    for arguments in ({"source": "amazon", "category": "Video_Games"}, {"source": "amazon:Video_Games"}):
        with pytest.raises(FileNotFoundError, match="data get amazon --category Video_Games"):
            mt.load(**arguments)
    with pytest.raises(ValueError, match="amazon:Video_Games"):
        mt.load("amazon")


def test_the_real_file_has_the_counts_that_others_found(test_data):
    shop = mt.load(test_data / "meta_Cell_Phones_and_Accessories.json.gz")
    counted = {"products": 10_429, "also_bought": 589_504, "also_viewed": 12_930, "bought_together": 8_444}
    assert shop.about | counted == shop.about
    assert shop.about["self_loops"] == 4
    assert len(shop.edges) == 549_054
    assert len(np.unique(np.concatenate([shop.edges.source, shop.edges.target]))) == 90_977
    assert len(shop.catalogue) == 91_175
    assert shop.edges.weight.sum() == pytest.approx(606_099.8)
