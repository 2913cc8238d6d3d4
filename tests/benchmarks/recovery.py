"""Twenty trainings by two processes, in each of which one is killed at a random moment: do they end, and the same?

    python tests/benchmarks/recovery.py [--kills 20] [--seed 0] [--out build/bench/recovery.json]

Five moments are chosen in the training: in the first steps, and in the middle of a save. The others are moments of the
whole run, from torchrun's start to its end, drawn evenly. Saves are frequent. The bar: all end within 60 s of the kill,
bit-identical to the run that nothing happened to.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from scale_killed import Blow, deal, outcome, same_bits, small_job, train, wait_for  # noqa: E402

import mtsgns_lite as mt  # noqa: E402
from mtsgns_lite.scale import Job  # noqa: E402

EPOCHS, SAVES, BAR = 10, 20, 60.0
CHOSEN = [
    Blow("step", 1, rank=0),
    Blow("step", 3, rank=1),
    Blow("write", 8, rank=1),
    Blow("write", 80, rank=0),
    Blow("name", 120, rank=0),
]


@dataclass
class Kill:
    """One of the runs: when it was to be, what was killed when, and how it went on."""

    planned: str
    moment: str = ""
    rank: int = 0
    seconds: float = 0.0
    same: bool = False

    @property
    def line(self) -> str:
        """For the table."""
        verdict = "the same bits" if self.same else "DIFFERENT"
        return f"{self.planned:<28} rank {self.rank}   {self.moment:<24} {self.seconds:5.1f} s   {verdict}"


def prepare(folder: Path, split: mt.Split) -> Job:
    """Ten passes over a small shop, with a checkpoint every eight steps."""
    return small_job(folder, split, saves=SAVES, epochs=EPOCHS)


def workers(job: Job) -> dict[int, psutil.Process]:
    """The processes that train a job, by rank."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            if str(job.folder) in process.cmdline() and "torch.distributed.run" not in process.cmdline():
                found[int(process.environ()["RANK"])] = process
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, KeyError):
            continue
    return found


def where(job: Job) -> str:
    """How far a job is, as its folder has it."""
    if any(job.checkpoints.glob("*.part")):
        return "in the middle of a save"
    return f"after the save at {job.progress().get('step', 0)}"


def strike(job: Job, kill: Kill, after: float, ended: threading.Event) -> float | None:
    """Kill a process some seconds after the start, or as soon as there is one. The time of the kill; None where the
    run had ended by then."""
    if ended.wait(after) or not (process := wait_for(lambda: workers(job).get(kill.rank) or ended.is_set())):
        return None
    if not isinstance(process, psutil.Process):
        return None
    kill.moment = where(job)
    process.kill()
    return time.monotonic()


def random_kill(job: Job, kill: Kill, after: float) -> bool:
    """A run that is killed from outside, at a moment of the clock. False where it was over by then."""
    ended, struck = threading.Event(), []
    killer = threading.Thread(target=lambda: struck.append(strike(job, kill, after, ended)))
    killer.start()
    try:
        train(job)
    finally:
        ended.set()
        killer.join()
    kill.seconds = time.monotonic() - (struck[0] or 0.0)
    return struck[0] is not None


def chosen_kill(job: Job, kill: Kill, blow: Blow) -> bool:
    """A run in which a process kills itself with signal 9 at a chosen moment."""
    deal(job, blow)
    path, struck = job.folder / "blows" / "00.json", []
    watcher = threading.Thread(target=lambda: struck.append(wait_for(lambda: not path.exists() and time.monotonic())))
    watcher.start()
    train(job)
    watcher.join()
    kill.seconds = time.monotonic() - struck[0]
    return True


def planned(number: int, whole: float, drawn: random.Random) -> tuple[Kill, Blow | float]:
    """What is done to a run; `whole`: the seconds of a run that nothing happens to."""
    if number < len(CHOSEN):
        names = {"step": "before step {}", "write": "half a file written at {}", "name": "all but the name at {}"}
        blow = CHOSEN[number]
        return Kill(names[blow.moment].format(blow.step), rank=blow.rank), blow
    after = drawn.uniform(0, whole)
    return Kill(f"{after:4.1f} s after the start", rank=number % 2), after


def run(folder: Path, split: mt.Split, number: int, whole: float, drawn: random.Random) -> tuple[Kill, tuple]:
    """One of the runs, and its outcome. Where it ended before the moment that was drawn came, another is drawn."""
    while True:
        kill, how = planned(number, whole, drawn)
        job = prepare(folder / f"{number}", split)
        struck = chosen_kill(job, kill, how) if isinstance(how, Blow) else random_kill(job, kill, how)
        if struck:
            return kill, outcome(job)
        shutil.rmtree(job.folder)


def main() -> None:
    """Run, print, and write down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    shop = mt.planted(items=300, baskets=3_000, strength=4.0, seed=1)
    split = mt.split(shop, cold_items=0.1, hold_out=0.3, seed=0)
    with tempfile.TemporaryDirectory(prefix="recovery-") as passing:
        job = prepare(Path(passing) / "undisturbed", split)
        begun = time.monotonic()
        train(job)
        whole, expected = time.monotonic() - begun, outcome(job)
        print(f"undisturbed: {job.steps} steps, {SAVES} checkpoints, {whole:.1f} s\n", flush=True)
        print("killed                       who      found then               to the end", flush=True)
        kills = []
        drawn = random.Random(asked.seed)
        for number in range(asked.kills):
            kill, found = run(Path(passing), split, number, whole, drawn)
            kill.same = same_bits(found, expected)
            kills.append(kill)
            print(kill.line, flush=True)
    good = [kill for kill in kills if kill.same and kill.seconds <= BAR]
    worst = max(kill.seconds for kill in kills)
    print(f"\n{len(good)} of {len(kills)} end within {BAR:.0f} s, bit-identical; the longest took {worst:.1f} s.")
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps([vars(kill) for kill in kills], indent=2), encoding="utf-8")
    if len(good) < len(kills):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
