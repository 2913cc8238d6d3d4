"""Generated click sessions whose markets, looks and groups are known: what is clicked together is not all that is
bought together."""

from __future__ import annotations

import numpy as np

from .catalogue import Catalogue, Trait
from .sessions import Sessions

MINUTE = 60_000_000_000  # nanoseconds, the unit of `Sessions.times`
DAY = 24 * 60 * MINUTE
START = 20_089 * DAY  # 1 January 2025


def planted_sessions(
    items: int = 1_500,
    sessions: int = 20_000,
    markets: int = 10,
    looks: int = 5,
    groups: int = 5,
    clicks: float = 20.0,
    run: float = 3.0,
    converting: float = 0.3,
    browse: float = 4.0,
    pull: float = 4.0,
    stray: float = 0.05,
    skew: float = 0.5,
    seed: int = 0,
) -> Sessions:
    """Generate sessions of clicks that wander about a market, some of them towards what is bought in the end.

    Item v is in a market, and has a look and belongs to a group in it, all three drawn evenly; its popularity_v is
    rank^-skew. Each session is in the market of an item drawn by popularity. With the chance `converting` it has a goal
    b, an item of the market drawn by popularity. It has ``T = 2 + Poisson(clicks - 2)`` clicks, in runs of one look:
    each click begins a new run, of a look drawn evenly, with the chance 1 / run. Click t = 1..T shows item v of the
    market in proportion to

        popularity_v exp(browse [v has the look of the run] + pull min(1, 2 t / T) [v is in the group of b]),

    without the second term where there is no goal; a fraction `stray` of the clicks shows any item of the shop, by
    popularity. In the end the goal is clicked, put into the cart half the time, and bought; without one, the last item
    that was clicked is left in the cart one time in ten.

    Parameters
    ----------
    looks, groups : of each market. Items of a look are browsed one after another; items of a group convert together.
    browse, pull : how much the look of a run and the group of the goal count, as above.
    Raises ``ValueError`` for numbers that make no shop.

    Returns
    -------
    Sessions with kinds buy (strong), cart, click, the traits "market" and "look" (a group is known to the truth alone),
    users with about 20 sessions each, on days of their own, and ``truth = {"market": (items,) numbers, "look": ...,
    "group": ...}``, looks and groups of different markets having different numbers.
    """
    if items < 2 * markets or min(markets, looks, groups, sessions) < 1:
        raise ValueError(f"{items} items in {markets} markets are no shop: give each market two items or more.")
    if not (0 <= converting <= 1 and 0 <= stray <= 1 and clicks >= 2 and run >= 1):
        raise ValueError("converting and stray are fractions, clicks is at least 2 and run at least 1.")
    rng = np.random.default_rng(seed)
    market = rng.permutation(np.arange(items) % markets)
    look, group = rng.integers(looks, size=items), rng.integers(groups, size=items)
    popularity = rng.permutation(np.arange(1, items + 1) ** -skew)
    popularity /= popularity.sum()
    length = 2 + rng.poisson(clicks - 2, size=sessions)
    of = market[rng.choice(items, size=sessions, p=popularity)]
    bought = rng.random(sessions) < converting
    clicked = np.full((sessions, int(length.max())), -1)
    goals = np.full(sessions, -1)
    for place in range(markets):
        rows, here = np.flatnonzero(of == place), np.flatnonzero(market == place)
        share = popularity[here] / popularity[here].sum()
        goals[rows] = here[rng.choice(len(here), size=len(rows), p=share)]
        theirs = np.where(bought[rows], group[goals[rows]], -1)
        clicked[rows] = here[_clicks(rng, share, look[here], group[here], theirs, length[rows], clicked.shape[1],
                                     looks, run, browse, pull)]  # fmt: skip
    goals[~bought] = -1
    strays = rng.random(clicked.shape) < stray
    clicked[strays] = rng.choice(items, size=int(strays.sum()), p=popularity)

    number = np.empty(items, dtype=np.int64)  # most clicked first
    within = np.arange(clicked.shape[1]) < length[:, None]
    order = np.argsort(-np.bincount(clicked[within], minlength=items), kind="stable")
    number[order] = np.arange(items)
    truth = {"market": market[order], "look": (market * looks + look)[order], "group": (market * groups + group)[order]}
    traits = [
        Trait.from_values(name, [f"{name} {code:03d}" for code in truth[name].tolist()]) for name in ("market", "look")
    ]
    names = [f"item {one:04d}" for one in range(items)]
    users, shown, times, kinds = _events(rng, clicked, within, goals)
    made = Sessions.from_events(
        Catalogue(names, names, traits), users, number[shown], times, kinds, 30 * MINUTE,
        [kind for kind in ("buy",) if bought.any()], "planted sessions",
    )  # fmt: skip
    made.truth.update(truth)
    return made


def _clicks(rng, share, look, group, theirs, length, most, looks, run, browse, pull) -> np.ndarray:
    """(sessions of a market, most) places among the market's items: Gumbel noise on the logits, and the largest."""
    current = rng.integers(looks, size=len(length))
    found = np.empty((len(length), most), dtype=np.int64)
    for step in range(most):
        anew = rng.random(len(length)) < 1 / run
        current = np.where(anew, rng.integers(looks, size=len(length)), current)
        done = np.minimum(2 * (step + 1) / length, 1.0)[:, None]
        logits = np.log(share) + browse * (look == current[:, None]) + pull * done * (group == theirs[:, None])
        found[:, step] = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return found


def _events(rng, clicked: np.ndarray, within: np.ndarray, goals: np.ndarray) -> tuple[np.ndarray, ...]:
    """Users, items, times and kinds of all events: the clicks, and how each session ends."""
    sessions, most = clicked.shape
    users = rng.integers(max(1, sessions // 20), size=sessions)
    last = clicked[np.arange(sessions), within.sum(axis=1) - 1]
    bought = goals >= 0
    end = np.where(bought, goals, last)
    carted = rng.random(sessions) < np.where(bought, 0.5, 0.1)
    ending = np.stack([bought, carted, bought], axis=1)
    items = np.concatenate([clicked, np.repeat(end[:, None], 3, axis=1)], axis=1)
    there = np.concatenate([within, ending], axis=1)
    kinds = np.array(["click"] * (most + 1) + ["cart", "buy"])
    pauses = (1 + rng.exponential(2.0, size=items.shape).clip(max=20)) * there  # minutes
    times = START + _days(rng, users)[:, None] * DAY + (pauses.cumsum(axis=1) * MINUTE).astype(np.int64)
    row, place = np.nonzero(there)
    return users[row], items[row, place], times[row, place], kinds[place]


def _days(rng, users: np.ndarray) -> np.ndarray:
    """A day for each session, spread over a year or more, none twice for the same user."""
    order = np.argsort(users, kind="stable")
    sizes = np.bincount(users)
    turn = np.empty(len(users), dtype=np.int64)  # which of its user's sessions this is
    turn[order] = np.arange(len(users)) - (np.cumsum(sizes) - sizes)[users[order]]
    apart = max(2, 365 // int(sizes.max()))  # a session may go on past midnight, so not on the day after either
    return turn * apart + rng.integers(apart - 1, size=len(sizes))[users]
