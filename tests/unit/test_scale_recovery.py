"""Training by several processes: whoever is killed, whenever, the result is that of an undisturbed run."""

import json
import shutil
import threading

import psutil
import pytest

pytest.importorskip("torchrec", reason="TorchRec is not installed: make setup-scale")

import torch.distributed as dist
from scale_killed import (
    STEPS,
    Blow,
    deal,
    distance,
    go_on,
    left,
    outcome,
    same_bits,
    small_job,
    train,
    wait_for,
    waiting,
)

from mtsgns_lite.scale import Job, checkpoints

NEAR = 1e-5  # for tables that another number of processes has trained, after `STEPS` // 2 steps


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, planted_split):
    """A job that nothing happened to, and its outcome."""
    job = small_job(tmp_path_factory.mktemp("undisturbed") / "job", planted_split)
    train(job)
    return job, outcome(job)


@pytest.fixture
def job(tmp_path, planted_split):
    """The same, not trained yet."""
    return small_job(tmp_path / "job", planted_split)


def copied(job, folder, **settings):
    """A job that goes on from where another is, with other settings."""
    shutil.copytree(job.folder, folder, ignore=shutil.ignore_patterns("starts"))
    text = json.dumps(job.settings | settings)
    (folder / "job.json").write_text(text, encoding="utf-8")
    return Job.open(folder)


def started_by(job):
    """The processes that have to do with a job, by their arguments."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(job.folder) in (process.info["cmdline"] or []):
            found.append(process)
    return found


@pytest.mark.parametrize(
    "blows",
    [
        # before any checkpoint; in the middle
        [Blow("step", 1, rank=1), Blow("step", 11, rank=0)],
        # with half a file written; with all of it; then again while it reads the one before; with two checkpoints there
        [Blow("write", 4, rank=1), Blow("name", 8), Blow("load", rank=1), Blow("clear", 12)],
    ],
    ids=["between saves", "in saves"],
)
def test_a_process_killed_changes_nothing(blows, job, undisturbed):
    deal(job, *blows)
    train(job)
    assert not left(job)
    assert same_bits(outcome(job), undisturbed[1])
    assert [path.name for path in job.checkpoints.glob("step-*")] == [f"step-{STEPS:012d}"]


def test_torchrun_killed_and_called_again_and_by_other_numbers_of_processes(job, undisturbed, tmp_path):
    deal(job, Blow("step", 10, rank=1, whom="torchrun"))
    with pytest.raises(RuntimeError, match="Signal 9 has ended torchrun.*the same call goes on"):
        train(job)
    assert job.progress()["step"] == STEPS // 2
    assert wait_for(lambda: not started_by(job))
    assert not list(job.folder.glob("blows/*.alive"))  # processes end with it
    alone = copied(job, tmp_path / "alone", sharding="table_wise")
    three = copied(job, tmp_path / "three", sharding="table_wise")
    train(job)
    assert same_bits(outcome(job), undisturbed[1])
    train(alone, 1)
    train(three, 3)
    assert [item.progress()["processes"] for item in (job, alone, three)] == [2, 1, 3]
    assert 0 < distance(outcome(three), outcome(job)) < NEAR
    assert 0 < distance(outcome(alone), outcome(job)) < NEAR


def test_a_second_run_takes_a_job_over_and_the_first_leaves_it_alone(job):
    deal(job, Blow("step", 6, whom="nobody"))
    first = threading.Thread(target=train, args=(job,))
    first.start()
    wait_for(lambda: waiting(job))
    train(job, 1)
    done = (job.checkpoints / f"step-{STEPS:012d}").stat()
    go_on(job)
    first.join(60)
    assert not first.is_alive()
    assert job.progress()["processes"] == 1
    assert (job.checkpoints / f"step-{STEPS:012d}").stat() == done
    assert not (job.folder / "error.txt").exists()


@pytest.fixture
def one_process():
    """What torchrun makes of one process."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_of_two_runs_the_later_has_the_job_and_a_restart_of_the_first_does_not_change_that(one_process, tmp_path):
    first = checkpoints.claim(tmp_path, "first", again=True)  # started again before it came to claim anything
    first.hold()
    second = checkpoints.claim(tmp_path, "second", again=False)
    for run in (first, second):
        assert run.taken == (run is first)
    with pytest.raises(checkpoints.TakenOver, match="Another run trains the job"):
        first.hold()
    with pytest.raises(checkpoints.TakenOver):
        checkpoints.claim(tmp_path, "first", again=True)
    again = checkpoints.claim(tmp_path, "second", again=True)
    again.hold()
    with pytest.raises(dist.DistError, match="went on without this process"):
        second.hold()
    checkpoints.claim(tmp_path, "first", again=False).hold()


def cut_short(path):
    file = sorted(path.glob("*.safetensors"))[1]
    file.write_bytes(file.read_bytes()[:-4])


def one_gone(path):
    sorted(path.glob("*.safetensors"))[1].unlink()


def no_progress(path):
    (path / "progress.json").unlink()


def half_of_progress(path):
    (path / "progress.json").write_text((path / "progress.json").read_text()[:40])


@pytest.mark.parametrize("damage", [cut_short, one_gone, no_progress, half_of_progress])
def test_a_damaged_checkpoint_is_said_to_be(damage, undisturbed, tmp_path):
    path = shutil.copytree(checkpoints.newest(undisturbed[0].checkpoints), tmp_path / "step")
    assert checkpoints.check(path)["step"] == STEPS
    damage(path)
    with pytest.raises(ValueError, match=r"The checkpoint .* is damaged: remove it"):
        checkpoints.check(path)


def starts(job):
    """How often torchrun has started the processes."""
    return (job.folder / "starts").stat().st_size


def test_what_can_not_be_mended_is_one_sentence_and_no_restart(undisturbed, planted_split, tmp_path):
    damaged = copied(undisturbed[0], tmp_path / "damaged")
    one_gone(checkpoints.newest(damaged.checkpoints))
    rate = small_job(tmp_path / "rate", planted_split, options={"rate": 1e30})
    memory = small_job(tmp_path / "memory", planted_split, memory=1000)
    for job, sentence in (
        (damaged, "is damaged: remove it"),
        (rate, "The loss is (nan|inf) after .* steps: write the job again with a smaller rate"),
        (memory, "do not fit 2 processes"),  # which one process finds, and the other waits for
    ):
        with pytest.raises(ValueError, match=sentence):
            train(job)
        assert starts(job) == 2, job.folder.name


def test_nothing_of_another_kind_is_taken_for_a_checkpoint(tmp_path):
    for name in ("step-000000000004", "step-000000000008.abc.part"):
        (tmp_path / name).mkdir()
    assert checkpoints.newest(tmp_path) == tmp_path / "step-000000000004"
