"""MIND and ComiRec are their equations; routing, padding, order and lengths behave as the papers say."""

import dataclasses

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import MIND, ComiRecDR, ComiRecSA, GRU4Rec, Ragged, Sequences
from mtsgns_lite.data.sequences import pad
from mtsgns_lite.models.routing import route, squash
from mtsgns_lite.models.sequence import best_interest, last_items, nearest, so_far

CPU = torch.device("cpu")
ROWS = [[0, 1, 2], [3, 4], [5, 0, 3, 1, 2, 4], [2, 2]]
SEVERAL = [MIND, ComiRecDR, ComiRecSA]
ALL = [GRU4Rec, *SEVERAL]


def made(kind, rows=ROWS, items=6, catalogue=None, **options):
    """A model in double precision, without dropout unless asked, and its data."""
    catalogue = catalogue or mt.Catalogue(range(items))
    own = {} if kind is GRU4Rec else {"interests": 3, "length": 8}
    model = kind(catalogue, **{"dim": 4, "dropout": 0.0, **own, **options}).double()
    if kind is MIND:  # away from the identity that it starts near
        with torch.no_grad():
            model.shared += torch.randn(4, 4, generator=torch.Generator().manual_seed(3)).double() / 2
    model.observe(torch.ones(len(catalogue)))
    return model, Sequences(catalogue, Ragged.from_rows(rows))


def batch_of(sequences, **options):
    return next(sequences.samples(noise_size=2, **options).batches(torch.Generator().manual_seed(0), CPU))


def read(model, row):
    """(L, d) what a model reads of a sequence."""
    rows = model.rows.weight.numpy()[row]
    return model.reach * rows / np.linalg.norm(rows, axis=1, keepdims=True)


def squashed(z):
    square = float(z @ z)
    return square / (1 + square) * z / np.sqrt(square)


def routed_by_loop(votes, start, rounds):
    """votes[l][k] -> the interests, item by item and interest by interest."""
    count, interests = len(votes), len(votes[0])
    b = [[start[k][item] for k in range(interests)] for item in range(count)]
    for turn in range(rounds):
        w = [[np.exp(b[item][k]) / sum(np.exp(b[item])) for k in range(interests)] for item in range(count)]
        u = [squashed(sum(w[item][k] * votes[item][k] for item in range(count))) for k in range(interests)]
        if turn < rounds - 1:
            b = [[b[item][k] + u[k] @ votes[item][k] for k in range(interests)] for item in range(count)]
    return np.array(u), np.array(w).T


def by_loop(model, row):
    """(K, d) the interests of one sequence."""
    e, count = read(model, row), len(row)
    if isinstance(model, MIND):
        there = max(1, min(model.count, int(np.log2(count)))) if count > 1 else 1
        votes = [[model.shared.detach().numpy() @ e[item]] * there for item in range(count)]
        u = routed_by_loop(votes, model.start.numpy(), model.rounds)[0]
        return np.concatenate([u, np.zeros((model.count - there, model.dim))])
    if isinstance(model, ComiRecDR):
        w = model.places.detach().numpy().reshape(model.length, model.dim, model.count, model.dim)
        votes = [[w[place, :, k].T @ e[place] for k in range(model.count)] for place in range(count)]
        return routed_by_loop(votes, model.start.numpy(), model.rounds)[0]
    first, second, position = (part.detach().numpy() for part in (model.first, model.second, model.position))
    logits = np.array([second @ np.tanh(first @ (e[place] + position[place])) for place in range(count)])
    weights = np.exp(logits) / np.exp(logits).sum(axis=0)  # over the items
    return np.array([sum(weights[place, k] * e[place] for place in range(count)) for k in range(model.count)])


@pytest.mark.parametrize("kind", SEVERAL)
def test_interests_are_those_of_a_loop_over_items_and_interests(kind):
    model, _ = made(kind)
    items, present = pad(Ragged.from_rows(ROWS))
    for row, users in zip(ROWS, model.users(items, present).numpy()):
        np.testing.assert_allclose(users, by_loop(model, row), atol=1e-12)


@pytest.mark.parametrize("kind", SEVERAL)
def test_the_loss_is_that_of_the_nearest_interest_at_every_place(kind):
    model, sequences = made(kind)
    batch = batch_of(sequences)
    candidates = batch.candidates.numpy()
    units = model.rows.weight.numpy()[candidates]
    units = units / np.linalg.norm(units, axis=1, keepdims=True)
    total, places = 0.0, 0
    for row in ROWS:
        for place in range(1, len(row)):
            users = by_loop(model, row[:place])
            users = users[np.any(users, axis=1)]
            cosines = users / np.linalg.norm(users, axis=1, keepdims=True) @ units.T  # (K, N)
            wanted = int(np.flatnonzero(candidates == row[place])[0])
            scores = model.temperature * cosines[cosines[:, wanted].argmax()]
            total += np.log(np.exp(scores).sum()) - scores[wanted]
            places += 1
    assert model.loss(batch).item() == pytest.approx(total / places, abs=1e-12)


@pytest.mark.parametrize("power", [0, 1, 2])
def test_label_aware_attention_is_a_softmax_of_powers_over_the_interests_that_are_there(power):
    model, _ = made(MIND, power=power)
    users = torch.randn(5, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    users[0, 1:] = 0
    wanted = torch.nn.functional.normalize(torch.randn(5, 4, dtype=torch.float64), dim=1)
    for u, e, v in zip(users.numpy(), wanted.numpy(), model.choose(users, wanted).numpy()):
        there = np.any(u, axis=1)
        near = model.temperature * (u[there] @ e) / np.linalg.norm(u[there], axis=1)
        weights = np.exp(np.sign(near) * np.abs(near) ** power)
        np.testing.assert_allclose(v, weights / weights.sum() @ u[there], atol=1e-12)


def test_a_high_power_is_the_nearest_interest_alone():
    users = torch.randn(50, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wanted = torch.nn.functional.normalize(users[:, 1] + 0.1 * users[:, 0], dim=1)
    hard, sharp = (made(MIND, power=power)[0].choose(users, wanted) for power in (None, 6))
    assert torch.equal(hard, nearest(users, wanted))
    torch.testing.assert_close(sharp, hard)


def test_squash_keeps_directions_and_lengths_below_one():
    z = torch.randn(100, 7, dtype=torch.float64) * torch.logspace(-3, 3, 100, dtype=torch.float64)[:, None]
    u = squash(z)
    assert (u.norm(dim=1) < 1).all()
    torch.testing.assert_close(torch.cosine_similarity(u, z), torch.ones(100, dtype=torch.float64))
    assert u.norm(dim=1).diff().sum() > 0.99
    zero = torch.zeros(1, 3, requires_grad=True)
    squash(zero).sum().backward()
    assert torch.isfinite(zero.grad).all()


@pytest.mark.parametrize("kind", [MIND, ComiRecDR])
def test_the_routing_softmax_sums_to_one_over_interests(kind):
    model, _ = made(kind)
    items, present = pad(Ragged.from_rows(ROWS))
    weights = model.attention(items, present)  # (B, K, L)
    torch.testing.assert_close(weights.sum(dim=1), present.double())
    assert (weights.sum(dim=2)[0] - 1).abs().max() > 0.1  # and not over items


def test_self_attention_sums_to_one_over_items():
    model, _ = made(ComiRecSA)
    items, present = pad(Ragged.from_rows(ROWS))
    weights = model.attention(items, present)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(4, 3, dtype=torch.float64))
    assert (weights.masked_select(~present[:, None].expand_as(weights)) == 0).all()


def test_one_interest_of_comirec_sa_is_a_single_attention_pooling():
    model, _ = made(ComiRecSA, interests=1)
    items, present = pad(Ragged.from_rows(ROWS))
    for row, user in zip(ROWS, model.users(items, present)):
        e = torch.from_numpy(read(model, row))
        query = model.second[0].detach()
        pooled = torch.softmax(torch.tanh((e + model.position[: len(row)]) @ model.first.T) @ query, dim=0) @ e
        torch.testing.assert_close(user, pooled.detach()[None])


def test_mind_has_as_many_interests_as_the_history_allows():
    model, _ = made(MIND, interests=3, length=20)
    for count, expected in ((1, 1), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (20, 3)):
        items = torch.arange(count)[None] % 6
        users = model.users(items, torch.ones_like(items, dtype=torch.bool))
        assert int((users != 0).any(dim=2).sum()) == expected, count


def test_more_rounds_make_items_belong_more_to_one_interest():
    votes = torch.randn(20, 1, 12, 6, generator=torch.Generator().manual_seed(0)).expand(-1, 3, -1, -1) * 2
    start, within = torch.randn(3, 12, generator=torch.Generator().manual_seed(1)), torch.ones(20, 1, 12).bool()
    surest = [route(votes, within, start, rounds)[1].amax(dim=2).mean() for rounds in (1, 2, 3, 5)]
    assert surest == sorted(surest)
    assert surest[-1] > surest[0] + 0.1


@pytest.mark.parametrize("kind", ALL)
def test_permuting_the_batch_permutes_the_output_and_changes_nothing_else(kind):
    model, sequences = made(kind)
    items, present = pad(Ragged.from_rows(ROWS))
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(model.scores(items[order], present[order]), model.scores(items, present)[order])
    batch = batch_of(sequences)
    wanted = torch.zeros_like(batch.places).masked_scatter_(batch.present, batch.wanted)
    moved = dataclasses.replace(
        batch, places=batch.places[order], present=batch.present[order], wanted=wanted[order][batch.present[order]]
    )
    torch.testing.assert_close(model.loss(moved), model.loss(batch))


@pytest.mark.parametrize("kind", ALL)
def test_padding_changes_nothing_whatever_stands_there(kind):
    model, sequences = made(kind)
    items, present = pad(Ragged.from_rows(ROWS))
    longer = torch.cat([items.masked_fill(~present, 4), torch.full((4, 7), 5)], dim=1)
    there = torch.cat([present, torch.zeros(4, 7, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(model.scores(longer, there), model.scores(items, present))
    batch = batch_of(sequences)
    filled = dataclasses.replace(batch, places=batch.places.masked_fill(~batch.present, len(batch.candidates) - 1))
    torch.testing.assert_close(model.loss(filled), model.loss(batch))


@pytest.mark.parametrize("kind", ALL)
def test_a_place_hears_of_the_past_alone(kind):
    model, _ = made(kind)
    inputs = torch.randn(2, 5, 4, dtype=torch.float64, requires_grad=True)
    users = model.interests(inputs, so_far(torch.ones(2, 5, dtype=torch.bool)))  # (B, T, K, d)
    heard = torch.autograd.grad(users[0, 2].square().sum(), inputs)[0].abs().sum(dim=2)
    assert (heard[0, :3] > 0).all()
    assert (heard[0, 3:] == 0).all()
    assert (heard[1] == 0).all()


@pytest.mark.parametrize("kind", ALL)
def test_training_asks_at_every_place_what_serving_would(kind):
    model, _ = made(kind)
    row = torch.tensor([[5, 0, 3, 1, 2]])
    every = torch.ones_like(row, dtype=torch.bool)
    inputs = model.reach * torch.nn.functional.normalize(model.rows.weight, dim=1)[row]
    together = model.interests(inputs, so_far(every))
    for count in range(1, 6):
        alone = model.users(row[:, :count], every[:, :count])
        torch.testing.assert_close(together[:, count - 1], alone)


@pytest.mark.parametrize("traits", [(), "all"])
@pytest.mark.parametrize("kind", ALL)
def test_gradients_reach_every_parameter_and_every_table(kind, traits, planted_split, gradient_of):
    rows = [[*range(k, k + 10)] for k in range(12)]
    model, sequences = (
        made(kind, rows, catalogue=planted_split.catalogue, traits=traits, dropout=0.2, length=12)
        if kind is not GRU4Rec
        else made(kind, rows, catalogue=planted_split.catalogue, traits=traits, dropout=0.2)
    )
    model.train()
    model.loss(batch_of(sequences)).backward()
    for name, parameter in model.named_parameters():
        reached = parameter.grad if name not in ("places", "position") else parameter.grad[:9]
        assert reached.abs().max() > 0, name
        assert torch.isfinite(parameter.grad).all(), name
    tables = [model.items] if not traits else [model.items.items, model.items.values, model.items.logits]
    assert all(gradient_of(table).abs().max() > 0 for table in tables)


def test_best_interest_leaves_out_those_that_are_not_there():
    users = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    scores = torch.tensor([[[-2.0], [0.0]], [[-2.0], [-1.0]], [[0.0], [0.0]]])
    assert best_interest(scores, users).tolist() == [[-2.0], [-1.0], [0.0]]


def test_long_histories_are_read_from_their_end():
    items, present = pad(Ragged.from_rows([[1, 2, 3, 4, 5], [1, 2], [1, 2, 3, 4]]))
    last, there = last_items(items, present, 3)
    assert [row[mask].tolist() for row, mask in zip(last, there)] == [[3, 4, 5], [1, 2], [2, 3, 4]]
    model, _ = made(ComiRecSA, length=3)
    torch.testing.assert_close(model.scores(items, present), model.scores(last, there))


@pytest.mark.parametrize("kind", ALL)
def test_a_saved_model_gives_the_same_scores(kind, tmp_path, planted_split, quiet_fit):
    rows = [[*range(k, k + 5)] for k in range(30)]
    sequences = Sequences(planted_split.catalogue, Ragged.from_rows(rows))
    model = kind(planted_split.catalogue, dim=8, traits="all")
    quiet_fit(model, sequences.samples(noise_size=20), 2)
    mt.save_model(model, tmp_path / "model")
    again = mt.load_model(tmp_path / "model")
    items, present = pad(Ragged.from_rows(rows[:3]))
    assert torch.equal(again.scores(items, present), model.scores(items, present))


@pytest.mark.parametrize("kind", SEVERAL)
def test_two_interests_serve_users_who_want_two_things(kind, quiet_fit):
    sequences, _ = mt.planted_interests(groups=60, users=1_500, seed=1)
    train, held_out = sequences.split(0.2, seed=0)
    found = []
    for interests in (1, 2):
        model = kind(sequences.catalogue, dim=6, interests=interests, length=30, dropout=0.0)
        quiet_fit(model, train.samples(length=30, batch_size=512, noise_size=512), 6)
        found.append(mt.evaluate_next({"": model.scores}, held_out.ends(), ks=(20,), length=30)[""]["recall@20"])
    assert found[1] > 1.3 * found[0], found


@pytest.mark.parametrize("kind", SEVERAL)
def test_traits_are_read_and_carry_an_item_that_training_never_saw(kind, quiet_fit):
    """Group by group the trait is all there is to know, so an unseen item lies among its group."""
    sequences, _ = mt.planted_interests(groups=40, users=800, stray=0.0, seed=0)
    cold = 17
    train = Sequences(sequences.catalogue, sequences.items.keep(sequences.items.values != cold))
    model = kind(sequences.catalogue, dim=16, interests=2, length=30, traits="group")
    quiet_fit(model, train.samples(length=30, batch_size=512, noise_size=100), 4)
    unit = torch.nn.functional.normalize(model.embeddings(unseen="traits"), dim=1)
    codes = sequences.catalogue.traits["group"].codes[:, 0]
    nearest_items = (unit @ unit[cold]).argsort(descending=True)[1:10]
    assert (codes[nearest_items.numpy()] == codes[cold]).mean() > 0.7
    value = model.items.values.weight[int(codes[cold])]
    torch.testing.assert_close(unit[cold], torch.nn.functional.normalize(value, dim=0))
    assert (model.embeddings()[cold] == 0).all()


def test_what_does_not_fit_is_refused():
    model, sequences = made(ComiRecSA, length=3)
    with pytest.raises(ValueError, match=r"Rows of 5 items are too long for length=3: make samples\(length=3\)"):
        model.loss(batch_of(sequences))
    with pytest.raises(ValueError, match="GRU4Rec weighs no items"):
        made(GRU4Rec)[0].attention(*pad(Ragged.from_rows(ROWS)))
    with pytest.raises(ValueError, match="interests=0"):
        MIND(mt.Catalogue(range(3)), interests=0)
    with pytest.raises(ValueError, match="length=0"):
        ComiRecDR(mt.Catalogue(range(3)), length=0)
    with pytest.raises(ValueError, match=r"interests=2.5 must be a whole number"):
        MIND(mt.Catalogue(range(3)), interests=2.5)
    with pytest.raises(TypeError, match="dropuot"):
        ComiRecSA(mt.Catalogue(range(3)), dropuot=0.1)


def test_what_its_traits_weigh_is_read_as_of_other_models(quiet_fit):
    sequences, _ = mt.planted_interests(groups=40, users=800, stray=0.0, seed=0)
    model = ComiRecSA(sequences.catalogue, dim=16, interests=2, traits="group")
    quiet_fit(model, sequences.samples(batch_size=512, noise_size=100), 3)
    found = mt.trait_weights(model)
    assert found.sources == ["item", "group"]
    assert sum(found.share) == pytest.approx(1.0, abs=1e-4)
    assert found.share[1] > 0.5  # an item is drawn for its group and its rank there, and the group says most
    torch.testing.assert_close(model.contributions().sum(dim=1), model.embeddings(unseen="random"))
    with pytest.raises(ValueError, match="reads no traits: make it with traits="):
        mt.trait_weights(ComiRecSA(sequences.catalogue))


def test_a_model_may_stand_for_its_scores(quiet_fit):
    model, sequences = made(ComiRecSA)
    model.float()
    asked = sequences.prefixes()
    figures = mt.evaluate_next({"model": model, "scores": model.scores}, asked, ks=(2,))
    assert figures["model"] == figures["scores"]


@pytest.mark.parametrize("kind", ALL)
def test_of_nothing_read_all_items_score_alike(kind):
    model, _ = made(kind)
    items, present = pad(Ragged.from_rows([[0, 1, 2], []]))
    assert (model.users(items, present)[1] == 0).all()
    assert (model.scores(items, present)[1] == 0).all()


@pytest.mark.parametrize("kind", ALL)
def test_a_warm_model_can_be_asked_before_it_is_trained(kind):
    model, sequences = made(kind)
    model.counts.zero_()
    vectors = np.random.default_rng(0).normal(size=(6, 4))
    vectors[5] = 0
    model.warm_start(vectors)
    assert model.seen.tolist() == [True] * 5 + [False]
    assert mt.evaluate_next({"warm": model}, sequences.prefixes(), ks=(3,))["warm"]["recall@3"] > 0


def test_sequences_are_no_samples(quiet_fit):
    model, sequences = made(MIND)
    with pytest.raises(ValueError, match=r"MIND can't learn from Sequences: give it the samples\(\) of Sequences"):
        quiet_fit(model, sequences)
