"""GRU4Rec is its equations: over time, not over the batch; padding, neighbours and order of a batch change nothing."""

import dataclasses

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import Ragged
from mtsgns_lite.data.sequence_samples import session_parallel
from mtsgns_lite.data.sequences import Sequences, pad
from mtsgns_lite.models.gru4rec import GRU4Rec
from mtsgns_lite.models.sequence import dropped
from mtsgns_lite.models.sequence_losses import LOSSES

CPU = torch.device("cpu")
ROWS = [[0, 1, 2], [3, 4], [5, 0, 3, 1, 2], [2, 2]]


def made(rows=ROWS, items=6, seed=0, **options):
    """A model in double precision, without dropout unless asked, and its data."""
    catalogue = mt.Catalogue(range(items))
    model = GRU4Rec(catalogue, **{"dim": 4, "dropout": 0.0, "seed": seed, **options}).double()
    sequences = Sequences(catalogue, Ragged.from_rows(rows))
    model.observe(torch.ones(items))
    return model, sequences


def batch_of(sequences, **options):
    return next(sequences.samples(noise_size=2, **options).batches(torch.Generator().manual_seed(0), CPU))


def by_loop(model, row):
    """The state after each item of one sequence, gate by gate (Cho et al. 2014, as torch numbers them)."""
    weights = [parameter.detach().numpy() for parameter in model.gru.parameters()]
    w_in, w_state, b_in, b_state = weights
    d, h, found = model.dim, np.zeros(model.dim), []
    for item in row:
        row_of_item = model.items.weight[item].numpy()
        x = model.reach * row_of_item / np.linalg.norm(row_of_item)
        of_input, of_state = w_in @ x + b_in, w_state @ h + b_state
        reset, update = (1 / (1 + np.exp(-(of_input + of_state)[part * d : (part + 1) * d])) for part in (0, 1))
        new = np.tanh(of_input[2 * d :] + reset * of_state[2 * d :])
        h = (1 - update) * new + update * h
        found.append(h)
    return np.array(found)


def cosines(model, states):
    rows = model.items.weight.numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return model.temperature * states / np.linalg.norm(states, axis=1, keepdims=True) @ unit.T


def test_the_loss_matches_the_closed_form_on_three_items():
    model, sequences = made([[0, 1, 2]], items=3)
    batch = batch_of(sequences)
    assert batch.candidates.tolist() == [0, 1, 2]
    r = cosines(model, by_loop(model, [0, 1]))
    expected = np.mean([np.log(np.exp(r[place]).sum()) - r[place][wanted] for place, wanted in enumerate([1, 2])])
    assert model.loss(batch).item() == pytest.approx(expected, abs=1e-12)


def test_the_loss_is_the_mean_over_all_places_of_the_candidates_loss():
    model, sequences = made()
    batch = batch_of(sequences)
    candidates, total, places = batch.candidates.numpy(), 0.0, 0
    for row in ROWS:
        r = cosines(model, by_loop(model, row[:-1]))[:, candidates]
        for place, wanted in enumerate(row[1:]):
            total += np.log(np.exp(r[place]).sum()) - r[place][candidates == wanted].item()
            places += 1
    assert model.loss(batch).item() == pytest.approx(total / places, abs=1e-12)


def test_scores_are_those_after_the_last_item():
    model, _ = made()
    items, present = pad(Ragged.from_rows(ROWS))
    for row, scores in zip(ROWS, model.scores(items, present).numpy()):
        np.testing.assert_allclose(scores, cosines(model, by_loop(model, row)[-1:])[0], atol=1e-12)


def test_padding_changes_nothing_whatever_stands_there():
    model, sequences = made()
    items, present = pad(Ragged.from_rows(ROWS))
    longer, there = (
        torch.cat([part, part[:, :1] * 0 + filling], dim=1) for part, filling in ((items, 5), (present, 0))
    )
    longer[~there.bool()] = 4
    torch.testing.assert_close(model.scores(longer, there.bool()), model.scores(items, present))
    batch = batch_of(sequences)
    filled = dataclasses.replace(batch, places=batch.places.masked_fill(~batch.present, len(batch.candidates) - 1))
    torch.testing.assert_close(model.loss(filled), model.loss(batch))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_reach_every_parameter_and_every_candidate(loss, gradient_of):
    model, sequences = made(loss=loss, dropout=0.25)
    batch = batch_of(sequences)
    model.loss(batch).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().min() > 0, name
    assert (gradient_of(model.items).abs().sum(dim=1) > 0).sum() == len(batch.candidates)


def test_the_items_gradient_is_that_of_small_changes(gradient_of):
    """What they do as inputs and as candidates, together."""
    model, sequences = made()
    batch = batch_of(sequences)
    model.loss(batch).backward()
    found, small = gradient_of(model.items), 1e-6
    for item, number in ((0, 0), (2, 3), (5, 1)):
        change = torch.zeros_like(model.items.weight)
        change[item, number] = small
        model.items.weight += change
        up = model.loss(batch).item()
        model.items.weight -= 2 * change
        down = model.loss(batch).item()
        model.items.weight += change
        assert found[item, number].item() == pytest.approx((up - down) / (2 * small), abs=1e-7)
    assert found[5].abs().sum() > 0


def test_a_state_hears_of_the_past_alone():
    model, _ = made()
    inputs = torch.randn(2, 5, 4, dtype=torch.float64, requires_grad=True)
    states = model.states(inputs)
    heard = torch.autograd.grad(states[0, 2].sum(), inputs)[0].abs().sum(dim=2)
    assert (heard[0, :3] > 0).all()
    assert (heard[0, 3:] == 0).all()
    assert (heard[1] == 0).all()


def test_reading_in_parallel_lanes_item_by_item_gives_the_same_states():
    model, _ = made()
    rows = Ragged.from_rows([*ROWS, [1, 4, 5], [0, 5]])
    units = torch.nn.functional.normalize(model.items.weight, dim=1)
    memory = torch.zeros(2, model.dim, dtype=torch.float64)
    found = []
    for lane, item, following, fresh in session_parallel(rows, 2):
        before = memory[lane] * torch.from_numpy(~fresh)[:, None]
        memory[lane] = model.states(model.reach * units[item][:, None], before)[:, -1].detach()
        found += [(now, then, state) for now, then, state in zip(item, following, memory[lane].clone())]
    expected = [
        (now, then, state)
        for row in map(rows.__getitem__, range(len(rows)))
        for now, then, state in zip(row, row[1:], by_loop(model, row))
    ]
    assert len(found) == len(expected)
    for now, then, state in expected:
        assert any((now, then) == (a, b) and np.allclose(state, other) for a, b, other in found)


def test_sampled_softmax_takes_the_batchs_correction():
    model, sequences = made(loss="sampled-softmax")
    plain, _ = made()
    batch = batch_of(sequences)
    none = dataclasses.replace(batch, log_q=torch.zeros_like(batch.log_q))
    torch.testing.assert_close(model.loss(none), plain.loss(batch))
    assert abs(model.loss(batch) - plain.loss(batch)) > 1e-3


def test_dropout_is_the_runs_own_and_keeps_the_mean():
    values = torch.ones(400, 400)
    drawn = dropped(values, 0.25, torch.Generator().manual_seed(0))
    assert drawn.unique().tolist() == pytest.approx([0, 4 / 3])
    assert drawn.mean().item() == pytest.approx(1.0, abs=0.01)
    model, sequences = made(dropout=0.5)
    batch = batch_of(sequences)
    assert model.loss(batch) != model.loss(batch)
    model.eval()
    assert model.loss(batch) == model.loss(batch)


def chains(rows=1000, items=12, seed=0):
    """What comes next is known from the last two items: v_t = v_{t-1} + v_{t-2} modulo `items`, mostly."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        row = rng.integers(items, size=2).tolist()
        for _ in range(rng.integers(1, 6)):
            row.append(int(rng.integers(items)) if rng.random() < 0.1 else (row[-1] + row[-2]) % items)
        found.append(row)
    return found


def test_it_trains_with_fit_the_same_each_time_and_leaves_other_randomness_alone(quiet_fit, tmp_path):
    catalogue = mt.Catalogue(range(12))
    samples = Sequences(catalogue, Ragged.from_rows(chains(200))).samples(batch_size=100, noise_size=4)
    state = torch.random.get_rng_state()

    def trained(epochs=3, **options):
        model = GRU4Rec(catalogue, dim=8, seed=1)
        return model, quiet_fit(model, samples, epochs, seed=5, **options)

    (first, history), (second, _) = trained(), trained()
    assert torch.equal(torch.random.get_rng_state(), state)
    for (name, one), other in zip(first.state_dict().items(), second.state_dict().values()):
        assert torch.equal(one, other), name
    assert history.loss[-1][1] < history.loss[0][1]
    assert first.embeddings().shape == (12, 8)

    def stop_after_two(model):
        if model.items.state.sum() > 0 and len(calls) == 2 * 2:
            raise KeyboardInterrupt
        calls.append(1)

    calls = []
    file = tmp_path / "checkpoint"
    trained(probe=stop_after_two, probes=2, checkpoint=file)
    resumed, _ = trained(checkpoint=file)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), resumed.state_dict().values()))


def test_it_learns_what_the_last_item_alone_does_not_tell(quiet_fit):
    catalogue = mt.Catalogue(range(12))
    past, held_out = Sequences(catalogue, Ragged.from_rows(chains())).split(0.1)
    model = GRU4Rec(catalogue, dim=32, dropout=0.0)
    quiet_fit(model, past.samples(batch_size=100, noise_size=8), 12, adam=0.01)
    asked = held_out.prefixes().items.lengths > 1  # two items or more came before
    prefixes = held_out.prefixes().take(np.flatnonzero(asked))
    right = 0
    for rows, items, present in prefixes.batches():
        wanted = torch.from_numpy(prefixes.wanted.take(rows).values)
        right += int((model.scores(items, present).argmax(dim=1) == wanted).sum())
    assert right / len(prefixes) > 0.6  # at most 0.9; the last item alone is right about 1 in 12


def test_a_warm_start_takes_the_directions_and_keeps_the_lengths():
    model, _ = made()
    before, vectors = model.items.weight.clone(), torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    vectors[2] = 0
    model.warm_start(vectors)
    after = model.items.weight
    torch.testing.assert_close(after.norm(dim=1), before.norm(dim=1))
    assert torch.equal(after[2], before[2])
    given = torch.tensor([0, 1, 3, 4, 5])
    centred = (vectors[given] - vectors[given].mean(dim=0)).double()
    cosine = torch.nn.functional.cosine_similarity(after[given], centred)
    torch.testing.assert_close(cosine, torch.ones(5).double(), atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match=r"\(6, 3\), not \(6, 4\)"):
        model.warm_start(vectors[:, :3])


def test_unseen_items_have_no_vector_unless_asked():
    model, _ = made()
    model.counts[3] = 0
    assert (model.embeddings()[3] == 0).all()
    assert (model.embeddings()[2] != 0).any()
    assert (model.embeddings(unseen="random")[3] != 0).any()
    with pytest.raises(ValueError, match="no embedding 'context'"):
        model.embeddings("context")


def test_what_does_not_fit_is_refused(planted_split, quiet_fit):
    catalogue = mt.Catalogue(range(3))
    with pytest.raises(ValueError, match="choose from cross-entropy"):
        GRU4Rec(catalogue, loss="hinge")
    with pytest.raises(ValueError, match="dropout=1"):
        GRU4Rec(catalogue, dropout=1.0)
    with pytest.raises(ValueError, match=r"can't learn from Baskets: give it the samples\(\) of Sequences"):
        quiet_fit(GRU4Rec(planted_split.catalogue), planted_split.train)
