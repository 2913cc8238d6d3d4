"""GRU4Rec beside RecBole's, on the same sequences: places trained on per second, and what the two then find.

python tests/benchmarks/sequences_peer.py PEERS                        the last tenth of diginetica, an hour
python tests/benchmarks/sequences_peer.py PEERS --data toys --rates 0.01
python tests/benchmarks/sequences_peer.py PEERS --part 1 --rates 0.01                 the whole of diginetica: hours

PEERS is a Python with RecBole (`make bench-sequences` makes it). The two train in turns, an epoch each, once for each
of their learning rates, ours from another seed each time; after ours has ended, theirs goes on alone until three
epochs in a row found nothing more. All else of theirs is its default (Adam, batches of 2,048, dropout 0.3, the softmax
over all items) but for the lengths: of sequences 20, of items and of the state as ours. After each epoch
`evaluate_next` asks both the same questions over the whole catalogue. Theirs counts with its best epoch of all rates,
chosen on these questions; ours with the last epoch of its worst seed. One thread each, or OMP_NUM_THREADS.

The files are not the project's to give away: MTSGNS_TEST_DATA says where they are.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from bars import say

import mtsgns_lite as mt
from mtsgns_lite.data.dataset import Ragged
from mtsgns_lite.data.sequences import Prefixes, Sequences, numbers
from mtsgns_lite.models.base import ItemModel
from mtsgns_lite.models.gru4rec import GRU4Rec
from mtsgns_lite.sequence_evaluation import Scorer, evaluate_next

HERE, OUT = Path(__file__).parent, Path("build/bench/sequences")
DATA = Path(os.environ.get("MTSGNS_TEST_DATA", ""))
FILES = {"diginetica": ["diginetica/train.txt.gz", "diginetica/test.txt.gz"], "toys": ["toys/sequences.txt"]}
LENGTH, PATIENCE = 20, 3
THREADS = os.environ.get("OMP_NUM_THREADS", "1")


def load(data: str, part: int) -> tuple[Sequences, Prefixes]:
    """The last part of what is trained on and asked, over the catalogue of what is trained on."""
    paths = [DATA / file for file in FILES[data]]
    past = Sequences.from_file(paths[0], user_first=data == "toys")
    past, asked = past.leave_last() if data == "toys" else (past, Prefixes.from_file(paths[1], past.catalogue))
    past = past.take(np.arange(len(past) - len(past) // part, len(past)))
    asked = asked.take(np.arange(len(asked) - len(asked) // part, len(asked)))
    ids = past.catalogue.ids
    known = Sequences.from_rows(
        [list(row) for row in np.split(ids[past.items.values], past.items.offsets[1:-1])], name=data
    )
    number = np.append(numbers(ids, known.catalogue), -1)  # what was -1 stays
    before, wanted = (Ragged(number[rows.values], rows.offsets) for rows in (asked.items, asked.wanted))
    return known, Prefixes(before.keep(before.values >= 0), wanted)


class Peer:
    """RecBole's model in a process of its own, which stands still but for the epochs that it is asked for."""

    def __init__(self, python: str, past: Sequences, asked: Prefixes, folder: Path, **options):
        self.folder = folder.resolve()
        (folder / "clicks").mkdir(parents=True, exist_ok=True)
        row, values = past.items.row_of, past.items.values
        lines = [f"{u}\t{i}\t{t}\n" for u, i, t in zip(row, values, np.arange(len(row)) - past.items.offsets[row])]
        header = "user_id:token\titem_id:token\ttimestamp:float\n"
        (folder / "clicks" / "clicks.inter").write_text(header + "".join(lines), encoding="utf-8")
        questions = np.full((len(asked), LENGTH), -1)
        for rows, items, present in asked.batches(length=LENGTH):
            questions[rows, : items.shape[1]] = np.where(present, items, -1)
        np.savez(folder / "questions.npz", items=questions)
        self.place = {row[row >= 0].tobytes(): number for number, row in enumerate(questions)}
        self.process = subprocess.Popen(
            [str(Path(python).absolute()), str(HERE / "sequences_recbole.py"), str(self.folder), json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(folder / "log.txt").open("w"), text=True,
            cwd=self.folder, env=os.environ | {"OMP_NUM_THREADS": THREADS},
        )  # fmt: skip
        self.places = self._answer()["places"]  # it is ready, and takes no processor from ours

    def _answer(self) -> dict:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"RecBole failed:\n{(self.folder / 'log.txt').read_text()[-2000:]}")
        return json.loads(line)

    def epoch(self) -> tuple[float, Scorer]:
        """Seconds, and what then ranks: its states and its items, multiplied."""
        path = self.folder / "states.npz"
        assert self.process.stdin is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        seconds = self._answer()["seconds"]
        with np.load(path) as stored:
            states, vectors = torch.from_numpy(stored["states"]), torch.from_numpy(stored["items"])

        def scores(items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
            lengths = present.sum(dim=1).tolist()
            return states[[self.place[r[:n].tobytes()] for r, n in zip(items.numpy(), lengths)]] @ vectors.T

        return seconds, scores

    def close(self) -> None:
        """Its process ends."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Race:
    """A probe for `fit`: notes our epoch's seconds, has the peer take one, and asks both."""

    def __init__(self, peer: Peer, asked: Prefixes):
        self.peer, self.asked = peer, asked
        self.rows: dict[str, list[tuple[float, float, float]]] = {"ours": [], "theirs": []}  # seconds, Recall, MRR
        self.since = 0.0

    def __call__(self, model: ItemModel) -> None:
        seconds = time.perf_counter() - self.since
        assert isinstance(model, GRU4Rec)
        if self.since:  # else it is the look before the first step
            self._note("ours", seconds, model.scores)
            self.peers_turn()
        self.since = time.perf_counter()

    def peers_turn(self) -> None:
        """An epoch of theirs."""
        seconds, scorer = self.peer.epoch()
        self._note("theirs", seconds, scorer)

    def hopeful(self) -> bool:
        """Has theirs found more in one of its last `PATIENCE` epochs than before?"""
        recall = [row[1] for row in self.rows["theirs"]]
        return max(recall[-PATIENCE:]) > max(recall[:-PATIENCE], default=0.0)

    def _note(self, who: str, seconds: float, scorer: Scorer) -> None:
        found = evaluate_next({"": scorer}, self.asked, length=LENGTH)[""]
        recall, mrr = found["recall@20"] or 0.0, found["mrr@20"] or 0.0
        self.rows[who].append((seconds, recall, mrr))
        rate = f"{self.peer.places / seconds:6,.0f} places/s"
        print(f"  {who:6} epoch {len(self.rows[who])}: {rate}, Recall@20 {recall:.4f}, MRR@20 {mrr:.4f}", flush=True)


def race(python: str, past: Sequences, asked: Prefixes, dim: int, epochs: int, rate: float, seed: int) -> dict:
    """An epoch each, in turns, and then theirs alone."""
    print(f"RecBole at a rate of {rate}, ours from seed {seed}", flush=True)
    options = dict(learning_rate=rate, embedding_size=dim, hidden_size=dim, MAX_ITEM_LIST_LENGTH=LENGTH)
    model, samples = GRU4Rec(past.catalogue, dim=dim, seed=seed), past.samples(length=LENGTH)
    peer = Peer(python, past, asked, OUT / past.name, **options)
    turns = Race(peer, asked)
    try:
        if peer.places != int(samples.steps.sum()):
            raise RuntimeError(f"RecBole trains on {peer.places} places, ours on {int(samples.steps.sum())}.")
        mt.fit(model, samples, epochs, device="cpu", seed=seed, probe=turns, probes=1, progress=False)
        while turns.hopeful():
            turns.peers_turn()
    finally:
        peer.close()
    return {"rate": rate, "places": peer.places, **turns.rows}


def report(name: str, races: list[dict]) -> None:
    """The bar's line, and those that say more."""
    pairs = [(own, other) for one in races for own, other in zip(one["ours"], one["theirs"])]
    times = [other[0] / own[0] for own, other in pairs]
    for who, side in (("ours", 0), ("RecBole's", 1)):
        rates = sorted(races[0]["places"] / pair[side][0] for pair in pairs)
        middle = statistics.median(rates)
        print(f"{who}: {middle:,.0f} places/s, {rates[0]:,.0f} to {rates[-1]:,.0f}, of {len(rates)} epochs")
    best = max(races, key=lambda one: max(row[1] for row in one["theirs"]))
    epoch = max(range(len(best["theirs"])), key=lambda number: best["theirs"][number][1])
    _, recall, mrr = best["theirs"][epoch]
    took = sum(row[0] for row in best["theirs"][: epoch + 1])
    print(f"RecBole's best: {recall:.4f} / {mrr:.4f}, rate {best['rate']}, epoch {epoch + 1}, after {took:.0f} s")
    for one in races:
        passed = [s for s, row in zip(accumulate(row[0] for row in one["ours"]), one["ours"]) if row[1] >= recall]
        there = f"RecBole's best recall after {passed[0]:.0f} s" if passed else "never RecBole's best recall"
        print(f"ours: {one['ours'][-1][1]:.4f} / {one['ours'][-1][2]:.4f} at the end; {there}")
    worst = min(races, key=lambda one: one["ours"][-1][1])["ours"][-1]
    ratio = statistics.median(times)
    value = f"{ratio:.1f} times ({min(times):.1f} to {max(times):.1f})"
    found = f"Recall@20 / MRR@20 {worst[1]:.4f} / {worst[2]:.4f} beside {recall:.4f} / {mrr:.4f}"
    say(f"{name}: places/s against RecBole's GRU4Rec", f"{value}, {found}", "2 times at no lower recall",
        ratio >= 2 and worst[1] >= recall)  # fmt: skip


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", help="the Python of an environment with RecBole")
    parser.add_argument("--data", choices=FILES, default="diginetica")
    parser.add_argument("--part", type=int, default=10, help="the last 1/PART of the sequences and of the questions")
    parser.add_argument("--rates", type=float, nargs="+", default=[0.003, 0.01, 0.03], help="RecBole's, a race each")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--dim", type=int, default=128)
    options = parser.parse_args()
    if missing := [file for file in FILES[options.data] if not (DATA / file).is_file()]:
        print(f"[SKIPPED] {options.data}: MTSGNS_TEST_DATA names no folder with {' and '.join(missing)}")
        return
    if not Path(options.peers).exists():
        print(f"[SKIPPED] {options.data}: there is no {options.peers}; make bench-sequences makes it")
        return
    torch.set_num_threads(int(THREADS))
    past, asked = load(options.data, options.part)
    print(f"{past}\n{asked}; {THREADS} thread(s) each", flush=True)
    name = options.data if options.part == 1 else f"{options.data}, the last 1/{options.part}"
    races = [
        race(options.peers, past, asked, options.dim, options.epochs, rate, seed)
        for seed, rate in enumerate(options.rates)
    ]
    report(name, races)


if __name__ == "__main__":
    main()
