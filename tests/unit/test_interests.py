"""Lists from interests: what is retrieved and merged, and the greedy order that counts how unlike its items are."""

import itertools

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.interests import diversify, in_order, indexed, reranked, retrieve
from mtsgns_lite.sequence_evaluation import diversity, evaluate_next, own_items, popularity
from mtsgns_lite.serving.index import ExactIndex


@pytest.fixture(scope="module")
def trained():
    sequences, _ = mt.planted_interests(groups=30, users=400, seed=0)
    train, held_out = sequences.split(0.2, seed=0)
    model = mt.ComiRecSA(sequences.catalogue, dim=8, interests=3, length=30)
    mt.fit(model, train.samples(length=30, noise_size=200), 3, device="cpu", progress=False)
    return model, train, held_out.ends()


def test_retrieval_merges_by_the_nearest_interest():
    vectors = np.random.default_rng(0).normal(size=(50, 4))
    users = np.concatenate([np.random.default_rng(1).normal(size=(3, 4)), np.zeros((1, 4))])
    items, scores = retrieve(ExactIndex(vectors), users, 7)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = (users[:3] / np.linalg.norm(users[:3], axis=1, keepdims=True) @ unit.T).max(axis=0)
    assert items.tolist() == np.argsort(-cosine)[:7].tolist()
    np.testing.assert_allclose(scores, np.sort(cosine)[::-1][:7], rtol=1e-5)
    assert len(retrieve(ExactIndex(vectors), np.zeros((2, 4)), 7)[0]) == 0


def test_what_an_index_retrieves_is_what_the_model_ranks_first(trained):
    model, _, asked = trained
    through = indexed(model, ExactIndex(model.embeddings().numpy()), k=20)
    figures = evaluate_next({"model": model.scores, "index": through}, asked, ks=(20,), length=30)
    assert figures["index"] == figures["model"]


def quality(chosen, scores, codes, weight):
    """Q of a list, by the definition."""
    pairs = itertools.permutations(chosen, 2)
    return sum(scores[i] for i in chosen) + weight / 2 * sum(codes[i] != codes[j] for i, j in pairs)


@pytest.mark.parametrize("weight", [0.0, 0.05, 0.3, 5.0])
def test_greedy_aggregation_takes_what_adds_most_at_every_step(weight):
    rng = np.random.default_rng(0)
    scores, codes = rng.random((6, 20)), rng.integers(1, 5, size=(6, 20))
    found = diversify(torch.from_numpy(scores), torch.from_numpy(codes)[:, :, None], weight, 8).tolist()
    for row in range(6):
        chosen: list[int] = []
        for place in found[row]:
            gains = {
                other: quality([*chosen, other], scores[row], codes[row], weight)
                for other in range(20)
                if other not in chosen
            }
            assert gains[place] == pytest.approx(max(gains.values()))
            chosen.append(place)
        assert len(set(chosen)) == 8
        if weight == 0:
            assert chosen == np.argsort(-scores[row])[:8].tolist()


def test_weight_buys_diversity(trained):
    model, _, asked = trained
    found = []
    for weight in (0.0, 0.02, 0.1, 1.0):
        scorer = reranked(model.scores, model.catalogue, "group", weight, k=20, among=60)
        row = evaluate_next({"": scorer}, asked, (20,), model.catalogue, "group", length=30)[""]
        found.append((row["recall@20"], row["diversity@20"]))
    recall, variety = zip(*found)
    assert list(variety) == sorted(variety)
    assert variety[-1] > variety[0] + 0.05
    assert recall[0] > recall[-1]
    plain = evaluate_next({"": model.scores}, asked, (20,), model.catalogue, "group", length=30)[""]
    assert found[0] == (plain["recall@20"], plain["diversity@20"])


def test_an_unknown_value_earns_nothing_and_shared_values_are_no_difference():
    scores = torch.tensor([[1.0, 0.9, 0.8, 0.7, 0.6]])
    codes = torch.tensor([[[1, 2], [0, 0], [2, 0], [3, 0], [1, 3]]])
    assert diversify(scores, codes, 10.0, 3)[0].tolist() == [0, 3, 2]  # 2 shares a value with 0 and none with 3
    assert diversify(scores, codes * 0, 10.0, 3)[0].tolist() == [0, 1, 2]


def test_places_without_a_candidate_come_last():
    scores = torch.tensor([[-torch.inf, 0.2, 0.1]])
    codes = torch.tensor([[[1], [2], [2]]])
    assert diversify(scores, codes, 1.0, 2)[0].tolist() == [1, 2]
    with pytest.raises(ValueError, match="3 candidates are too few to choose 4"):
        diversify(scores, codes, 1.0, 4)


def test_a_list_becomes_scores_that_rank_it():
    scores = in_order(torch.tensor([[3, 0, 2]]), 5)
    assert scores[0].argsort(descending=True)[:3].tolist() == [3, 0, 2]
    assert torch.isinf(scores[0, [1, 4]]).all()


def test_the_diversity_of_a_list_is_what_the_greedy_order_counts():
    catalogue = mt.Catalogue("abcd", traits=[mt.Trait.from_values("kind", ["x", "x", "y", "z"])])
    assert diversity(np.array([[0, 1, 2]]), catalogue, "kind") == pytest.approx(2 / 3)


def test_own_items_come_by_count_then_by_popularity():
    train = mt.Sequences(mt.Catalogue(range(5)), mt.Ragged.from_rows([[0, 1, 1], [1, 2], [1, 0], [4]]))
    items = torch.tensor([[2, 0, 2, 3]])
    present = torch.tensor([[True, True, True, False]])
    assert own_items(train)(items, present)[0].argsort(descending=True).tolist()[:3] == [2, 0, 1]
    assert torch.equal(own_items(train)(items, present & False).argsort(), popularity(train)(items, present).argsort())


def test_a_weight_that_is_no_number_is_refused(trained):
    model = trained[0]
    for weight in (float("nan"), -1.0):
        with pytest.raises(ValueError, match="weight="):
            reranked(model.scores, model.catalogue, "group", weight)
    with pytest.raises(ValueError, match="no trait 'aisle'"):
        reranked(model.scores, model.catalogue, "aisle", 0.1)
