"""The catalogue: every item, its name and its traits as integer codes, with 0 for "unknown"."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

UNKNOWN = "unknown"
RARE = "(rare)"


class UnknownItem(KeyError):
    """An item that the catalogue does not hold; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Trait:
    """One kind of side information, for every item.

    Attributes
    ----------
    name : the trait's name, such as ``"brand"``.
    values : the text of each code; ``values[0]`` is always ``"unknown"``.
    codes : (items, m) integers; 0 is unknown, and pads items with fewer than m values.
    """

    name: str
    values: tuple[str, ...]
    codes: np.ndarray

    @classmethod
    def from_values(cls, name: str, values: Iterable[object], multi_separator: str | None = None) -> Trait:
        """Code a column of values: text, a list of texts, or None / NaN / "" for unknown.

        ``multi_separator`` splits a cell into several values, as "|" does in "Drama|Comedy". Codes follow frequency.
        """
        cells = [_values_of(cell, multi_separator) for cell in values]
        counts = Counter(value for cell in cells for value in cell)
        ordered = sorted(counts, key=lambda value: (-counts[value], value))
        code = {value: number for number, value in enumerate(ordered, start=1)}
        width = max((len(cell) for cell in cells), default=1) or 1
        codes = np.zeros((len(cells), width), dtype=np.int64)
        for row, cell in enumerate(cells):
            codes[row, : len(cell)] = [code[value] for value in cell]
        return cls(name, (UNKNOWN, *ordered), codes)

    @property
    def known(self) -> np.ndarray:
        """(items,) booleans: has the item at least one value?"""
        return np.any(self.codes > 0, axis=1)

    @property
    def fill_rate(self) -> float:
        """The fraction of items with a value."""
        return float(self.known.mean()) if len(self.codes) else 0.0

    def text(self, item: int) -> str:
        """The item's value as a person reads it; several are joined by " | "."""
        return " | ".join(self.values[code] for code in self.codes[item] if code) or UNKNOWN

    def take(self, items: np.ndarray) -> Trait:
        """The same trait for a selection of items, in that order."""
        return replace(self, codes=self.codes[items])

    def fold_rare(self, at_least: int) -> Trait:
        """Values that fewer than `at_least` items carry become one value, "(rare)"."""
        carried = np.bincount(self.codes.ravel(), minlength=len(self.values))
        names = np.array(self.values, dtype=object)
        names[(carried < at_least) & (np.arange(len(names)) > 0)] = RARE
        return Trait.from_values(self.name, [[names[code] for code in row if code] for row in self.codes])


def _values_of(cell: object, separator: str | None) -> list[str]:
    """The distinct values in a cell, in order: none for an empty or missing one."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return []
    if isinstance(cell, (list, tuple, set, np.ndarray)):
        parts: Sequence[object] = sorted(cell) if isinstance(cell, set) else list(cell)
    else:
        parts = str(cell).split(separator) if separator else [cell]
    texts = [str(part).strip() for part in parts if part is not None]
    return list(dict.fromkeys(text for text in texts if text and text.lower() not in {UNKNOWN, "nan", "none", "<na>"}))


class Catalogue:
    """Items in order: item number i has ``ids[i]``, ``names[i]`` and a code in every trait.

    Raises ``ValueError`` for repeated ids, and for a name or trait column whose length is not the number of items.
    """

    def __init__(self, ids: Iterable[object], names: Iterable[object] | None = None, traits: Iterable[Trait] = ()):
        self.ids = np.array([str(item) for item in ids], dtype=object)
        self.names = self.ids if names is None else np.array([str(name) for name in names], dtype=object)
        self.traits = {trait.name: trait for trait in traits}
        repeated = [item for item, times in Counter(self.ids).items() if times > 1]
        if repeated:
            raise ValueError(
                f"{len(repeated)} item ids appear more than once, {repeated[0]!r} among them: give each item one row."
            )
        if len(self.names) != len(self.ids):
            raise ValueError(f"There are {len(self.ids)} items but {len(self.names)} names: give one name per item.")
        for trait in self.traits.values():
            if len(trait.codes) != len(self.ids):
                raise ValueError(
                    f"Trait {trait.name!r} has {len(trait.codes)} values for {len(self.ids)} items: give one per item."
                )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        lines = [f"Catalogue of {len(self):,} items, {len(self.traits)} trait{'s' * (len(self.traits) != 1)}"]
        lines += [f"  {n:<20} {v:>7,} values  {f:>6.1%} known  e.g. {e}" for n, v, f, e in self.describe()]
        return "\n".join(lines)

    def describe(self) -> list[tuple[str, int, float, str]]:
        """For each trait: name, number of values, fraction of items that have one, its most common value."""
        return [
            (trait.name, len(trait.values) - 1, trait.fill_rate, trait.values[1] if len(trait.values) > 1 else "")
            for trait in self.traits.values()
        ]

    @cached_property
    def _places(self) -> tuple[dict[str, int], dict[str, int]]:
        by_id = {item: place for place, item in enumerate(self.ids)}
        by_name: dict[str, int] = {}
        for place, name in enumerate(self.names):
            by_name.setdefault(name.strip().casefold(), place)
        return by_id, by_name

    def index(self, item: object) -> int:
        """The number of an item given by number, id or name.

        A name is matched whole first, then as the beginning of a name; where several items fit, the first in
        the catalogue answers (the data sets of `mt.load` list items from most to least bought).
        Raises `UnknownItem` (a ``KeyError``) that names the nearest items.
        """
        if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            if 0 <= item < len(self):
                return int(item)
            raise UnknownItem(f"There is no item number {item}: numbers run from 0 to {len(self) - 1}.")
        text = str(item).strip()
        by_id, by_name = self._places
        if text in by_id:
            return by_id[text]
        wanted = text.casefold()
        if wanted in by_name:
            return by_name[wanted]
        for name, place in by_name.items():
            if wanted and name.startswith(wanted):
                return place
        near = difflib.get_close_matches(wanted, [*by_name, *(i.casefold() for i in by_id)], n=3, cutoff=0.5)
        near = near or [name for name in by_name if wanted and wanted.split()[0] in name][:3]
        shown = [repr(self.names[by_name[name]] if name in by_name else name) for name in near]
        hint = f"Did you mean {' or '.join(shown)}?" if shown else "See catalogue.names for what there is."
        raise UnknownItem(f"No item is called {text!r}. {hint}")

    def traits_of(self, item: int) -> dict[str, str]:
        """The known traits of one item, as text."""
        return {name: trait.text(item) for name, trait in self.traits.items() if trait.known[item]}

    @property
    def has_traits(self) -> np.ndarray:
        """(items,) booleans: does the item have at least one known trait?"""
        known = [trait.known for trait in self.traits.values()]
        return np.any(known, axis=0) if known else np.zeros(len(self), dtype=bool)

    def take(self, items: np.ndarray) -> Catalogue:
        """A catalogue of a selection of items, in that order."""
        return Catalogue(self.ids[items], self.names[items], [trait.take(items) for trait in self.traits.values()])

    def select(self, *names: str) -> Catalogue:
        """The same items with only the named traits. Raises ``ValueError`` for a name that is not there."""
        missing = [name for name in names if name not in self.traits]
        if missing:
            there = ", ".join(self.traits) or "none"
            raise ValueError(f"There is no trait {missing[0]!r}; the catalogue has: {there}.")
        return Catalogue(self.ids, self.names, [self.traits[name] for name in names])

    def with_trait(self, name: str, values: Iterable[object], multi_separator: str | None = None) -> Catalogue:
        """The same catalogue with one more trait, or one replaced."""
        trait = Trait.from_values(name, values, multi_separator)
        return Catalogue(self.ids, self.names, [*(t for t in self.traits.values() if t.name != name), trait])

    def with_price_band(self, prices: Iterable[float], bands: int = 8, name: str = "price_band") -> Catalogue:
        """Add a trait of price bands with equally many items each; a missing price is unknown.

        A price that lies on an edge belongs to the band that starts there, as [25, 50) reads.
        """
        price = np.array(list(prices), dtype=float)
        known = np.isfinite(price)
        edges = (
            np.unique(np.quantile(price[known], np.linspace(0, 1, bands + 1)))[1:-1] if known.any() else np.array([])
        )
        low, high = ["", *(f"{edge:.2f}" for edge in edges)], [*(f"{edge:.2f}" for edge in edges), ""]
        band = np.searchsorted(edges, price, side="right")
        text = [f"from {a} to under {b}" if a and b else f"from {a}" if a else f"under {b}" if b else "all"
                for a, b in zip(low, high)]  # fmt: skip
        return self.with_trait(name, [text[b] if there else None for b, there in zip(band, known)])

    def with_name_words(self, at_least: int = 5, at_most: int = 8, name: str = "words") -> Catalogue:
        """Add the words of the item names as a trait with several values: words of two letters or more
        that at least `at_least` items share, at most `at_most` a name, the rarer (more telling) ones first."""
        words = [list(dict.fromkeys(re.findall(r"[^\W\d_]{2,}", text.casefold()))) for text in self.names]
        count = Counter(word for row in words for word in row)
        kept = [sorted((w for w in row if count[w] >= at_least), key=lambda w: count[w])[:at_most] for row in words]
        return self.with_trait(name, kept)

    def fold_rare(self, at_least: int = 5) -> Catalogue:
        """Fold the rare values of every trait into one (see `Trait.fold_rare`)."""
        return Catalogue(self.ids, self.names, [trait.fold_rare(at_least) for trait in self.traits.values()])

    def shuffle_traits(self, seed: int = 0) -> Catalogue:
        """The control: each trait's column permuted over the items, so that it means nothing any more."""
        rng = np.random.default_rng(seed)
        return Catalogue(self.ids, self.names, [t.take(rng.permutation(len(self))) for t in self.traits.values()])
