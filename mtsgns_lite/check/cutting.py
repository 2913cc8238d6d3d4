"""Lesson 06: which session each event belongs to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .comparing import as_tensor
from .exercise import Case, Exercise, Mistake, check
from .running import short, shown
from .verdict import Verdict

USERS = (
    "Events of different users are put into one session: everybody's pauses are their own. Where the next event is "
    "another user's, a session begins, however short the time between."
)
AGAIN = (
    "Numbers are used twice: the first session of one user has the number of the first of another. Each session needs "
    "one of its own, in the whole table."
)
BACK = (
    "The numbers stand in the order of the sorted events: put them back (found[order] = numbers), so that place e "
    "tells of event e as it was given."
)
TAKEN = (
    "numbers[order] sorts the numbers once more: to put them back, write them to where the events came from, "
    "found[order] = numbers."
)
FIRST = "Three events have two pauses: does the first event begin a session too?"
UNSORTED = "The events come in any order: a pause can be told only between events that follow one another in time."


def parted(got: object) -> np.ndarray | str:
    """(E,) sessions numbered by their first event, or a sentence where these are no numbers of sessions."""
    numbers = as_tensor(np.array(got) if isinstance(got, np.ndarray) else got)  # pandas hands out arrays to read only
    if numbers is None:
        return f"The answer is a {type(got).__name__}, where (E,) numbers are due, one for each event."
    if numbers.ndim != 1:
        return f"The answer is of shape {tuple(numbers.shape)}, where (E,) is due: one number for each event."
    _, first, place = np.unique(numbers.detach().cpu().numpy(), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place] if len(numbers) else np.empty(0, dtype=np.int64)


def same_sessions(got: object, expected: object) -> bool | str:
    """The same events together, whatever the sessions' numbers."""
    given, wanted = parted(got), parted(expected)
    if isinstance(given, str):
        return given
    if len(given) == len(wanted) - 1:
        return f"The answer has {len(given)} numbers for {len(wanted)} events: the first event begins a session too."
    if len(given) != len(wanted):
        return f"The answer has {len(given)} numbers, where {len(wanted)} are due: one for each event."
    return bool((given == wanted).all())


def show_sessions(got: object) -> str:
    """Numbered in the order of their first events, so that two answers can be compared by eye."""
    found = parted(got)
    return shown(got) if isinstance(found, str) else short(f"sessions {found.tolist()}")


def _oracle(users, times, gap) -> np.ndarray:
    last: dict[int, tuple[float, int]] = {}
    found, number = np.zeros(len(users), dtype=np.int64), 0
    for event in sorted(range(len(users)), key=lambda event: times[event]):
        user, time = int(users[event]), times[event]
        before, session = last.get(user, (-np.inf, -1))
        if time - before > gap:
            session, number = number, number + 1
        found[event] = session
        last[user] = (time, session)
    return found


def _cut(order: Callable, begins: Callable, back: str = "put") -> Callable:
    """Sort by `order` (users, times), begin a session where `begins` (users, pauses, gap) says, count, put `back`."""

    def answer(users, times, gap):
        places = order(users, times)
        pauses = np.diff(times[places])
        new = np.ones(len(users), dtype=bool)
        new[1:] = begins(np.diff(users[places]) != 0, pauses, gap)
        found = np.empty(len(users), dtype=np.int64)
        found[places] = np.cumsum(new)
        return {"put": found, "left": np.cumsum(new), "taken": np.cumsum(new)[places]}[back]

    return answer


def _by_user(users, times):
    return np.lexsort((times, users))


def _as_given(users, times):
    return np.arange(len(users))


def _by_time(users, times):
    return np.argsort(times, kind="stable")


def _grouped(users, times):
    return np.argsort(users, kind="stable")


def _right(other, pause, gap):
    return other | (pause > gap)


def _since_first(users, times, gap):
    """A session lasts no longer than `gap` from its first event."""
    found, number, start, who = np.zeros(len(users), dtype=np.int64), -1, -np.inf, None
    for event in _by_user(users, times):
        if users[event] != who or times[event] - start > gap:
            number, start, who = number + 1, times[event], users[event]
        found[event] = number
    return found


def _restarting(users, times, gap):
    found = _cut(_by_user, _right)(users, times, gap)
    return np.array([number - found[users == user].min() for number, user in zip(found, users)], dtype=np.int64)


def _blocks(users, times, gap):
    return np.unique(np.stack([users, times // max(gap, 1)]), axis=1, return_inverse=True)[1].ravel()


_MISTAKES = (
    (_cut(_by_user, lambda other, pause, gap: other & (pause > gap)),
     "A session ends where the user changes, or where the pause is long: one of the two is enough."),
    (lambda users, times, gap: np.zeros(len(users), dtype=np.int64), "All events are in one session."),
    (_cut(_by_user, lambda other, pause, gap: other | (pause >= gap)),
     "A pause of exactly `gap` is cut: only a longer one ends a session."),
    (_cut(_by_time, lambda other, pause, gap: pause > gap), USERS),
    (_cut(_by_user, lambda other, pause, gap: pause > gap), USERS),
    (_cut(_by_user, lambda other, pause, gap: abs(pause) > gap), USERS),
    (_cut(_by_user, lambda other, pause, gap: other), "Every user has one session: the pauses are not looked at."),
    (_cut(_by_user, lambda other, pause, gap: other | (pause <= gap)),
     "The comparison is the wrong way round: a long pause ends a session, a short one doesn't."),
    (_cut(_by_user, lambda other, pause, gap: other | (pause < gap)),
     "The comparison is the wrong way round: a long pause ends a session, a short one doesn't."),
    (_restarting, AGAIN),
    (_cut(_by_user, _right, "left"), BACK),
    (_cut(_by_time, _right, "left"), BACK),
    (_cut(_by_user, _right, "taken"), TAKEN),
    (_cut(_by_time, _right, "taken"), TAKEN),
    (_cut(_grouped, _right), UNSORTED),
    (_cut(_as_given, _right), UNSORTED),
    (_cut(_as_given, lambda other, pause, gap: other | (abs(pause) > gap)), UNSORTED),
    (_cut(_grouped, lambda other, pause, gap: other | (abs(pause) > gap)), UNSORTED),
    (_cut(_as_given, lambda other, pause, gap: pause > gap), UNSORTED),
    (_cut(_by_time, _right),
     "Two visitors who click by turns are cut at every turn: sort by user first, and by time within a user."),
    (_since_first, "The time since the session's first event is compared with `gap`: the pause since the last one is."),
    (_blocks, "Time is cut into blocks of length `gap`: what counts is the pause between two events."),
    (lambda users, times, gap: np.arange(len(users)), "Every event is a session of its own."),
    (lambda users, times, gap: _cut(_by_user, _right)(users, times, 0 * gap), "The gap is ignored."),
)  # fmt: skip


_TWICE = tuple(  # the numbers aren't put back, and something else is wrong as well
    Mistake(_cut(order, begins, back), hint, faults=2)
    for back, hint in (("left", BACK), ("taken", TAKEN))
    for order in (_by_user, _by_time, _grouped)
    for begins in (
        _right,
        lambda other, pause, gap: other | (pause >= gap),
        lambda other, pause, gap: other | (abs(pause) > gap),
        lambda other, pause, gap: pause > gap,
        lambda other, pause, gap: abs(pause) > gap,
    )
)


def _case(name: str, users: list, times: list, gap: int, hint: str = "") -> Case:
    return Case(name, (np.array(users, dtype=np.int64), np.array(times, dtype=np.int64), gap), hint)


def _cases() -> list[Case]:
    return [
        _case("three events of one user, the last after a long pause", [3, 3, 3], [0, 8, 30], 10, FIRST),
        _case("a pause of exactly the gap", [0, 0, 0], [5, 15, 26], 10),
        _case("short pauses that add up", [1, 1, 1, 1], [0, 8, 16, 24], 10),
        _case("two users, one after the other", [0, 0, 1, 1], [0, 4, 6, 9], 10),
        _case("two users, one long after the other", [0, 0, 1, 1], [0, 4, 60, 63], 10),
        _case("two users by turns", [0, 1, 0, 1, 0], [0, 1, 2, 3, 40], 10),
        _case("events in no order", [7, 7, 2, 7, 2], [60, 3, 9, 0, 55], 10),
        _case("no events", [], [], 10, "A table without events has no sessions: (0,) numbers are due."),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    draw = np.random.default_rng(6000 + seed)
    number = 30 + seed % 7
    users, times = draw.integers(5, size=number), draw.permutation(300)[:number]
    return [Case(f"{number} events of five users, in no order", (users, times, 20 + seed % 9))]


SESSION_OF = Exercise(
    name="session_of",
    signature="session_of(users, times, gap): (E,), (E,) arrays, a number -> (E,) the number of each event's session",
    oracle=_oracle,
    cases=_cases,
    drawn=_drawn,
    mistakes=tuple(Mistake(wrong, hint) for wrong, hint in _MISTAKES) + _TWICE,
    hints=(
        "Take the events of one user in order of time: before which of them does a session begin?",
        "np.lexsort((times, users)) puts a user's events side by side, in order of time. The last key counts first.",
        "At the end the numbers go back to where the events stood: found[order] = numbers.",
        "Mark with 1 each event that begins a session; a running sum of the marks numbers the sessions.",
    ),
    same=same_sessions,
    show=show_sessions,
)


def session_of(answer: object) -> Verdict:
    """Check session_of(users, times, gap): a session ends where the user's next event comes more than gap later."""
    return check(SESSION_OF, answer)
