"""The mistakes that made published code wrong: each has a test that would catch it here."""

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.samples import Noise

NOISE_FLOOR = np.log(6) + 5 * np.log(6 / 5)  # the least loss of a model that knows nothing, with 5 negatives: 2.70


@pytest.fixture(scope="module")
def pure_noise():
    """Items that go together by chance alone, each with traits of its own to be remembered by."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(200, size=4, replace=False) for _ in range(5_000)]
    catalogue = mt.Catalogue(range(200)).with_trait("code", range(1_000, 1_200))
    catalogue = catalogue.with_trait("twin", [i // 2 for i in range(200)])
    return mt.Dataset("noise", catalogue, mt.Ragged.from_rows(rows))


@pytest.mark.parametrize("context_traits", [False, True])
def test_pure_noise_teaches_nothing(context_traits, pure_noise, quiet_fit):
    """Given the centre's traits as context, a model of noise falls to 0.21 where 2.70 is the floor."""
    split = mt.split(pure_noise, cold_items=0)
    model = mt.MultiTraitSGNS(split.catalogue, dim=8, context_traits=context_traits, auxiliary=0)
    history = quiet_fit(model, split.baskets(batch_size=64), epochs=3)
    assert history.loss[-1][1] > 0.9 * NOISE_FLOOR
    assert mt.evaluate(model, split, baselines=False)[0].auc["degree"]["all"] == pytest.approx(0.5, abs=0.05)


def test_a_plain_context_side_knows_no_traits(wardrobe, a_batch, random_weights):
    """Neither the context vectors nor their gradient change when traits do."""
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3))
    before = model.embeddings("context", unseen="random")
    model.target.values.weight.add_(1.0)
    assert torch.equal(model.embeddings("context", unseen="random"), before)
    assert isinstance(model.context, mt.Table)
    ids = torch.tensor([0, 1])
    model.context(ids).sum().backward()
    assert all(rows.grad is None for _, rows in model.target.values._looked_up)


@pytest.mark.parametrize("kind", [mt.SGNS, mt.MultiTraitSGNS])
def test_contexts_are_looked_up_in_the_context_table(kind, wardrobe, a_batch, random_weights, gradient_of):
    """An item that is only ever a negative moves as a context and not as a target."""
    from dataclasses import replace

    batch = replace(a_batch, noise=torch.full_like(a_batch.noise, 5), present=a_batch.present & (a_batch.items != 5))
    model = random_weights(kind(wardrobe, dim=3))
    model.loss(batch).backward()
    target = model.target if kind is mt.SGNS else model.target.items
    assert not gradient_of(target)[5].any()
    assert gradient_of(model.context)[5].any()


def test_evaluation_uses_the_learned_weights(wardrobe, random_weights):
    """With weights far from uniform, the plain mean of the sources is another vector."""
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3, weights="item"))
    model.observe(torch.ones(6))
    parts = model.contributions("target")
    learned = model.embeddings("target")
    assert torch.allclose(parts.sum(dim=1), learned)
    model.target.logits.weight.zero_()
    assert not torch.allclose(model.embeddings("target")[:5], learned[:5])


def test_unseen_products_are_not_scored_by_their_random_start(planted_split, quiet_fit):
    model = mt.SGNS(planted_split.catalogue, dim=8)
    quiet_fit(model, planted_split.baskets(batch_size=64))
    policies = {unseen: mt.evaluate(model, planted_split, unseen=unseen, baselines=False)[0].auc["degree"]["cold"]
                for unseen in ("zero", "traits", "random")}  # fmt: skip
    assert policies["zero"] == policies["traits"] == 0.5
    assert policies["random"] != 0.5  # which is why it is never the default
    assert mt.evaluate(model, planted_split, baselines=False)[0].auc["degree"]["cold"] == 0.5


@pytest.mark.parametrize("kind", ["sgns", "traits", "item", "mf"])
def test_a_batch_of_one_works_and_means_the_same(kind, planted_split, quiet_fit):
    """`.squeeze()` would drop the batch dimension."""
    model = {"sgns": mt.SGNS, "mf": mt.MatrixFactorization}.get(kind, mt.MultiTraitSGNS)(
        planted_split.catalogue, dim=1 if kind == "sgns" else 3, **({"weights": "item"} if kind == "item" else {})
    )
    rows = mt.Ragged.from_rows([[0, 1], [2, 0, 3]])
    samples = (mt.Pairs([0, 1], [2, 3], 300, negatives=1, batch_size=1) if kind == "mf"
               else mt.Baskets(rows, 300, batch_size=1, share=1, noise_size=1))  # fmt: skip
    history = quiet_fit(model, samples)
    assert history.steps == 2
    assert model.embeddings().shape == (300, model.dim)
    assert torch.isfinite(model.embeddings()).all()


def test_negatives_do_not_come_from_a_rounded_table():
    counts = torch.cat([torch.tensor([10.0**8]), torch.ones(1_000)])
    slots = (counts**0.75 / (counts**0.75).sum() * 100_000).floor()
    assert (slots == 0).any()  # what the published table makes of them
    assert (Noise(counts).reach.diff() > 0).all()


def test_no_two_batches_share_their_negatives(planted_split):
    """As workers do that were given one NumPy seed."""
    batches = list(planted_split.train.batches(torch.Generator().manual_seed(0), torch.device("cpu")))
    drawn = {tuple(b.noise.ravel().tolist()) for b in batches}
    assert len(drawn) == len(batches)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    list(planted_split.walks(per_node=1).batches(torch.Generator().manual_seed(0), torch.device("cpu")))
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_shuffled_traits_are_worth_nothing_for_cold_items(planted_split, trained, quiet_fit):
    model = mt.MultiTraitSGNS(planted_split.catalogue.shuffle_traits(0), dim=16)
    quiet_fit(model, planted_split.train, epochs=3)
    shuffled = mt.evaluate(model, planted_split, baselines=False)[0].auc["degree"]
    real = mt.evaluate(trained, planted_split, baselines=False)[0].auc["degree"]
    assert shuffled["cold"] == pytest.approx(0.5, abs=0.06)
    assert real["cold"] > shuffled["cold"] + 0.05
    assert real["seen"] > shuffled["seen"] - 0.01


def test_unknown_categories_make_no_category_negatives(planted_small):
    shop = mt.Dataset("half", planted_small.catalogue.with_trait("k", [None, "x", "y"] * 100), planted_small.baskets)
    split = mt.split(shop, category="k")
    known = shop.catalogue.traits["k"].known
    false = split.negatives["category"]
    assert (false[~known[split.pairs[:, 1]]] == -1).all()
    there = false[:, 0] >= 0
    assert known[false[there, 1]].all()


def test_nothing_heavy_is_imported_with_the_library():
    import subprocess
    import sys

    heavy = ("umap", "sklearn", "plotly", "gensim", "pandas")
    code = f"import sys, mtsgns_lite; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"
