"""The figures that this project promises, measured: one line each, with its bar.

python tests/benchmarks/bars.py            all of them, about 40 minutes on 2 cores
python tests/benchmarks/bars.py planted    some of them: groceries, weights, fresh, planted, both-sides, cell-phones,
                                           speed, import
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from scipy.stats import kendalltau

import mtsgns_lite as mt

BY_LIFT = ["product_type", "product_category", "package_size", "manufacturer_id", "brand", "department"]


def say(what: str, value: str, bar: str, met: bool) -> None:
    print(f"[{'MET' if met else 'MISSED'}] {what}: {value} (bar: {bar})", flush=True)


def groceries() -> None:
    """Degree-matched AUC, seen and cold, with traits, without, and with shuffled ones; 3 seeds."""
    result = mt.compare(mt.load("groceries"), ["popularity", "sgns", "traits-global", "traits-shuffled"], seeds=3)
    print(result)

    def mean(model: str, region: str) -> float:
        return statistics.fmean(row["auc"]["degree"][region] for row in result.rows if row["model"] == model)

    gain = mean("traits-global", "seen") - mean("sgns", "seen")
    say("seen AUC, traits-global minus sgns", f"{gain:+.4f}", "at least +0.014", gain >= 0.014)
    for model, bar, met in [
        ("traits-global", "at least 0.64", lambda v: v >= 0.64),
        ("sgns", "0.50 +- 0.02", lambda v: abs(v - 0.5) <= 0.02),
        ("traits-shuffled", "at most 0.53", lambda v: v <= 0.53),
    ]:
        value = mean(model, "cold")
        say(f"cold AUC, {model}", f"{value:.4f}", bar, met(value))


def weights() -> None:
    """Learned global weights on groceries against the order of the traits' lift; each of 3 seeds."""
    shop = mt.load("groceries")
    found = []
    for seed in range(3):
        model = mt.MultiTraitSGNS(shop.catalogue, seed=seed)
        mt.fit(model, mt.split(shop, seed=seed).train, epochs=3, seed=seed, progress=False)
        learned = mt.trait_weights(model)
        print(learned)
        by_name = dict(zip(learned.sources, learned.weight))
        found.append(kendalltau([by_name[name] for name in BY_LIFT], range(len(BY_LIFT), 0, -1)).statistic)
    say("Kendall tau of weights and lift", ", ".join(f"{tau:.3f}" for tau in found), "0.7 each", min(found) >= 0.7)


def fresh() -> None:
    """The gain on seen pairs and the order of the weights on seeds that no default was chosen on."""
    shop, gains, taus = mt.load("groceries"), [], []
    for seed in (3, 4, 5):
        split, seen = mt.split(shop, seed=seed), []
        for kind in (mt.SGNS, mt.MultiTraitSGNS):
            model = kind(shop.catalogue, seed=seed)
            mt.fit(model, split.train, epochs=3, seed=seed, progress=False)
            seen.append(mt.evaluate(model, split, baselines=False)[0].auc["degree"]["seen"])
        gains.append(seen[1] - seen[0])
        learned = mt.trait_weights(model)
        by_name = dict(zip(learned.sources, learned.weight))
        taus.append(kendalltau([by_name[name] for name in BY_LIFT], range(len(BY_LIFT), 0, -1)).statistic)
    gain = statistics.fmean(gains)
    say("fresh seeds: seen AUC, traits minus sgns", f"{gain:+.4f}", "at least +0.014", gain >= 0.014)
    say("fresh seeds: tau of weights and lift", ", ".join(f"{t:.3f}" for t in taus), "0.7 each", min(taus) >= 0.7)


def planted() -> None:
    """Contribution shares on planted shops: the order of the traits, and the share of the one without importance."""
    good = []
    for seed in range(5):
        shop = mt.load("planted", seed=seed)
        model = mt.MultiTraitSGNS(shop.catalogue, seed=seed)
        mt.fit(model, mt.split(shop, seed=seed).train, epochs=3, seed=seed, progress=False)
        truth = shop.truth["shares"]
        learned = mt.trait_weights(model, truth=truth)
        share = dict(zip(learned.sources, learned.share))
        order = sorted(shop.catalogue.traits, key=lambda name: -share[name])
        good.append(order == sorted(shop.catalogue.traits, key=lambda name: -truth[name]) and share["C"] < 0.02)
        print(f"seed {seed}:", {name: round(value, 3) for name, value in share.items()})
    say("planted order found, and C under 0.02", f"{sum(good)} of 5", "5 of 5", all(good))


def both_sides() -> None:
    """Planted with the truth on the context side too: is context_traits=True no worse? Each of 5 seeds."""
    gains = []
    for seed in range(5):
        shop = mt.load("planted", context_side=True, seed=seed)
        split = mt.split(shop, seed=seed)
        seen = []
        for context_traits in (False, True):
            model = mt.MultiTraitSGNS(shop.catalogue, context_traits=context_traits, seed=seed)
            mt.fit(model, split.train, epochs=3, seed=seed, progress=False)
            seen.append(mt.evaluate(model, split, baselines=False)[0].auc["degree"]["seen"])
        gains.append(seen[1] - seen[0])
        for side in ("target", "context"):
            learned = mt.trait_weights(model, which=side)
            print(f"seed {seed}, {side}:", {s: round(w, 3) for s, w in zip(learned.sources, learned.weight)})
    say("seen AUC, context_traits=True minus False", ", ".join(f"{g:+.4f}" for g in gains), "0 each", min(gains) >= 0)


def speed() -> None:
    """Training lesson 03's main model on groceries."""
    shop = mt.load("groceries")
    model = mt.MultiTraitSGNS(shop.catalogue)
    history = mt.fit(model, mt.split(shop).train, epochs=3, progress=False)
    say("3 epochs of traits-global on groceries", f"{history.seconds:.1f} s", "15 s", history.seconds <= 15)


def importing(rounds: int = 5) -> None:
    """`import mtsgns_lite` beyond `import torch`."""
    code = "import time, torch; t = time.perf_counter(); import mtsgns_lite; print(time.perf_counter() - t)"
    taken = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(rounds)
    ]
    middle = statistics.median(taken)
    say("import beyond torch", f"{middle:.2f} s", "1 s", middle <= 1)


AMAZON = "meta_Cell_Phones_and_Accessories.json.gz"
PHONES = [
    "popularity", "mf", "mf-bias-walks@1", "sgns@1", "sgns", "node2vec@1", "gensim-sg@5", "gensim-cbow@5",
    "traits-global@1", "traits-global", "traits-item", "traits-shuffled",
]  # fmt: skip


def cell_phones(seeds: int = 3) -> None:
    """The Amazon graph (where MTSGNS_TEST_DATA has it): all rows on one corpus, 5 walks of 10 a node, d=64."""
    file = Path(os.environ.get("MTSGNS_TEST_DATA", "")) / AMAZON
    if not file.is_file():
        print(f"[SKIPPED] cell-phones: MTSGNS_TEST_DATA names no folder with {AMAZON}")
        return
    result = mt.compare(mt.load(file), PHONES, seeds=seeds)
    print(result)
    Path("build").mkdir(exist_ok=True)
    Path("build/cell_phones.json").write_text(result.to_text(), encoding="utf-8")  # make tables puts it in the README

    def mean(model: str, *path: str) -> float:
        return statistics.fmean(_at(row, path) for row in result.rows if row["model"] == model)

    for model, kind, bar in [("sgns", "uniform", 0.972), ("sgns", "degree", 0.969)]:
        value = mean(model, "auc", kind, "seen")
        say(
            f"seen AUC, {kind}, {model}",
            f"{value:.4f} (@1: {mean('sgns@1', 'auc', kind, 'seen'):.4f})",
            f"{bar}",
            value >= bar,
        )
    kinds = ("uniform", "degree")
    shown = " / ".join(f"{mean('popularity', 'auc', kind, 'seen'):.3f}" for kind in kinds)
    print(f"popularity, seen, uniform / degree-matched: {shown}")
    traits = max(("traits-global", "traits-item"), key=lambda model: mean(model, "auc", "degree", "seen"))
    gain = mean(traits, "auc", "degree", "seen") - mean("sgns", "auc", "degree", "seen")
    say(f"seen AUC, {traits} minus sgns", f"{gain:+.4f}", "at least 0", gain >= 0)
    for model, bar, met in [
        (traits, "at least 0.82", lambda v: v >= 0.82),
        ("sgns", "0.50 +- 0.02", lambda v: abs(v - 0.5) <= 0.02),
        ("traits-shuffled", "at most 0.53", lambda v: v <= 0.53),
    ]:
        value = mean(model, "auc", "degree", "cold")
        say(f"cold AUC, {model}", f"{value:.4f}", bar, met(value))
    for model, most in [("sgns@1", 1 / 8), ("traits-global@1", 1 / 4)]:
        ours, theirs = (
            [_at(row, ("fit_seconds",)) for row in result.rows if row["model"] == name]
            for name in (model, "gensim-sg@5")
        )
        parts = [own / other for own, other in zip(ours, theirs)]  # a seed each
        better = mean(model, "auc", "degree", "seen") - mean("gensim-sg@5", "auc", "degree", "seen")
        part = statistics.fmean(ours) / statistics.fmean(theirs)
        by_seed = ", ".join(f"{own:.3f}" for own in parts)
        what = f"{part:.3f} of its time ({by_seed}), AUC {better:+.4f}"
        say(f"{model} against gensim-sg@5", what, f"{most:.3f} at no lower AUC", part <= most and better >= 0)


def _at(row: dict, path: tuple[str, ...]) -> float:
    value: object = row
    for key in path:
        value = value[key]  # type: ignore[index]
    return value  # type: ignore[return-value]


PARTS = {
    "groceries": groceries, "weights": weights, "fresh": fresh, "planted": planted, "both-sides": both_sides,
    "cell-phones": cell_phones, "speed": speed, "import": importing,
}  # fmt: skip

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
