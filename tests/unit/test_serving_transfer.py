"""Embeddings know of a department before a label is given; what knows nothing does not, and no answer leaks."""

import dataclasses

import numpy as np
import pytest

import mtsgns_lite as mt
from mtsgns_lite.transfer import companions, from_nothing, learn_labels, starts, transfer, within_span


@pytest.fixture(scope="module")
def shop():
    """A planted shop whose trait A says most of what goes with what, and has five values."""
    return mt.planted(items=300, baskets=4_000, strength=4.0, missing=0.0, seed=3)


@pytest.fixture(scope="module")
def model(shop):
    made = mt.SGNS(shop.catalogue, dim=16)
    mt.fit(made, mt.split(shop, cold_items=0).train, epochs=3, device="cpu", progress=False)
    return made


def test_embeddings_learn_from_few_labels_and_random_vectors_do_not(model, shop):
    found = transfer(model, shop, "A", sizes=(10, 60), least=8)
    for mine, random in zip(found.accuracy["embeddings"][60], found.accuracy["random"][60]):
        assert mine > random + 0.1
    guess = 1 / found.values
    assert abs(np.mean(found.accuracy["random"][60]) - guess) < 0.06
    assert np.mean(found.accuracy["embeddings"][60]) > np.mean(found.accuracy["embeddings"][10])
    assert "guessing" in repr(found)


def test_shuffled_labels_can_t_be_learned(model, shop):
    codes = np.random.default_rng(0).permutation(shop.catalogue.traits["A"].codes[:, 0])
    codes = np.where(np.bincount(codes)[codes] >= 8, codes, 0)
    found = learn_labels({"mine": model.embeddings().numpy()}, codes, (60,), (0, 1, 2))
    assert np.mean(found["mine"][60]) < 1 / len(np.unique(codes[codes > 0])) + 0.06


def test_labelled_items_are_not_asked_about():
    """Vectors that tell each item apart, but nothing of its label: only what was learned by heart could be right."""
    found = learn_labels({"own": np.eye(400)}, np.arange(400) % 4 + 1, (200,), (0,))
    assert abs(found["own"][200][0] - 0.25) < 0.1


def test_each_value_counts_the_same():
    """Four items of five are told without fail, the two rare values not from each other: 2 of 3, not 9 of 10."""
    rng = np.random.default_rng(0)
    codes = rng.choice([1, 2, 3], p=[0.8, 0.1, 0.1], size=900)
    rows = np.where(codes[:, None] == 1, [1.0, 0, 0, 0], [0, 1.0, 0, 0]) + 0.1 * rng.standard_normal((900, 4))
    found = learn_labels({"some": rows}, codes, (200,), (0, 1, 2))
    assert abs(np.mean(found["some"][200]) - 2 / 3) < 0.08


def test_a_rare_value_is_not_given_up_for_the_common_one():
    rng = np.random.default_rng(0)
    codes = np.where(rng.random(900) < 0.9, 1, 2)
    angle = 0.5 * codes + 0.5 * rng.standard_normal(900)
    found = learn_labels({"some": np.stack([np.cos(angle), np.sin(angle)], axis=1)}, codes, (200,), (0, 1, 2))
    assert np.mean(found["some"][200]) > 0.6  # a fit that counts each item the same answers the common one: 0.5


def test_companions_are_counted_by_hand():
    baskets = mt.Ragged.from_rows([[0, 1], [1, 0, 2], [2, 2, 3]])
    counted = companions(baskets, 4).toarray()
    assert np.allclose(np.expm1(counted), [[0, 2, 1, 0], [2, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]])


def test_within_the_span_of_the_known_rows_the_fit_is_the_same():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    rows, codes = rng.standard_normal((80, 50)), rng.integers(3, size=80)
    known, asked = np.arange(20), np.arange(20, 80)
    taught, others = within_span(rows, known, asked)
    assert taught.shape == (20, 20)
    short = LogisticRegression(C=10, tol=1e-8, max_iter=5_000).fit(taught, codes[known]).predict_proba(others)
    long = LogisticRegression(C=10, tol=1e-8, max_iter=5_000).fit(rows[known], codes[known]).predict_proba(rows[asked])
    assert np.allclose(short, long, atol=1e-4)


def test_the_starts_are_of_the_same_baskets_and_the_projected_ones_of_the_same_length(model, shop):
    found = starts(model, shop.baskets)
    assert found["embeddings"].shape == found["companions, projected"].shape == found["random"].shape == (300, 16)
    assert found["companions"].shape == (300, 300)


def test_users_start_from_nothing_too():
    """Rows that are no items: the projection keeps their angles, roughly, and the random ones know none of them."""
    from scipy.sparse import csr_array

    counts = np.repeat(np.random.default_rng(1).poisson(0.3, (5, 400)), 20, axis=0).astype(float)
    found = from_nothing(csr_array(counts), 64, seed=0, name="bought")
    assert [*found] == ["bought", "bought, projected", "random"]
    short = found["bought, projected"]
    assert short.shape == found["random"].shape == (100, 64)
    length = np.linalg.norm(counts, axis=1)
    angle = np.linalg.norm(short, axis=1)
    wanted, got = (counts @ counts.T) / np.outer(length, length), (short @ short.T) / np.outer(angle, angle)
    assert np.corrcoef(wanted.ravel(), got.ravel())[0, 1] > 0.8
    codes = np.repeat(np.arange(5), 20) + 1
    learned = learn_labels(found, codes, (25,), (0, 1))
    assert min(learned["bought"][25] + learned["bought, projected"][25]) > 0.9
    assert max(learned["random"][25]) < 0.5


def test_a_model_that_has_seen_the_answers_is_refused(shop, model):
    taught = mt.MultiTraitSGNS(shop.catalogue, dim=4)
    with pytest.raises(ValueError, match="seen the answers"):
        transfer(taught, shop, "A")
    without = mt.MultiTraitSGNS(shop.catalogue.select("B"), dim=4)
    without.load_state_dict(without.state_dict())
    without.counts.fill_(1)
    without.target.items.weight.normal_()
    assert transfer(without, shop, "A", sizes=(20,), seeds=(0,), least=8).accuracy
    with pytest.raises(ValueError, match="the trait 'smell'"):
        transfer(model, shop, "smell")
    with pytest.raises(ValueError, match="needs baskets"):
        transfer(
            model, dataclasses.replace(shop, baskets=None, users=None, ratings=mt.Ratings(*np.zeros((3, 2), int))), "A"
        )
    with pytest.raises(ValueError, match="too many"):
        transfer(model, shop, "A", sizes=(200,), least=8)
