"""Answers to session_of that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import pandas as pd
import torch


def sorted_by(users, times):
    return np.lexsort((times, users))


def with_numpy(users, times, gap):
    order = np.lexsort((times, users))
    new = np.ones(len(users), dtype=bool)
    new[1:] = (np.diff(users[order]) != 0) | (np.diff(times[order]) > gap)
    found = np.empty(len(users), dtype=int)
    found[order] = np.cumsum(new)
    return found


def with_loop(users, times, gap):
    found, last, number = [0] * len(users), {}, -1
    for e in sorted(range(len(users)), key=lambda e: times[e]):
        if users[e] not in last or times[e] - last[users[e]][0] > gap:
            number += 1
            last[users[e]] = (times[e], number)
        found[e] = last[users[e]][1]
        last[users[e]] = (times[e], found[e])
    return found


def with_pandas(users, times, gap):
    frame = pd.DataFrame({"user": users, "time": times}).sort_values(["user", "time"])
    pause = frame.groupby("user")["time"].diff()
    return (pause.isna() | (pause > gap)).cumsum().sort_index().to_numpy()


def user_by_user(users, times, gap):
    found, number = np.zeros(len(users)), 0
    for user in set(users):
        own = np.flatnonzero(users == user)
        own = own[np.argsort(times[own])]
        number += 1
        for before, event in zip([None, *own], own):
            if before is not None and times[event] - times[before] > gap:
                number += 1
            found[event] = number
    return found


def with_torch(users, times, gap):
    users, times = torch.as_tensor(users), torch.as_tensor(times)
    order = times.argsort(stable=True)
    order = order[users[order].argsort(stable=True)]
    u, t = users[order], times[order]
    new = torch.cat([torch.ones(min(1, len(u)), dtype=torch.long), ((u[1:] != u[:-1]) | (t[1:] - t[:-1] > gap)).long()])
    return new.cumsum(0)[order.argsort()]


def from_the_back(users, times, gap):
    order = np.lexsort((-times, -users))
    ends = np.ones(len(users), dtype=bool)
    ends[1:] = (np.diff(users[order]) != 0) | (-np.diff(times[order]) > gap)
    return ends.cumsum()[np.argsort(order)]


RIGHT = [with_numpy, with_loop, with_pandas, user_by_user, with_torch, from_the_back]


def gathered(users, times, gap):
    order = np.lexsort((times, users))
    new = np.ones(len(users), dtype=bool)
    new[1:] = (np.diff(users[order]) != 0) | (np.diff(times[order]) > gap)
    return new.cumsum()[order]


def one_mark_too_few(users, times, gap):
    order = np.lexsort((times, users))
    new = (np.diff(users[order]) != 0) | (np.diff(times[order]) > gap)
    found = np.zeros(len(users), dtype=int)
    found[order] = new.cumsum()
    return found


def one_number_too_few(users, times, gap):
    order = np.lexsort((times, users))
    return np.cumsum((np.diff(users[order]) != 0) | (np.diff(times[order]) > gap))


def cut(order, begins, back=True):
    def answer(users, times, gap):
        place = order(users, times)
        new = np.ones(len(users), dtype=bool)
        new[1:] = begins(np.diff(users[place]) != 0, np.diff(times[place]), gap)
        return np.cumsum(new)[np.argsort(place)] if back else np.cumsum(new)

    return answer


def numbers_used_twice(users, times, gap):
    frame = pd.DataFrame({"user": users, "time": times}).sort_values("time")
    pause = frame.groupby("user")["time"].diff()
    return (pause > gap).groupby(frame["user"]).cumsum().sort_index().to_numpy()


def since_the_first(users, times, gap):
    found, begun, number = [0] * len(users), {}, -1
    for e in np.argsort(times):
        if users[e] not in begun or times[e] - begun[users[e]][0] > gap:
            number += 1
            begun[users[e]] = (times[e], number)
        found[e] = begun[users[e]][1]
    return found


def blocks(users, times, gap):
    names = [f"{user}-{time // gap}" for user, time in zip(users, times)]
    return np.unique(names, return_inverse=True)[1]


def as_given(users, times):
    return np.arange(len(users))


def by_time(users, times):
    return np.argsort(times, kind="stable")


def by_user(users, times):
    return np.argsort(users, kind="stable")


def starts(users, times, gap):
    order = sorted_by(users, times)
    return order[np.flatnonzero(np.diff(times[order]) > gap) + 1]


def right(other, pause, gap):
    return other | (pause > gap)


WRONG = [
    ("at the gap", cut(sorted_by, lambda o, p, g: o | (p >= g)), "exactly `gap`"),
    ("users together", cut(by_time, lambda o, p, g: p > g), "different users"),
    ("users forgotten", cut(sorted_by, lambda o, p, g: p > g), "different users"),
    ("users only", cut(sorted_by, lambda o, p, g: o), "pauses are not looked at"),
    ("np.unique of users", lambda u, t, g: np.unique(u, return_inverse=True)[1], "pauses are not looked at"),
    ("short pauses cut", cut(sorted_by, lambda o, p, g: o | (p < g)), "wrong way round"),
    ("and for or", cut(sorted_by, lambda o, p, g: o & (p > g)), "one of the two is enough"),
    ("numbers used twice", numbers_used_twice, "used twice"),
    ("not put back", cut(sorted_by, right, back=False), "put them back"),
    ("not put back, at the gap", cut(sorted_by, lambda o, p, g: o | (p >= g), back=False), "found[order] = numbers"),
    ("not put back, users forgotten", cut(sorted_by, lambda o, p, g: p > g, back=False), "found[order] = numbers"),
    ("not put back, by time", cut(by_time, right, back=False), "found[order] = numbers"),
    ("not put back, by user", cut(by_user, right, back=False), "found[order] = numbers"),
    ("taken, not put", gathered, "numbers[order] sorts"),
    ("one mark too few", one_mark_too_few, "does the first event begin"),
    ("one number too few", one_number_too_few, "the first event begins"),
    ("not sorted", cut(as_given, right), "any order"),
    ("not sorted, absolute", cut(as_given, lambda o, p, g: o | (abs(p) > g)), "any order"),
    ("sorted by user alone", cut(by_user, right), "any order"),
    ("sorted by time alone", cut(by_time, right), "by turns"),
    ("since the first event", since_the_first, "pause since the last one"),
    ("blocks of time", blocks, "blocks"),
    ("every event", lambda u, t, g: np.arange(len(u)), "session of its own"),
    ("one session", lambda u, t, g: np.zeros(len(u)), "in one session"),
    ("where they start", starts, "one for each event"),
    ("a matrix", lambda u, t, g: np.stack([u, t]), "one number for each event"),
    ("no return", lambda u, t, g: None, "return"),
]  # fmt: skip
