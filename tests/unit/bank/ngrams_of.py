"""Answers to ngrams_of that learners give: right ones, and wrong ones with words that their hint must have."""

import re
from itertools import product


def three_loops(text, shortest, longest):
    runs = []
    for word in text.lower().split():
        word = "<" + word + ">"
        for size in range(shortest, longest + 1):
            for at in range(len(word) - size + 1):
                runs.append(word[at : at + size])
    return runs


def comprehension(text, shortest, longest):
    words = [f"<{word}>" for word in text.casefold().split()]
    return [w[a : a + n] for w in words for n in range(shortest, longest + 1) for a in range(len(w) - n + 1)]


def by_ends(text, shortest, longest):
    words = (f"<{word}>" for word in text.lower().split())
    return [w[a:b] for w in words for a in range(len(w)) for b in range(a + shortest, min(a + longest, len(w)) + 1)]


def by_look_ahead(text, shortest, longest):
    words = [f"<{word}>" for word in text.lower().split()]
    return [
        found for w, n in product(words, range(shortest, longest + 1)) for found in re.findall(f"(?=(.{{{n}}}))", w)
    ]


def by_zip(text, shortest, longest):
    runs = ()
    for word in text.lower().split():
        letters = ["<", *word, ">"]
        for size in range(shortest, longest + 1):
            runs += tuple("".join(run) for run in zip(*(letters[at:] for at in range(size))))
    return runs


def with_while(text, shortest, longest):
    runs = []
    for word in text.split():
        rest = f"<{word.lower()}>"
        while rest:
            runs += [rest[:size] for size in range(shortest, longest + 1) if size <= len(rest)]
            rest = rest[1:]
    return runs


RIGHT = [three_loops, comprehension, by_ends, by_look_ahead, by_zip, with_while]


def grams(words, sizes):
    return [word[at : at + size] for word in words for size in sizes for at in range(len(word) - size + 1)]


def marked(text):
    return [f"<{word}>" for word in text.lower().split()]


def no_end(text, low, high):
    return grams(["<" + word for word in text.lower().split()], range(low, high + 1))


def no_start(text, low, high):
    return grams([word + ">" for word in text.lower().split()], range(low, high + 1))


def as_written(text, low, high):
    return grams([f"<{word}>" for word in text.split()], range(low, high + 1))


def whole_text(text, low, high):
    return grams([f"<{text.lower()}>"], range(low, high + 1))


def early(text, low, high):
    for word in marked(text):
        return grams([word], range(low, high + 1))
    return []


def begun_anew(text, low, high):
    for word in marked(text):
        runs = []
        for size in range(low, high + 1):
            runs += [word[at : at + size] for at in range(len(word) - size + 1)]
    return runs if text else []


def nested(text, low, high):
    return [grams([word], range(low, high + 1)) for word in marked(text)]


def fails_on_nothing(text, low, high):
    first, *others = marked(text)
    return grams([first, *others], range(low, high + 1))


def short_ends(text, low, high):
    return [word[at : at + n] for word in marked(text) for n in range(low, high + 1) for at in range(len(word))]


def side_by_side(text, low, high):
    sizes = range(low, high + 1)
    return [w[at : at + n] for w in marked(text) for n in sizes for at in range(0, len(w) - n + 1, n)]


WRONG = [
    ("no signs", lambda text, low, high: grams(text.lower().split(), range(low, high + 1)), "signs are missing"),
    ("no end", no_end, "end in >"),
    ("no start", no_start, "begin with <"),
    ("whole text", whole_text, "cut into words"),
    ("longest missing", lambda text, low, high: grams(marked(text), range(low, high)), "longest"),
    ("shortest missing", lambda text, low, high: grams(marked(text), range(low + 1, high + 1)), "shortest"),
    ("one length", lambda text, low, high: grams(marked(text), [low]), "every length"),
    ("from one letter", lambda text, low, high: grams(marked(text), range(1, high + 1)), "shorter than"),
    ("one too long", lambda text, low, high: grams(marked(text), range(low, high + 2)), "longer than"),
    ("last run missing", lambda text, low, high: [
        w[at : at + n] for w in marked(text) for n in range(low, high + 1) for at in range(len(w) - n)
    ], "end in >"),
    ("short ends", short_ends, "get shorter"),
    ("side by side", side_by_side, "overlap"),
    ("beginnings", lambda text, low, high: [
        w[:n] for w in marked(text) for n in range(low, high + 1) if n <= len(w)
    ], "beginnings"),
    ("letter case", as_written, "lower case"),
    ("a set", lambda text, low, high: set(three_loops(text, low, high)), "counts twice"),
    ("distinct", lambda text, low, high: sorted(set(three_loops(text, low, high))), "counts twice"),
    ("nested", nested, "flat list"),
    ("joined", lambda text, low, high: " ".join(three_loops(text, low, high)), "list of strings"),
    ("returned early", early, "return inside its loop"),
    ("begun anew", begun_anew, "begun anew"),
    ("no text", fails_on_nothing, "no runs"),
    ("blanks out", lambda text, low, high: grams(
        ["<" + text.lower().replace(" ", "") + ">"], range(low, high + 1)
    ), "blanks"),
    ("two faults", lambda text, low, high: grams(text.split(), range(low, high + 1)), "signs are missing"),
    ("hard-coded", lambda text, low, high: ["<mi", "mil", "ilk", "lk>"], "same answer whatever"),
    ("no return", lambda text, low, high: None, "return"),
]  # fmt: skip
