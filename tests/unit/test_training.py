"""The training loop: resumable, interruptible, and stopped when the numbers are no longer numbers."""

import math

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.training import step_factor


def tables(model):
    return [module for module in model.modules() if isinstance(module, mt.Table)]


def the_same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


MAKERS = {
    "sgns": lambda split: (mt.SGNS(split.catalogue, dim=8), split.baskets(batch_size=64)),
    "traits": lambda split: (
        mt.MultiTraitSGNS(split.catalogue, dim=8),
        split.baskets(batch_size=64),
    ),
    "traits-item": lambda split: (
        mt.MultiTraitSGNS(split.catalogue, dim=8, weights="item", context_traits=True),
        split.walks(per_node=2, batch_size=16),
    ),
    "mf": lambda split: (
        mt.MatrixFactorization(split.catalogue, dim=8, bias=True),
        split.edges(batch_size=512),
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_training_lowers_the_loss(kind, planted_edges, planted_split, quiet_fit):
    model, samples = MAKERS[kind](mt.split(planted_edges) if kind == "mf" else planted_split)
    loss = [mean for _, mean in quiet_fit(model, samples, epochs=12 if kind == "mf" else 4).loss]
    assert np.mean(loss[-5:]) < 0.97 * np.mean(loss[:5])


class Stop(Exception):
    """Stands for a crash."""


class Crashing:
    """Samples that crash in the given epoch."""

    def __init__(self, samples, epoch):
        self.samples, self.epoch, self.counts = samples, epoch, samples.counts

    def __len__(self):
        return len(self.samples)

    def batches(self, generator, device):
        self.epoch -= 1
        for number, batch in enumerate(self.samples.batches(generator, device)):
            if self.epoch < 0 and number == 3:
                raise Stop
            yield batch


@pytest.mark.parametrize("kind", MAKERS)
def test_a_resumed_training_ends_as_if_it_had_never_stopped(kind, planted_split, quiet_fit, tmp_path):
    file = tmp_path / "training.safetensors"
    options = dict(epochs=3, seed=5, schedule="cosine")
    whole, samples = MAKERS[kind](planted_split)
    uninterrupted = quiet_fit(whole, samples, **options)

    broken, samples = MAKERS[kind](planted_split)
    with pytest.raises(Stop):
        quiet_fit(broken, Crashing(samples, 2), checkpoint=file, **options)
    resumed, samples = MAKERS[kind](planted_split)
    history = quiet_fit(resumed, samples, checkpoint=file, **options)

    assert the_same(whole, resumed)
    assert history.loss == uninterrupted.loss
    assert (history.steps, history.epochs) == (uninterrupted.steps, 3)


def test_the_loss_curve_survives_a_resume_whatever_the_number_of_steps(planted_split, quiet_fit, tmp_path):
    """With 301 steps an epoch the curve has a point every 3, which an epoch's end cuts short."""
    model, pairs = mt.MatrixFactorization(planted_split.catalogue, dim=4), planted_split.edges()
    few = mt.Pairs(pairs.first[:301], pairs.second[:301], 300, negatives=1, batch_size=1)
    file, whole = tmp_path / "c", mt.MatrixFactorization(planted_split.catalogue, dim=4)
    expected = quiet_fit(whole, few, epochs=2).loss
    with pytest.raises(Stop):
        quiet_fit(mt.MatrixFactorization(planted_split.catalogue, dim=4), Crashing(few, 1), epochs=2, checkpoint=file)
    assert quiet_fit(model, few, epochs=2, checkpoint=file).loss == expected
    assert the_same(model, whole)


def test_a_finished_training_is_not_trained_again(planted_split, quiet_fit, tmp_path):
    file = tmp_path / "checkpoint"
    model, samples = MAKERS["sgns"](planted_split)
    quiet_fit(model, samples, checkpoint=file)
    again, _ = MAKERS["sgns"](planted_split)
    history = quiet_fit(again, samples, checkpoint=file)
    assert history.epochs == 1
    assert the_same(model, again)


@pytest.mark.parametrize("change", [{"epochs": 3}, {"seed": 9}, {"schedule": "constant"}, {"dim": 4}, {"kind": "mf"}])
def test_the_checkpoint_of_another_training_is_refused(change, planted_split, quiet_fit, tmp_path):
    file = tmp_path / "checkpoint"
    model, samples = MAKERS["sgns"](planted_split)
    quiet_fit(model, samples, epochs=1, checkpoint=file)
    if "dim" in change:
        model, options = mt.SGNS(planted_split.catalogue, dim=4), {}
    elif "kind" in change:
        (model, samples), options = MAKERS["mf"](planted_split), {}
    else:
        (model, _), options = MAKERS["sgns"](planted_split), change
    with pytest.raises(ValueError, match="another training"):
        quiet_fit(model, samples, **{"epochs": 1, "checkpoint": file, **options})


@pytest.mark.parametrize("keep", [0, 5, 0.5, -1])
def test_a_truncated_checkpoint_is_refused(keep, planted_split, quiet_fit, tmp_path):
    file = tmp_path / "checkpoint"
    model, samples = MAKERS["sgns"](planted_split)
    quiet_fit(model, samples, checkpoint=file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="damaged or cut short"):
        quiet_fit(model, samples, checkpoint=file)


def test_interrupting_keeps_the_model_trained_so_far(planted_split, quiet_fit):
    model, samples = MAKERS["traits"](planted_split)
    start = model.embeddings(unseen="random")

    def probe(model):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(model.embeddings(unseen="random"))

    calls = []
    history = quiet_fit(model, samples, epochs=5, probe=probe)
    assert history.interrupted
    assert "interrupted" in repr(history)
    assert 0 < history.steps < len(samples)
    assert not torch.equal(model.embeddings(unseen="random"), start)
    assert model.seen.any()
    assert not model.training
    assert len(mt.neighbours(model, 0)) == 10


def test_a_step_cut_in_two_by_an_interrupt_leaves_nothing_for_the_next_fit(planted_split, quiet_fit, monkeypatch):
    model, samples = MAKERS["sgns"](planted_split)

    def interrupt(self, factor=1.0):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mt.Table, "update", interrupt)
        assert quiet_fit(model, samples).interrupted
    fresh, _ = MAKERS["sgns"](planted_split)
    for one in (model, fresh):
        quiet_fit(one, samples)
    assert the_same(model, fresh)


def test_losses_computed_by_hand_before_fit_change_nothing(planted_split, quiet_fit):
    (model, samples), (fresh, _) = MAKERS["mf"](planted_split), MAKERS["mf"](planted_split)
    batch = next(iter(samples.batches(torch.Generator().manual_seed(1), torch.device("cpu"))))
    model.loss(batch).backward()
    for one in (model, fresh):
        quiet_fit(one, samples)
    assert the_same(model, fresh)


def test_training_stops_when_the_loss_is_not_a_number(planted_split, quiet_fit):
    edges = planted_split.edges()
    values = np.ones(len(edges.first))
    values[7] = np.nan
    samples = mt.Pairs(edges.first, edges.second, 300, values)
    with pytest.raises(mt.TrainingDiverged, match="smaller rate"):
        quiet_fit(mt.MatrixFactorization(planted_split.catalogue, dim=4, loss="mse"), samples)


def test_a_rate_that_is_far_too_large_is_told(planted_split, quiet_fit):
    model = mt.MatrixFactorization(planted_split.catalogue, dim=8, rate=1e30, loss="mse")
    with pytest.raises(mt.TrainingDiverged, match=r"after \d+ steps"):
        quiet_fit(model, planted_split.edges())


def test_even_the_last_steps_are_looked_at(planted_split, quiet_fit):
    """301 steps, a point every 3: the last step alone must not go unread."""
    values = np.ones(301)
    pairs = planted_split.edges()

    class LastIsBad(mt.Pairs):
        def batches(self, generator, device):
            for number, batch in enumerate(super().batches(generator, device)):
                if number == 300:
                    batch.value.fill_(torch.nan)
                yield batch

    samples = LastIsBad(pairs.first[:301], pairs.second[:301], 300, values, batch_size=1)
    with pytest.raises(mt.TrainingDiverged):
        quiet_fit(mt.MatrixFactorization(planted_split.catalogue, dim=4), samples)


# --- snapshots ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKERS)
def test_snapshots_change_nothing_and_end_with_the_model(kind, planted_split, quiet_fit):
    (model, samples), (plain, _) = MAKERS[kind](planted_split), MAKERS[kind](planted_split)
    start = model.embeddings(unseen="random")
    history, without = quiet_fit(model, samples, epochs=2, snapshots=5), quiet_fit(plain, samples, epochs=2)
    assert the_same(model, plain)
    assert history.loss == without.loss
    assert without.snapshots == []
    (first, early), *_, (last, late) = history.snapshots
    assert (first, last) == (0, history.steps)
    assert torch.equal(late, model.embeddings().half())
    assert late.device.type == "cpu"
    assert late.shape == (len(model.catalogue), 8)
    trained = model.seen
    assert torch.equal(early[trained], start.half()[trained])
    assert not torch.equal(early, late)


@pytest.mark.parametrize(("number", "steps"), [(12, 12), (2, 2), (1, 1), (0, 0), (10**6, 39)])
def test_there_are_as_many_snapshots_as_asked_for_evenly_apart(number, steps, planted_split, quiet_fit):
    model, samples = MAKERS["mf"](planted_split)
    samples.batch_size = len(samples.first) // 18
    history = quiet_fit(model, samples, epochs=2, snapshots=number)
    taken = [step for step, _ in history.snapshots]
    assert len(taken) == (history.steps + 1 if number > history.steps else steps)
    assert taken[-1:] == [history.steps][: bool(number)]
    if len(taken) > 1:
        assert taken[0] == 0
        assert np.ptp(np.diff(taken)) <= 1


def test_a_cold_item_has_its_traits_place_in_a_snapshot(planted_split, quiet_fit):
    model, samples = MAKERS["traits"](planted_split)
    (_, vectors), *_ = quiet_fit(model, samples, snapshots=1).snapshots
    assert vectors[planted_split.cold].any(dim=1).all()


def test_the_snapshots_of_a_resumed_training_go_on(planted_split, quiet_fit, tmp_path):
    file, options = tmp_path / "checkpoint", dict(epochs=4, snapshots=9)
    whole, samples = MAKERS["sgns"](planted_split)
    expected = quiet_fit(whole, samples, **options).snapshots
    broken, _ = MAKERS["sgns"](planted_split)
    with pytest.raises(Stop):
        quiet_fit(broken, Crashing(samples, 2), checkpoint=file, **options)
    resumed, _ = MAKERS["sgns"](planted_split)
    taken = quiet_fit(resumed, samples, checkpoint=file, **options).snapshots
    half = 2 * len(samples)
    assert [step for step, _ in taken] == [step for step, _ in expected if step >= half]
    assert all(torch.equal(one, other) for (_, one), (_, other) in zip(taken, expected[-len(taken) :]))
    again, _ = MAKERS["sgns"](planted_split)
    ((step, vectors),) = quiet_fit(again, samples, checkpoint=file, **options).snapshots  # it was done already
    assert step == 2 * half
    assert torch.equal(vectors, expected[-1][1])


def test_snapshots_are_not_in_the_checkpoint(planted_split, quiet_fit, tmp_path):
    sizes = []
    for number in (0, 20):
        model, samples = MAKERS["sgns"](planted_split)
        quiet_fit(model, samples, snapshots=number, checkpoint=tmp_path / f"{number}")
        sizes.append((tmp_path / f"{number}").stat().st_size)
    assert abs(sizes[1] - sizes[0]) < 100


def test_after_an_interrupt_the_last_snapshot_is_the_model(planted_split, quiet_fit):
    model, samples = MAKERS["traits"](planted_split)

    def probe(model):
        if model.seen.any() and len(calls) == 13:
            raise KeyboardInterrupt
        calls.append(1)

    calls = []
    history = quiet_fit(model, samples, epochs=3, probe=probe, snapshots=4)
    assert history.interrupted
    assert [step for step, _ in history.snapshots] == [0, len(samples), history.steps]
    assert torch.equal(history.snapshots[-1][1], model.embeddings().half())


def test_neither_probes_nor_snapshots_count_as_training_time(planted_split, quiet_fit, monkeypatch):
    """Not even a probe that an interrupt cuts short."""
    now = [0.0]
    monkeypatch.setattr("mtsgns_lite.training.time.perf_counter", lambda: now[0])
    plain = mt.SGNS.embeddings

    def slow(self, *arguments, **options):
        now[0] += 10
        return plain(self, *arguments, **options)

    def probe(model):
        now[0] += 100
        if now[0] > 500:
            raise KeyboardInterrupt

    monkeypatch.setattr(mt.SGNS, "embeddings", slow)
    model, samples = MAKERS["sgns"](planted_split)
    history = quiet_fit(model, samples, probe=probe, snapshots=5)
    assert history.interrupted
    assert history.seconds == 0


# --- schedules ------------------------------------------------------------------------------------------------------


def factors_of(monkeypatch, quiet_fit, split, **options):
    """The factor of every step that fit makes."""
    seen, plain = [], mt.Table.update

    def update(self, factor=1.0):
        seen.append(factor)
        plain(self, factor)

    monkeypatch.setattr(mt.Table, "update", update)
    model = mt.MatrixFactorization(split.catalogue, dim=2)
    samples = split.edges(batch_size=4_000)
    quiet_fit(model, samples, **options)
    return np.array(seen).reshape(options["epochs"], len(samples))


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_schedule_falls_once_over_the_whole_training(schedule, monkeypatch, quiet_fit, planted_split):
    factors = factors_of(monkeypatch, quiet_fit, planted_split, epochs=4, schedule=schedule).ravel()
    assert factors[0] == 1
    assert (np.diff(factors) < 0).all()
    assert 0.05 <= factors[-1] < 0.15


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_warm_restarts_restart_and_do_not_stay_dead(schedule, monkeypatch, quiet_fit, planted_split):
    factors = factors_of(monkeypatch, quiet_fit, planted_split, epochs=4, schedule=schedule, restart_every=2)
    assert factors[0, 0] == factors[2, 0] == 1
    assert np.array_equal(factors[:2], factors[2:])
    assert (np.diff(factors[:2].ravel()) < 0).all()
    assert factors.min() >= 0.05  # never so small that nothing is learned any more


def test_every_epoch_still_learns_with_restarts(quiet_fit, planted_split):
    """The published mistake, a new annealing schedule made each epoch, left the rate at 0 from the second on."""
    model, samples = MAKERS["sgns"](planted_split)
    snapshots = []
    quiet_fit(model, samples, epochs=4, schedule="cosine", restart_every=1,
              probe=lambda m: snapshots.append(m.target.weight.clone()), probes=1)  # fmt: skip
    moves = [float((after - before).norm()) for before, after in zip(snapshots, snapshots[1:])]
    assert len(moves) == 4
    assert min(moves) > 0.1 * max(moves)


def test_a_constant_schedule_is_constant(monkeypatch, quiet_fit, planted_split):
    assert (factors_of(monkeypatch, quiet_fit, planted_split, epochs=2, schedule="constant") == 1).all()


def test_cosine_is_half_way_down_in_the_middle():
    assert step_factor("cosine", 0.5) == pytest.approx(step_factor("linear", 0.5)) == pytest.approx(0.525)
    assert step_factor("cosine", 0.1) > step_factor("linear", 0.1)


# --- what fit tells -------------------------------------------------------------------------------------------------


def test_probes_are_asked_before_the_first_step_and_as_often_as_said(planted_split, quiet_fit):
    model, samples = MAKERS["traits"](planted_split)
    history = quiet_fit(model, samples, epochs=2, probe=lambda m: (m.training, mt.trait_weights(m).weight), probes=5)
    steps = [step for step, _ in history.probes]
    assert steps[0] == 0
    assert len(steps) >= 11
    assert steps == sorted(steps)
    assert not any(training for _, (training, _) in history.probes)


def test_a_probe_does_not_change_what_is_learned(planted_split, quiet_fit):
    (model, samples), (plain, _) = MAKERS["traits"](planted_split), MAKERS["traits"](planted_split)
    quiet_fit(model, samples, probe=lambda m: mt.evaluate(m, planted_split, baselines=False), probes=2)
    quiet_fit(plain, samples)
    assert the_same(model, plain)


def test_the_history_tells_of_every_step(planted_split, quiet_fit):
    model, samples = MAKERS["sgns"](planted_split)
    history = quiet_fit(model, samples, epochs=2)
    assert history.steps == 2 * len(samples) == 2 * history.steps_per_epoch
    assert history.loss[-1][0] == history.steps
    assert all(math.isfinite(mean) for _, mean in history.loss)
    assert history.seconds > 0
    assert "2 epochs" in repr(history)


def test_fit_takes_note_of_what_was_seen(planted_split, quiet_fit):
    model, samples = MAKERS["sgns"](planted_split)
    quiet_fit(model, samples)
    assert np.array_equal(model.seen.numpy(), planted_split.counts > 0)
    assert not model.seen.numpy()[planted_split.cold].any()


def test_one_line_says_which_device(planted_split, capsys):
    model, samples = MAKERS["mf"](planted_split)
    mt.fit(model, samples, device="cpu")
    assert capsys.readouterr().out == "training on cpu\n"


def test_the_samples_of_another_catalogue_are_refused(planted_split, wardrobe, quiet_fit):
    with pytest.raises(ValueError, match="same data set"):
        quiet_fit(mt.SGNS(wardrobe), planted_split.train)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"schedule": "steps"}, "linear, cosine, constant"),
        ({"probes": 0}, "1 or more"),
        ({"snapshots": -1}, "0 or more"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options, says, planted_split, quiet_fit):
    model, samples = MAKERS["sgns"](planted_split)
    with pytest.raises(ValueError, match=says):
        quiet_fit(model, samples, **options)


@pytest.mark.parametrize("name", ["gpu0", "cuda:99", "tpu", "privateuseone"])
def test_an_unavailable_device_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match="it has: cpu"):
        mt.pick_device(name)


def test_the_device_is_the_argument_then_the_environment(monkeypatch):
    monkeypatch.setenv("MTSGNS_DEVICE", "nowhere")
    assert mt.pick_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="nowhere"):
        mt.pick_device()
    monkeypatch.delenv("MTSGNS_DEVICE")
    assert mt.pick_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("kind", MAKERS)
def test_a_gpu_trains_the_same_models(kind, planted_split):
    model, samples = MAKERS[kind](planted_split)
    history = mt.fit(model, samples, epochs=2, device="cuda", progress=False)
    assert history.loss[-1][1] < history.loss[0][1]
    assert mt.evaluate(model, planted_split)[-1].auc["degree"]["seen"] > 0.5


def test_samples_that_a_model_cannot_learn_from_are_refused_in_one_sentence(planted_split):
    with pytest.raises(ValueError, match=r"SGNS can't learn from Pairs: .*split\.train"):
        mt.fit(mt.SGNS(planted_split.catalogue), planted_split.edges())
    with pytest.raises(ValueError, match=r"MatrixFactorization can't learn from Baskets: .*split\.edges"):
        mt.fit(mt.MatrixFactorization(planted_split.catalogue), planted_split.train)
