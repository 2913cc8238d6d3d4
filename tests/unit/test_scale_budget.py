"""What the calculator foretells is what the engine holds, and what its processes ask for."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mtsgns_lite.data.dataset import Edges
from mtsgns_lite.data.graph import Graph
from mtsgns_lite.data.planted import planted
from mtsgns_lite.data.samples import Baskets, Walks
from mtsgns_lite.models import SGNS, MatrixFactorization, MultiTraitSGNS
from mtsgns_lite.scale.budget import held, in_bytes, rows_held, shown, size, size_of
from mtsgns_lite.scale.job import write_job
from mtsgns_lite.scale.models import table_specs
from mtsgns_lite.scale.traffic import Popularity, counted

OPTIONS = {"rate": 0.1, "weight_rate": None, "trait_rate": 0.1, "context_rate": 0.1}
WORKER = """
import json, sys
import torch, torch.distributed as dist
from mtsgns_lite.scale.models import table_specs
from mtsgns_lite.scale.traffic import Popularity, counted
from mtsgns_lite.scale.tables import Tables

folder, kind, options, items, traits, values, sharding = json.loads(sys.argv[1])
dist.init_process_group("gloo")
tables = Tables(table_specs(kind, options, items, traits, values), sharding, torch.device("cpu"))
with open(f"{folder}/{dist.get_rank()}.json", "w") as out:
    json.dump(tables.bytes, out)
dist.barrier()
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def shop():
    return planted(items=300, baskets=2_000, seed=1)


def spread(weights: str, dim: int = 10, both: bool = False) -> dict:
    return OPTIONS | {"dim": dim, "weights": weights, "context_traits": both}


def test_a_table_by_hand():
    """7 rows of 6 numbers are stored 8 wide, with one of state: 36 bytes each; the first process has 4 of them."""
    specs = table_specs("SGNS", {"dim": 6, "rate": 0.1}, items=7)
    assert held(specs, 2).tolist() == [[4 * 36, 4 * 36], [3 * 36, 3 * 36]]
    assert held(specs, 2, "table_wise").tolist() == [[7 * 36, 0], [0, 7 * 36]]


def test_weights_of_the_whole_catalogue_are_everywhere_as_narrow_as_they_are():
    specs = table_specs("MultiTraitSGNS", spread("global"), items=8, traits=3, values=20)
    place = [spec.name for spec in specs].index("target.logits")
    assert held(specs, 4)[:, place].tolist() == [4 * (1 + 3 + 1)] * 4
    per_item = table_specs("MultiTraitSGNS", spread("item"), items=8, traits=3, values=20)
    assert held(per_item, 4)[:, place].tolist() == [2 * 4 * (4 + 1)] * 4


def test_the_last_process_may_have_fewer_rows_or_none():
    assert rows_held(10, 4) == [3, 3, 3, 1]
    assert rows_held(5, 4) == [2, 2, 1, 0]


@pytest.mark.skipif(find_spec("torchrec") is None, reason="torchrec is not installed: make setup-scale")
@pytest.mark.parametrize(("weights", "both", "sharding"), [("item", True, "row_wise"), ("global", False, "table_wise")])
def test_bytes_of_each_process_are_those_that_the_engine_reports(weights, both, sharding, tmp_path: Path):
    asked = ("MultiTraitSGNS", spread(weights, both=both), 1_001, 3, 77)
    (tmp_path / "hold.py").write_text(WORKER, "utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [str(tmp_path / "hold.py"), json.dumps([str(tmp_path), *asked, sharding])]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    reported = [json.loads((tmp_path / f"{rank}.json").read_text("utf-8")) for rank in range(2)]
    foretold = held(table_specs(*asked), 2, sharding).sum(axis=1).tolist()
    assert sorted(reported) == sorted(foretold)


def test_needed_is_the_fewest_that_hold_the_tables():
    found = size(1e6, dim=64, traits=3, weights="item", memory="100MB")
    assert max(found.per_process) <= 100 * 2**20
    assert found.processes == found.needed
    assert size(7, dim=6, memory=3 * 2 * 36).needed == 3  # on two processes one has 4 rows of each table
    fewer = size(1e6, dim=64, traits=3, weights="item", processes=found.needed - 1)
    assert max(fewer.per_process) > 100 * 2**20


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: size(1e6, memory="1B"), "No number of processes"),
        (lambda: size(1e6, memory="10MB", sharding="table_wise"), "No number of processes"),
        (lambda: size(1e6, memory="a lot"), "can't be read"),
        (lambda: size(0), "items=0"),
        (lambda: size(10, traits=2, values=[3]), "2 traits, but 1"),
        (lambda: size(10, sharding="auto"), "can't be foretold"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_other_models_are_refused(shop):
    with pytest.raises(ValueError, match="can't be spread"):
        size_of(MatrixFactorization(shop.catalogue), Baskets(shop.baskets, 300))


def test_distinct_rows_of_draws_that_one_can_count():
    """Two draws from two equal rows: the same one in half of the cases."""
    assert Popularity.of(0.0, 2).distinct((2, Popularity.of([1, 1], 2))) == pytest.approx(1.5)
    assert Popularity.of([3, 1, 0], 3).distinct((1, Popularity.of([3, 1, 0], 3))) == pytest.approx(1.0)


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.2])
def test_ranks_in_lots_are_as_good_as_ranks_one_by_one(exponent):
    rows, tokens = 200_000, 5_000
    one_by_one = np.arange(1, rows + 1.0) ** -exponent
    lots = Popularity.of(exponent, rows)
    assert lots.number.sum() == rows
    exactly = Popularity.of(one_by_one, rows).distinct((tokens, Popularity.of(one_by_one, rows)))
    assert lots.distinct((tokens, lots)) == pytest.approx(exactly, rel=0.005)


def samples_of(shop, kind: str):
    if kind == "baskets":
        return Baskets(shop.baskets, 300, batch_size=120)
    rng = np.random.default_rng(0)
    graph = Graph.from_edges(Edges(*rng.integers(300, size=(2, 3_000)), np.ones(3_000)), 300)
    return Walks(graph, batch_size=120)


@pytest.mark.parametrize("kind", ["baskets", "walks"])
@pytest.mark.parametrize("processes", [1, 3])
def test_rows_foretold_are_those_that_the_processes_ask_for(shop, kind, processes, tmp_path: Path):
    """Counted on the streams that the engine reads, by its own lists of what a batch needs."""
    samples, model = samples_of(shop, kind), MultiTraitSGNS(shop.catalogue, dim=8, weights="item")
    found = counted(write_job(tmp_path / "job", model, samples), processes, steps=15)
    foretold = size_of(model, samples, processes).traffic
    assert foretold.asked == pytest.approx(found.asked, rel=0.08)
    assert foretold.bytes == pytest.approx(found.bytes, rel=0.12)
    assert foretold.tokens == pytest.approx(found.tokens, rel=0.05)


def test_bytes_of_a_step_by_hand(shop):
    """Half of what two processes ask for is on the other: an id, a row and a gradient for each."""
    found = size_of(SGNS(shop.catalogue, dim=6), Baskets(shop.baskets, 300), 2).traffic
    assert found.bytes == pytest.approx(sum(found.asked.values()) / 2 * (8 + 2 * 8 * 4))
    assert size_of(SGNS(shop.catalogue, dim=6), Baskets(shop.baskets, 300), 1).traffic.bytes == 0


def test_more_processes_ask_for_more_rows_and_hold_fewer():
    one, many = (size(1e5, traits=2, processes=count) for count in (2, 8))
    assert sum(many.traffic.asked.values()) > sum(one.traffic.asked.values())
    assert max(many.per_process) < 0.26 * max(one.per_process) * 1.01


def test_units():
    assert in_bytes("32GB") == 32 * 2**30
    assert in_bytes("1.5 kb") == 1536
    assert [shown(count) for count in (32, 1536, 150 * 2**20, 1.5 * 2**40)] == ["32 B", "1.50 KB", "150 MB", "1.50 TB"]


def test_it_prints_as_a_table():
    text = str(size(1e9, 160, 12, weights="item", memory="32GB"))
    assert "1,000,000,000" in text
    assert "hold the tables" in text
