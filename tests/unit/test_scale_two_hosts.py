"""Two hosts train one job: two network namespaces of this machine, and a link between them that can be cut."""

import time

import pytest

pytest.importorskip("torchrec", reason="TorchRec is not installed: make setup-scale")

import scale_killed
from scale_killed import STEPS, Blow, deal, distance, go_on, outcome, same_bits, small_job, train, wait_for, waiting
from test_scale_recovery import NEAR
from two_hosts import CannotMake, TwoHosts

BLOWS = scale_killed.__file__  # what torchrun starts where blows are to fall
LONG = 240.0  # seconds that stop a test that hangs


@pytest.fixture(scope="module")
def one_host(tmp_path_factory, planted_split):
    """The outcome of two processes on one host."""
    job = small_job(tmp_path_factory.mktemp("one") / "job", planted_split)
    train(job)
    return outcome(job)


@pytest.fixture
def job(tmp_path, planted_split):
    """The same, not trained yet."""
    return small_job(tmp_path / "job", planted_split)


@pytest.fixture(params=[0])
def hosts(request):
    """Two hosts; the parameter is which of them keeps the list of who is there."""
    try:
        made = TwoHosts(keeper=request.param).__enter__()
    except CannotMake as reason:
        pytest.skip(f"no two hosts here: {reason}")
    yield made
    made.__exit__()


@pytest.fixture
def clock(capsys):
    """Say how long something took."""
    begun = time.monotonic()

    def say(what):
        with capsys.disabled():
            print(f"\n  {time.monotonic() - begun:5.1f} s  {what}", end="", flush=True)

    return say


def ends(agent, log):
    """The exit code of a host's torchrun, and the last that it said."""
    code = agent.wait(LONG)
    return code, log.read_text(errors="replace")


def started(job):
    """How many processes torchrun has started, on all hosts."""
    return (job.folder / "starts").stat().st_size


def test_two_hosts_train_what_two_processes_do_and_the_bytes_between_them_are_counted(hosts, job, one_host, clock):
    before = hosts.crossed()
    agents = [hosts.start(host, job.folder) for host in (0, 1)]
    for host, agent in enumerate(agents):
        code, said = ends(agent, job.folder / f"host-{host}.log")
        assert code == 0, said
    clock(f"both have ended; {(hosts.crossed() - before) / STEPS:,.0f} bytes a step have crossed the link")
    assert job.progress()["processes"] == 2
    assert same_bits(outcome(job), one_host)
    # a row that is asked for travels to where it is used, and its gradient back: 8 float32 each
    assert hosts.crossed() - before > STEPS * 100 * 2 * 8 * 4


@pytest.mark.parametrize("hosts", [1], indirect=True)  # so that the one cut off is the one that names the checkpoints
def test_the_link_is_cut_for_good(hosts, job, one_host, clock):
    deal(job, Blow("step", 6, rank=0, whom="nobody"))
    other, keeper = (hosts.start(host, job.folder, BLOWS) for host in (0, 1))
    wait_for(lambda: waiting(job), LONG)
    clock("both train; the link is cut")
    hosts.cut()
    go_on(job)
    code, said = ends(keeper, job.folder / "host-1.log")
    clock("the host that keeps the list has ended, alone")
    assert code == 0, said
    assert job.progress()["processes"] == 1
    assert distance(outcome(job), one_host) < NEAR
    code, said = ends(other, job.folder / "host-0.log")
    clock("the one cut off has ended")
    assert code != 0
    assert "Another process was lost" in said
    assert "The connection to the C10d store has failed" in said
    assert started(job) == 3  # two at first, and one alone: the one cut off made no world of its own
    assert [path.name for path in job.checkpoints.glob("step-*")] == [f"step-{STEPS:012d}"]


def test_a_host_is_lost_and_comes_back(hosts, job, one_host, clock):
    deal(job, Blow("step", 6, rank=0, whom="nobody"), Blow("step", 10, rank=0, whom="nobody"))
    keeper, other = (hosts.start(host, job.folder, BLOWS) for host in (0, 1))
    wait_for(lambda: waiting(job), LONG)
    clock("both train; the second is lost")
    hosts.lose(1)
    go_on(job)
    wait_for(lambda: waiting(job), LONG)
    assert job.progress()["step"] == 8
    assert job.progress()["processes"] == 1
    clock("the first goes on alone, and is at step 10; the second is started again")
    back = hosts.start(1, job.folder, BLOWS)
    for host, agent in enumerate((keeper, back)):
        code, said = ends(agent, job.folder / f"host-{host}.log")
        assert code == 0, said
    clock("both have ended, together")
    assert other.poll() is not None
    assert job.progress()["processes"] == 2
    assert distance(outcome(job), one_host) < NEAR
