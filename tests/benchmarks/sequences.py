"""Sequence models beside what is simpler, over the whole catalogue; lesson 08 shows what `record` writes.

python tests/benchmarks/sequences.py diginetica        the given split, 8 epochs: 5 minutes on one quiet core
python tests/benchmarks/sequences.py diginetica 10     the last tenth of the training sessions and questions: a try-out
python tests/benchmarks/sequences.py interests         planted users who want two things: K = 2 against K = 1, 3 seeds
python tests/benchmarks/sequences.py toys              purchases in order of time: what came last?
python tests/benchmarks/sequences.py groceries         households: what is in the next basket?
python tests/benchmarks/sequences.py diversity         groceries: recall and diversity of ComiRec's lists over lambda
python tests/benchmarks/sequences.py warm              steps from skip-gram's vectors against steps from nothing
Add `record` to write the figures to data/sequence_benchmark.json.

Diginetica and toys are not the project's to give away: they are read from the folder that MTSGNS_TEST_DATA names.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from bars import say

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.data.sequences import Prefixes, Sequences
from mtsgns_lite.interests import reranked
from mtsgns_lite.sequence_evaluation import (
    SequenceFigures,
    evaluate_next,
    item_knn,
    nearest_to_last,
    nearest_to_mean,
    own_items,
    popularity,
)

FOLDER = Path(os.environ.get("MTSGNS_TEST_DATA", ""))
RECORD = Path(__file__).parents[2] / "data" / "sequence_benchmark.json"
SEVERAL = {"MIND": mt.MIND, "ComiRec-DR": mt.ComiRecDR, "ComiRec-SA": mt.ComiRecSA}
LENGTH, RECENT = 20, 200


def record(name: str, value: object) -> None:
    """Keep a run's figures, if asked to."""
    if "record" in sys.argv:
        known = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
        RECORD.write_text(json.dumps(known | {name: value}, indent=1, sort_keys=True) + "\n")


def here(*files: str) -> list[Path] | None:
    """The paths of files of the test data; None, and a line that says so, where they are not."""
    paths = [FOLDER / file for file in files]
    if all(path.is_file() for path in paths):
        return paths
    print(f"[SKIPPED] MTSGNS_TEST_DATA names no folder with {' and '.join(files)}")
    return None


def simple_rows(train: Sequences, vectors: torch.Tensor, baskets: Sequences | None = None) -> dict:
    """What every model has to beat; of baskets, item-kNN asks all items that were read."""
    neighbours = item_knn(train) if baskets is None else item_knn(baskets, last=False)
    return {
        "popularity": popularity(train), "own items": own_items(train), "item-kNN": neighbours,
        "SGNS, last item": nearest_to_last(vectors), "SGNS, mean": nearest_to_mean(vectors),
    }  # fmt: skip


def skipgram(train: Sequences, dim: int = 64, seed: int = 0) -> torch.Tensor:
    """(items, dim) vectors of plain skip-gram on the same sequences."""
    model = mt.SGNS(train.catalogue, dim=dim, seed=seed)
    mt.fit(model, mt.Baskets(train.items, len(train.catalogue)), 3, device="cpu", seed=seed, progress=False)
    return model.embeddings()


def fitted(model, train: Sequences, epochs: int, **options):
    """The model, trained, and a line that says how long it took."""
    history = mt.fit(model, train.samples(length=LENGTH), epochs, device="cpu", progress=False, **options)
    print(f"  {type(model).__name__}: {history}", flush=True)
    return model


def diginetica(part: int = 1) -> None:
    """Recall@20 and MRR@20 of GRU4Rec, and the rows that it has to beat."""
    files = here("diginetica/train.txt.gz", "diginetica/test.txt.gz")
    if files is None:
        return
    past = Sequences.from_file(files[0])
    asked = Prefixes.from_file(files[1], past.catalogue)
    past, asked = (some.take(np.arange(len(some) - len(some) // part, len(some))) for some in (past, asked))
    print(f"{past}\n{asked}", flush=True)
    methods = simple_rows(past, skipgram(past))
    del methods["own items"]  # a session has a few clicks
    found = evaluate_next(methods, asked, length=LENGTH)
    print(found, flush=True)
    few = asked.take(np.random.default_rng(0).choice(len(asked), min(2_000, len(asked)), replace=False))

    def recall(model: mt.GRU4Rec) -> float:
        own = evaluate_next({"": model.scores}, few, length=LENGTH)[""]
        print(f"  Recall@20 {own['recall@20']:.4f}, MRR@20 {own['mrr@20']:.4f} of {len(few):,} questions", flush=True)
        return own["recall@20"] or 0.0

    before, model = time.process_time(), mt.GRU4Rec(past.catalogue)
    history = mt.fit(model, past.samples(length=LENGTH), 8, device="cpu", probe=recall, probes=1, progress=False)
    print(f"{history}; {time.process_time() - before:.0f} s of the processor's, probes included", flush=True)
    found.rows |= evaluate_next({"GRU4Rec": model.scores}, asked, length=LENGTH).rows
    print(found)
    if part > 1:
        return
    record("diginetica", {"rows": found.rows, "seconds": round(history.seconds)})
    for name, bar in (("recall@20", 0.495), ("mrr@20", 0.173)):
        value = found["GRU4Rec"][name] or 0.0
        met = value >= bar and history.seconds <= 1200
        say(f"diginetica: GRU4Rec, {name}", f"{value:.4f} in {history.seconds:.0f} s", f"{bar} in 1200 s", met)


def interests() -> None:
    """Recall@20 of two interests over that of one, in a space that is narrow for 200 groups."""
    kept: dict[str, list] = {}
    for seed in range(3):
        sequences, _ = mt.planted_interests(seed=seed)
        train, held_out = sequences.split(0.1, seed=seed)
        asked = held_out.ends()
        for name, kind in SEVERAL.items():
            recall = []
            for count in (1, 2):
                model = kind(sequences.catalogue, dim=8, interests=count, length=30, dropout=0.0, seed=seed)
                samples = train.samples(length=30)
                mt.fit(model, samples, 5, device="cpu", seed=seed, progress=False)
                recall.append(evaluate_next({"": model.scores}, asked, (20,), length=30)[""]["recall@20"])
            kept.setdefault(name, []).append(recall)
            ratio = recall[1] / recall[0]
            say(f"two interests, {name}, seed {seed}", f"{recall[0]:.3f} -> {recall[1]:.3f}, {ratio:.2f}x", "1.3x",
                ratio >= 1.3)  # fmt: skip
    record("interests", kept)


def table(train: Sequences, questions: dict[str, dict], epochs: int, baskets: Sequences | None = None) -> None:
    """Every model beside K = 1 and the simple rows, 3 seeds, for each kind of question; Recall@50 of each seed."""
    print(train, *(options["asked"] for options in questions.values()), sep="\n", flush=True)
    runs: dict[str, list[SequenceFigures]] = {name: [] for name in questions}
    for seed in range(3):
        models = {"GRU4Rec": mt.GRU4Rec(train.catalogue, dim=64, seed=seed)}
        for kind, made in SEVERAL.items():
            for count in (1, 4):
                model = made(train.catalogue, dim=64, interests=count, length=LENGTH, seed=seed)
                models[f"{kind}, K = {count}"] = model
        for model in models.values():
            fitted(model, train, epochs, seed=seed)
        simple = simple_rows(train, skipgram(baskets or train, seed=seed), baskets)
        for name, options in questions.items():
            found = evaluate_next(simple, **options)
            short = {**options, "length": LENGTH}
            found.rows |= evaluate_next({row: model.scores for row, model in models.items()}, **short).rows
            runs[name].append(found)
    for name, seeds in runs.items():
        rows = {row: _mean([one[row] for one in seeds]) for row in seeds[0].rows}
        spread = {row: float(np.std([one[row]["recall@50"] for one in seeds], ddof=1)) for row in rows}
        print(
            name, SequenceFigures(rows), *(f"{row:16} Recall@50 ± {own:.4f}" for row, own in spread.items()), sep="\n"
        )
        record(name, {"rows": rows, "spread": spread})


def _mean(runs: list[dict]) -> dict[str, float]:
    return {figure: float(np.mean([run[figure] for run in runs])) for figure in runs[0]}


def toys() -> None:
    """The last purchase of each user; nobody buys a toy twice there, so nothing that was bought is ranked."""
    files = here("toys/sequences.txt")
    if files is not None:
        train, asked = Sequences.from_file(files[0], user_first=True).leave_last()
        table(train, {"toys": dict(asked=asked, length=50, repeats=False)}, 5)


def households() -> tuple[Sequences, Prefixes, Sequences]:
    """The last items of each household's past, the question for its next basket, and the past baskets themselves."""
    data = lesson.next_items("groceries")
    return data.train.recent(RECENT), data.asked, Sequences(data.train.catalogue, data.together)


def groceries() -> None:
    """Each household's last basket, and of the same baskets what the household had not bought before."""
    train, asked, baskets = households()
    table(train, {"groceries": dict(asked=asked, length=1000),
                  "groceries, new items": dict(asked=asked.new(), length=1000, repeats=False)}, 2, baskets)  # fmt: skip


def diversity() -> None:
    """How much of the gap between the list's diversity and 1 is closed, and what it costs."""
    shop, (train, asked, _), kept = mt.load("groceries"), households(), {}
    for seed in range(3):
        model = fitted(mt.ComiRecSA(shop.catalogue, length=LENGTH, seed=seed), train, 2, seed=seed)
        rows = []
        for weight in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
            scorer = reranked(model.scores, shop.catalogue, shop.main_trait, weight)
            found = evaluate_next({"": scorer}, asked, (50,), shop.catalogue, shop.main_trait, LENGTH)[""]
            rows.append((weight, found["recall@50"], found["diversity@50"]))
        (_, recall, plain), kept[seed] = rows[0], rows
        for weight, own, variety in rows:
            closed, lost = (variety - plain) / (1 - plain), 1 - own / recall
            print(f"  lambda {weight:<5} Recall@50 {own:.4f} ({-lost:+.1%}), diversity of {shop.main_trait} "
                  f"{variety:.4f}, {closed:.0%} of the gap closed", flush=True)  # fmt: skip
        best = max((v - plain) / (1 - plain) for _, own, v in rows if own >= 0.9 * recall)
        say(f"diversity, seed {seed}", f"{best:.0%} of the gap at most 10 % of recall lost", "40 %", best >= 0.4)
    record("diversity", kept)


def warm() -> None:
    """Steps until the Recall@20 that a start from nothing has in the end, from the vectors of skip-gram."""
    train, asked, baskets = households()
    kept = {}
    for name, kind in {"GRU4Rec": mt.GRU4Rec, "ComiRec-SA": mt.ComiRecSA}.items():
        for seed in range(3):
            curves = []
            for vectors in (None, skipgram(baskets, seed=seed)):
                model = kind(train.catalogue, dim=64, seed=seed)
                if vectors is not None:
                    model.warm_start(vectors)
                history = mt.fit(
                    model, train.samples(length=LENGTH), 2, device="cpu", seed=seed, progress=False, probes=10,
                    probe=lambda model: evaluate_next({"": model.scores}, asked, (20,), length=LENGTH)[""]["recall@20"],
                )  # fmt: skip
                curves.append(history.probes)
            (steps, final), there = curves[0][-1], [step for step, own in curves[1] if own >= curves[0][-1][1]]
            share = there[0] / steps if there else float("inf")
            kept[f"{name}, seed {seed}"] = curves
            said = f"Recall@20 {final:.4f} after {share:.0%} of the {steps:,} steps; in the end {curves[1][-1][1]:.4f}"
            say(f"warm start, {name}, seed {seed}", said, "50 %", share <= 0.5)
    record("warm", kept)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    runs = {run.__name__: run for run in (diginetica, interests, toys, groceries, diversity, warm)}
    asked_for = [word for word in sys.argv[1:] if word != "record"]
    if not asked_for or asked_for[0] not in runs:
        sys.exit(__doc__)
    runs[asked_for[0]](*map(int, asked_for[1:]))
