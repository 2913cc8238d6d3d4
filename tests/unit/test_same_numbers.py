"""Speed changes no numbers: they are those of plain skip-gram, and of any other run of the same training, whatever the
number of threads, and however often it was killed."""

import itertools
import signal
import sys
import time

import numpy as np
import pytest
import torch
from killed import EPOCHS, KINDS, starter, train, train_until_killed
from pairwise import Pairwise, auc_gain, community_graph, train_pairwise

import mtsgns_lite as mt
from mtsgns_lite.data.corpus import AsPairs, Corpus, Rows


def the_same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


# --- as good as pair by pair ----------------------------------------------------------------------------------------


class Given:
    """Samples that were drawn before."""

    def __init__(self, samples, seed=0):
        self.counts, self.drawn = samples.counts, [*samples.batches(torch.Generator().manual_seed(seed), "cpu")]

    def __len__(self):
        return len(self.drawn)

    def batches(self, generator, device):
        yield from self.drawn


def test_steps_are_those_of_the_plain_way_where_pairs_have_the_negatives_of_their_walk(planted_edges, quiet_fit):
    """Loss, gradients and Adagrad's steps, the schedule's too; walks share their five negatives by fours."""
    split = mt.split(planted_edges)
    samples = Given(split.walks(per_node=2, noise_size=5, share=4, batch_size=64))
    model, start = (mt.SGNS(split.catalogue, dim=8, rate=0.3) for _ in range(2))
    quiet_fit(model, samples)
    plain = Pairwise(start, rate=0.3)
    for number, batch in enumerate(samples.drawn):
        row, first, second = torch.nonzero(batch.pairs()).T
        noise = batch.noise[row // 4]
        plain.step(batch.items[row, first], batch.items[row, second], noise, 1 - 0.95 * number / len(samples))
    for which, rows in (("target", plain.target), ("context", plain.context)):
        assert torch.allclose(model.embeddings(which, unseen="random"), rows, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("epochs", "shuffled"), [(1, False), (3, True)])
def test_as_many_epochs_are_as_good_as_those_of_the_plain_way(epochs, shuffled, quiet_fit):
    """On the same walks of a graph of planted communities: degree-matched AUC of held-out pairs, the mean of two seeds.

    The margin is two standard errors, over the held-out pairs, of the difference. One epoch is as good as one of the
    same batches, three as three of pairs shuffled over the whole corpus. (These are ahead after one: a row's pairs come
    to more batches there, so it takes more steps.)
    """
    split = mt.split(community_graph(nodes=1_000, communities=20, edges=30_000), cold_items=0)
    corpus, gains = Corpus.draw(split.walks()), []
    for seed in range(2):
        model, start = (mt.SGNS(split.catalogue, dim=16, seed=seed) for _ in range(2))
        samples = Rows(corpus, len(split.catalogue))
        quiet_fit(model, samples, epochs, seed=seed)
        plain = train_pairwise(corpus.rows[0], corpus.window, start, 0.2, epochs, samples.batch_size, seed, shuffled)
        gains.append(auc_gain(model.embeddings(), plain, split))
    gain, error = np.mean(gains, axis=0)
    print(f"AUC {gain:+.4f}, standard error {error:.4f}")
    assert gain > -2 * error


# --- repeatable, whatever the threads -------------------------------------------------------------------------------

MODELS = {
    "sgns": lambda split, **options: mt.SGNS(split.catalogue, **options),
    "global": lambda split, **options: mt.MultiTraitSGNS(split.catalogue, **options),
    "item": lambda split, **options: mt.MultiTraitSGNS(split.catalogue, weights="item", **options),
    "item, both sides": lambda split, **options: mt.MultiTraitSGNS(
        split.catalogue, weights="item", context_traits=True, **options
    ),
    "mf": lambda split, **options: mt.MatrixFactorization(split.catalogue, bias=True, **options),
}
SAMPLES = {
    "walks": lambda split, size: split.walks(per_node=4, batch_size=size),
    "baskets": lambda split, size: split.baskets(batch_size=size),
    "passes": lambda split, size: Rows(Corpus.draw(split.baskets(), passes=3), len(split.catalogue), batch_size=size),
    "pairs": lambda split, size: split.edges(batch_size=8 * size),
    "pairs of passes": lambda split, size: AsPairs(SAMPLES["passes"](split, size), batch_size=8 * size),
}
COMBINED = [("sgns", "walks"), ("sgns", "baskets"), ("sgns", "passes"), ("global", "walks"), ("global", "baskets"),
            ("item", "walks"), ("item, both sides", "baskets"), ("mf", "pairs"), ("mf", "pairs of passes")]  # fmt: skip


@pytest.mark.parametrize(("kind", "of"), COMBINED)
def test_the_same_seed_gives_bit_identical_numbers(kind, of, planted_split, quiet_fit):
    """From samples made once, too: what was trained on them before leaves nothing behind."""
    samples = SAMPLES[of](planted_split, 64)

    def train_model(seed):
        model = MODELS[kind](planted_split, dim=8, seed=seed)
        history = quiet_fit(model, samples, epochs=2, seed=seed)
        return model, history.loss

    (one, loss), (same, same_loss), (other, _) = train_model(3), train_model(3), train_model(4)
    assert the_same(one, same)
    assert loss == same_loss
    assert not the_same(one, other)


@pytest.fixture
def threads():
    """Sets how many threads torch computes with, and puts it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(("kind", "of"), [("sgns", "walks"), ("global", "baskets"), ("item", "walks"), ("mf", "pairs")])
def test_the_number_of_threads_changes_no_more_than_the_rounding(kind, of, planted_split, quiet_fit, threads):
    """Batches large enough to be shared out. A number of float32 has seven digits; a few steps keep five of a table."""
    rows = {}
    for number in (1, 2):
        threads(number)
        model = MODELS[kind](planted_split, dim=64)
        quiet_fit(model, SAMPLES[of](planted_split, 512))
        rows[number] = {name: value for name, value in model.state_dict().items() if name.endswith("weight")}
    for name, weight in rows[1].items():
        assert float((weight - rows[2][name]).norm() / weight.norm()) < 1e-5, name


# --- killed, and resumed --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted():
    """A shop small enough to be trained twenty times, and what each kind of training comes to without a checkpoint."""
    split = mt.split(mt.planted(items=150, baskets=500, strength=4.0, seed=2))
    return split, {kind: train(kind, split) for kind in KINDS}


def moments(trainings, seed=0):
    """Twenty of (kind, step, seconds after that step, bytes), the kinds taking turns.

    Twelve are spread over the whole training, one drawn from each twelfth, but for the first, which is among the first
    three steps. Four come when an epoch has ended, within the few milliseconds in which its checkpoint is written. Four
    more are sure to be in the midst of that: the system ends them where the file outgrows so many bytes.
    """
    rng = np.random.default_rng(seed)
    ends = [*rng.permutation(EPOCHS)[:4] + 1, *rng.permutation(EPOCHS)[:4] + 1]
    done = [*(np.arange(12) + rng.random(12)) / 12, *np.array(ends) / EPOCHS]
    found = []
    for number, (kind, fraction) in enumerate(zip(itertools.cycle(KINDS), done)):
        model, _, history = trainings[kind]
        size = sum(value.nbytes for value in model.state_dict().values())
        step = rng.integers(4) if number == 0 else round(fraction * history.steps)
        found.append((kind, int(step), 0.004 * rng.random(), int(size * rng.random()) if number >= 16 else None))
    return found


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def kill(context, kind, split, file, step, later, size):
    """Start the training, end it there, and return how it ended."""
    steps = context.Value("q", 0, lock=False)
    cut = None if size is None else (step, size)
    process = context.Process(target=train_until_killed, args=(kind, split, file, steps, cut), daemon=True)
    process.start()
    while process.is_alive() and (size is not None or steps.value <= step):  # the first call is before the first step
        time.sleep(0.0005)
    time.sleep(later)
    process.kill()
    process.join()
    return process.exitcode


def test_killed_at_twenty_moments_and_resumed_all_end_bit_identical(uninterrupted, tmp_path):
    split, trainings = uninterrupted
    context, asked = starter(), moments(trainings)
    if sys.platform != "linux":  # each process has to import torch anew
        print(f"no quick fork on {sys.platform}: 4 moments of 20")
        asked = asked[:12:3]
    differ, unfinished = [], 0
    for number, (kind, step, later, size) in enumerate(asked):
        file = tmp_path / str(number) / "training.safetensors"
        file.parent.mkdir()
        ended = kill(context, kind, split, file, step, later, size)
        left = files(file.parent)
        unfinished += left not in ([], [file])
        if size is not None:
            assert ended == -signal.SIGXFSZ
            assert left not in ([], [file]), "the moment was not in a write"
        elif sys.platform != "win32":
            assert ended == -signal.SIGKILL
        model, _, history = train(kind, split, file)
        whole, _, expected = trainings[kind]
        if not the_same(model, whole) or history.loss != expected.loss:
            differ.append((kind, step, left))
        assert files(file.parent) == [file]  # leftovers don't pile up
    print(f"{len(asked)} killed, {unfinished} of them with a checkpoint half written")
    assert not differ
