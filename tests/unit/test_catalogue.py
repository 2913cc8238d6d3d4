"""The catalogue: traits as codes with 0 for unknown, items found by number, id or name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mtsgns_lite as mt


@pytest.mark.parametrize("nothing", [None, float("nan"), np.nan, "", "  ", "unknown", "Unknown", "nan", "None", pd.NA])
def test_what_means_nothing_is_unknown_and_not_a_value(nothing):
    trait = mt.Trait.from_values("t", ["x", nothing, "y", "x"])
    assert trait.values == ("unknown", "x", "y")
    assert trait.codes.ravel().tolist() == [1, 0, 2, 1]
    assert trait.known.tolist() == [True, False, True, True]
    assert trait.fill_rate == 0.75
    assert trait.text(1) == "unknown"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="|"), max_size=6)


@given(st.lists(st.lists(TEXTS, max_size=4), min_size=1, max_size=12))
def test_codes_give_back_the_values_they_were_made_of(cells):
    trait = mt.Trait.from_values("t", cells)
    silent = {"", "unknown", "nan", "none", "<na>"}
    for item, cell in enumerate(cells):
        wanted = list(dict.fromkeys(v.strip() for v in cell if v.strip().lower() not in silent))
        assert [trait.values[code] for code in trait.codes[item] if code] == wanted
        assert trait.known[item] == bool(wanted)
    assert trait.values[0] == "unknown"
    counts = np.bincount(trait.codes.ravel(), minlength=len(trait.values))[1:]
    assert (np.diff(counts) <= 0).all()  # the most frequent first


@given(st.lists(st.lists(st.sampled_from(["Drama", "Comedy", "War", " Film noir "]), max_size=3), min_size=1))
def test_a_separator_splits_a_cell_into_its_values(cells):
    joined = mt.Trait.from_values("genre", ["|".join(cell) for cell in cells], "|")
    listed = mt.Trait.from_values("genre", cells)
    assert joined.values == listed.values
    assert np.array_equal(joined.codes, listed.codes)


def test_several_values_are_read_and_shown(wardrobe):
    tags = wardrobe.traits["tags"]
    assert tags.codes.shape == (6, 3)
    assert [tags.text(i) for i in range(6)] == ["new | sale", "sale", "new", "unknown", "new | sale | last", "unknown"]
    assert wardrobe.traits_of(1) == {"colour": "red", "tags": "sale"}
    assert wardrobe.has_traits.tolist() == [True] * 5 + [False]


def test_rare_values_fold_into_one_and_no_others(wardrobe):
    folded = wardrobe.fold_rare(2).traits
    assert set(folded["colour"].values) == {"unknown", "red", "blue", "(rare)"}
    assert [folded["colour"].text(i) for i in range(6)] == ["red", "red", "blue", "blue", "(rare)", "unknown"]
    assert folded["tags"].text(4) == "new | sale | (rare)"
    assert np.array_equal(folded["size"].known, wardrobe.traits["size"].known)


def test_folding_two_rare_values_of_one_item_leaves_one():
    folded = mt.Trait.from_values("t", ["a|b", "c", "c"], "|").fold_rare(2)
    assert folded.text(0) == "(rare)"


def test_duplicate_ids_are_refused():
    with pytest.raises(ValueError, match=r"1 item ids appear more than once, 'b' among them"):
        mt.Catalogue(["a", "b", "b"])
    with pytest.raises(ValueError, match="more than once"):
        mt.Catalogue([1, "1"])  # ids are text


def test_a_trait_column_of_the_wrong_length_is_refused(wardrobe):
    with pytest.raises(ValueError, match="'brand' has 2 values for 6 items"):
        wardrobe.with_trait("brand", ["x", "y"])
    with pytest.raises(ValueError, match="3 items but 2 names"):
        mt.Catalogue("abc", ["x", "y"])


def test_an_item_is_found_by_number_id_and_name(wardrobe):
    for asked in (2, np.int64(2), "c", "Blue Shirt", "blue shirt", " BLUE SHIRT "):
        assert wardrobe.index(asked) == 2
    assert wardrobe.index("blue") == 2  # the first whose name begins so


def test_an_unknown_item_is_told_with_the_nearest(wardrobe):
    with pytest.raises(KeyError) as caught:
        wardrobe.index("Blue Shrit")
    assert str(caught.value).startswith("No item is called 'Blue Shrit'. Did you mean 'Blue Shirt'")
    with pytest.raises(KeyError, match="Green Hat"):
        wardrobe.index("hat green")
    with pytest.raises(KeyError, match=r"catalogue\.names"):
        wardrobe.index("zzzzzz")


@pytest.mark.parametrize("wrong", [6, -1, 1_000, "", "   ", None, True, 1.5])
def test_no_nonsense_finds_an_item(wrong, wardrobe):
    with pytest.raises(KeyError):
        wardrobe.index(wrong)


def test_an_unknown_trait_is_told_with_those_there_are(wardrobe):
    with pytest.raises(ValueError, match="no trait 'brand'; the catalogue has: colour, size, tags"):
        wardrobe.select("colour", "brand")
    assert list(wardrobe.select("tags", "size").traits) == ["tags", "size"]


def test_a_price_on_an_edge_belongs_to_the_band_that_starts_there():
    """The published mistake put 25 into the band of 500."""
    prices = [1, 2, 25, 25, 25, 30, 499, 500]
    catalogue = mt.Catalogue(range(8)).with_price_band(prices, bands=3)
    for price, text in zip(prices, map(catalogue.traits["price_band"].text, range(8))):
        words = text.split()
        low = float(words[1]) if words[0] == "from" else -np.inf
        high = float(words[-1]) if "under" in words else np.inf
        assert low <= price < high, (price, text)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1000)), min_size=1, max_size=40), st.integers(1, 10))
def test_price_bands_keep_the_order_of_prices(prices, bands):
    values = [np.nan if price is None else price for price in prices]
    trait = mt.Catalogue(range(len(values))).with_price_band(values, bands).traits["price_band"]
    assert trait.known.tolist() == [price is not None for price in prices]
    assert len(trait.values) - 1 <= bands

    def start(text):
        return float(text.split()[1]) if text.startswith("from") else -1.0

    known = sorted((price, start(trait.text(i))) for i, price in enumerate(prices) if price is not None)
    assert [low for _, low in known] == sorted(low for _, low in known)


def test_price_bands_hold_equally_many_items():
    prices = np.random.default_rng(0).lognormal(size=800)
    codes = mt.Catalogue(range(800)).with_price_band(prices, bands=8).traits["price_band"].codes
    assert np.bincount(codes.ravel())[1:].tolist() == [100] * 8


def test_words_of_names_are_those_that_items_share(wardrobe):
    words = wardrobe.with_name_words(at_least=2).traits["words"]
    assert set(words.values) == {"unknown", "red", "blue", "shirt", "sock"}
    assert not words.known[5]


def test_shuffling_keeps_every_value_and_breaks_what_it_meant(planted_small):
    catalogue = planted_small.catalogue
    shuffled = catalogue.shuffle_traits(seed=1)
    for name, trait in catalogue.traits.items():
        column = shuffled.traits[name].codes
        assert sorted(column.ravel()) == sorted(trait.codes.ravel())
        agreement = (column == trait.codes).mean()
        share = np.bincount(trait.codes.ravel()) / len(catalogue)
        assert agreement < (share**2).sum() + 0.06  # what chance gives
    assert np.array_equal(catalogue.shuffle_traits(1).traits["A"].codes, shuffled.traits["A"].codes)
    one, other = (shuffled.traits[name].codes.ravel() for name in ("A", "B"))
    joint = set(zip(catalogue.traits["A"].codes.ravel(), catalogue.traits["B"].codes.ravel()))
    assert set(zip(one, other)) != joint  # each trait by itself, not rows of traits


def test_a_selection_of_items_keeps_their_names_and_traits(wardrobe):
    taken = wardrobe.take(np.array([4, 0]))
    assert taken.names.tolist() == ["Green Hat", "Red Shirt"]
    assert taken.traits["tags"].text(0) == "new | sale | last"


def test_the_catalogue_shows_fill_rate_and_cardinality(wardrobe):
    shown = repr(wardrobe)
    assert "6 items, 3 traits" in shown
    assert wardrobe.describe()[1][:2] == ("size", 2)
    assert wardrobe.describe()[1][2] == pytest.approx(0.5)
    assert "50.0% known" in shown


def test_a_data_set_shows_itself_in_text_and_html():
    catalogue = mt.Catalogue("ab").with_trait("<b>bold</b>", ["<script>", "y"])
    shop = mt.Dataset("a<b", catalogue, mt.Ragged.from_rows([[0, 1], [1]]), np.array([0, 0]))
    assert "2 items, 1 traits, 2 baskets, 3 bought, 1 users" in repr(shop)
    html = shop._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "a&lt;b" in html


def test_usage_counts_how_often_each_user_bought_each_item():
    shop = mt.Dataset("u", mt.Catalogue("abc"), mt.Ragged.from_rows([[0, 1], [2], [1]]), np.array([1, 0, 1]))
    usage = shop.usage()
    assert list(zip(usage.user, usage.item, usage.value)) == [(0, 2, 1.0), (1, 0, 1.0), (1, 1, 2.0)]
    sequences = shop.sequences
    assert [sequences[u].tolist() for u in range(2)] == [[2], [0, 1, 1]]
