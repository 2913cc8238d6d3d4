"""What unit tests share: small data sets, a quiet `fit`, and the folder of real files where there is one."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

import mtsgns_lite as mt
from mtsgns_lite.data.samples import SkipGramBatch

torch.set_num_threads(1)  # the models are tiny, and the processes many
settings.register_profile(
    "mtsgns", deadline=None, derandomize=True, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("mtsgns")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder named by MTSGNS_TEST_DATA; tests that need real files skip where there is none."""
    folder = os.environ.get("MTSGNS_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MTSGNS_TEST_DATA does not name a folder of test data")
    return Path(folder)


@pytest.fixture
def quiet_fit():
    """`mt.fit` on the CPU, without a progress bar."""
    return partial(mt.fit, device="cpu", progress=False)


@pytest.fixture
def wardrobe() -> mt.Catalogue:
    """Six items with every kind of trait: always known, sometimes unknown, of several values; item 5 has none."""
    return mt.Catalogue(
        ["a", "b", "c", "d", "e", "f"],
        ["Red Shirt", "Red Sock", "Blue Shirt", "Blue Sock", "Green Hat", "Mystery"],
        [
            mt.Trait.from_values("colour", ["red", "red", "blue", "blue", "green", None]),
            mt.Trait.from_values("size", ["S", None, "M", "S", None, None]),
            mt.Trait.from_values("tags", ["new|sale", "sale", "new", "", "new|sale|last", None], "|"),
        ],
    )


@pytest.fixture(scope="session")
def planted_small() -> mt.Dataset:
    """A planted shop of 300 items and 3,000 baskets, in which like goes with like more than usual."""
    return mt.planted(items=300, baskets=3_000, strength=4.0, seed=1)


@pytest.fixture(scope="session")
def planted_split(planted_small) -> mt.Split:
    """Its split, with a tenth of the items cold, and 900 baskets held out for steady figures."""
    return mt.split(planted_small, cold_items=0.1, hold_out=0.3, seed=0)


@pytest.fixture(scope="session")
def planted_edges(planted_small) -> mt.Dataset:
    """The same items as a graph: pairs that share at least three baskets."""
    edges = mt.Graph.from_baskets(planted_small.baskets, len(planted_small.catalogue)).edges()
    often = edges.weight >= 3
    kept = mt.Edges(edges.source[often], edges.target[often], edges.weight[often])
    return mt.Dataset("graph", planted_small.catalogue, edges=kept, main_trait=planted_small.main_trait)


@pytest.fixture(scope="session")
def trained(planted_split) -> mt.MultiTraitSGNS:
    """A trait model, trained for three epochs; tests must not change it."""
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=16)
    mt.fit(model, planted_split.train, epochs=3, device="cpu", progress=False)
    return model


@pytest.fixture
def gradient_of():
    """A function: table -> (rows, dim) the gradient of the lookups since its last step."""

    def gradient(table: mt.Table) -> torch.Tensor:
        total = torch.zeros_like(table.weight)
        for ids, rows in table._looked_up:
            if rows.grad is not None:
                total.index_add_(0, ids, rows.grad)
        return total

    return gradient


@pytest.fixture
def random_weights():
    """A function: fill all tables of a model with standard normal numbers, in double precision."""

    def fill(model, seed: int = 0):
        generator = torch.Generator().manual_seed(seed)
        model.double()
        for table in (module for module in model.modules() if isinstance(module, mt.Table)):
            table.weight.copy_(torch.randn(table.weight.shape, generator=generator, dtype=torch.float64))
        return model

    return fill


@pytest.fixture
def a_batch() -> SkipGramBatch:
    """Skip-gram rows over six items, with padding, two rows to a set of negatives."""
    items = torch.tensor([[0, 1, 2, 3], [4, 2, 0, 0], [5, 1, 0, 0], [3, 0, 4, 2]])
    present = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
    return SkipGramBatch(items, present, window=2, noise=torch.tensor([[1, 4, 1], [0, 3, 5]]), negatives=5)
