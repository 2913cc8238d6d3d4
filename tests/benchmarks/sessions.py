"""What the bought item as a global context adds, and negatives from the same market: measured at equal training time.

python tests/benchmarks/sessions.py              planted and groceries, 3 seeds each, about 5 minutes
python tests/benchmarks/sessions.py planted      one of them

The time is the processor's (of one thread), so that other programs hardly change it. Goals with market negatives cost
most and get EPOCHS; goals alone and market negatives alone get as many whole epochs as fill that time, rounded up; and
plain skip-gram, in each of its forms, as many as fill the longest time of all these. So nothing is compared with less
time than it has itself.
"""

from __future__ import annotations

import math
import sys
import time

import torch
from bars import say

import mtsgns_lite as mt
from mtsgns_lite import Sessions, basket_sessions, goal_ranks, market_auc, market_mixing, planted_sessions

EPOCHS = 3


def train(sessions: Sessions, seed: int, epochs: int, options: dict) -> tuple[mt.SGNS, float]:
    """A model, and the processor's seconds that it took."""
    samples = sessions.samples(**options)
    model = mt.SGNS(sessions.catalogue, dim=32, seed=seed)
    before = time.process_time()
    mt.fit(model, samples, epochs, device="cpu", seed=seed, progress=False)
    return model, time.process_time() - before


def measured(title: str, sessions: Sessions, market: str, seed: int, last: int) -> dict[str, dict[str, float]]:
    """Method -> its figures, in the order of their times: each has at least that of all in the group before."""
    past, held_out = sessions.split(0.1)
    buy = {sessions.strong[0]: 10.0}
    methods: dict[str, dict] = {
        "goals + market": {"market": market},
        "goals": {},
        "market": {"goals": 0, "market": market},
        "plain": {"goals": 0},
        "plain, 10 negatives": {"goals": 0, "negatives": 10},
        "plain, a buy weighs 10": {"goals": 0, "weights": buy},
        "plain, a buy weighs 10, window 20": {"goals": 0, "weights": buy, "window": 20},
    }
    figures: dict[str, dict[str, float]] = {}
    for name, options in methods.items():
        before = [row for other, row in figures.items() if not other.startswith("plain")]
        before = before if name.startswith("plain") else before[:1]
        longest = max((row["seconds"] for row in before), default=0.0)
        epochs = math.ceil(longest / train(past, seed, 1, options)[1]) if before else EPOCHS
        model, seconds = train(past, seed, epochs, options)
        while seconds < longest:  # the one epoch was slow
            epochs += 1
            model, seconds = train(past, seed, epochs, options)
        found = goal_ranks(model, held_out, last=last)
        figures[name] = {
            "epochs": epochs, "seconds": seconds, "rank": found.mean, "one click before": float(found.by_click[0]),
            "rank in market": goal_ranks(model, held_out, market=market, last=last).mean,
            "market AUC": market_auc(model, held_out, market) or math.nan,
            "mixing": market_mixing(model, market),
        }  # fmt: skip
        shown = ", ".join(f"{what} {value:.4g}" for what, value in figures[name].items())
        print(f"{title}, seed {seed}, {name}: {shown}", flush=True)
    figures["popularity"] = {"rank": goal_ranks(model, held_out, last=last, by="popularity").mean}
    return figures


def compare(title: str, make, market: str, last: int = 5) -> None:
    """The two bars, each in every seed."""
    runs = [measured(title, make(seed), market, seed, last) for seed in range(3)]
    rival = "plain, a buy weighs 10, window 20"
    for other, bar in (("plain", 0.2), (rival, 0.0)):
        better = [1 - run["goals"]["rank"] / run[other]["rank"] for run in runs]
        shown, wanted = ", ".join(f"{part:.1%}" for part in better), f"{bar:.0%} lower each" if bar else "lower each"
        say(f"{title}: mean rank of the bought item, goals against {other}", shown, wanted, min(better) > bar)
    guess = ", ".join(f"{run['popularity']['rank']:.0f}" for run in runs)
    print(f"{title}: mean rank by popularity {guess}")
    for one, other in (("market", "plain"), ("goals + market", "goals")):
        gains = [run[one]["market AUC"] - run[other]["market AUC"] for run in runs]
        shown = ", ".join(f"{gain:+.4f}" for gain in gains)
        say(f"{title}: AUC in the market, {one} against {other}", shown, "above 0 each", min(gains) > 0)


def planted() -> None:
    compare("planted", lambda seed: planted_sessions(seed=seed), "market")


def groceries() -> None:
    shop = mt.load("groceries")
    compare("groceries", lambda seed: basket_sessions(shop, seed=seed), "department", last=20)


PARTS = {"planted": planted, "groceries": groceries}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
