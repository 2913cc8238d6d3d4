"""What a detective of lesson 05 carries: the list of defects, and a `Case`, which runs controls and keeps the score.

The build copies it into the notebook, as it does the cases (see `lesson05_bugs`).
"""

from __future__ import annotations

import difflib
import html
import inspect

import pandas as pd
from IPython.display import HTML, display

import mtsgns_lite as mt

DEFECTS = {
    "a": "a boundary that belongs to neither side",
    "b": "a label leak: the input holds the answer",
    "c": "a metric that ignores what it should measure",
    "d": "a schedule that has come to a stop",
    "e": "a softmax over the wrong axis",
    "f": "learned numbers that the evaluation does not use",
    "g": "missing values taken for a value",
    "h": "negatives that are secretly positives",
    "i": "one table where there should be two",
    "j": "overfitting: learned by heart",
    "k": "pairs lost at the edge",
    "l": "random numbers that repeat, for want of seeds of their own",
    "m": "rare items that are never a negative",
    "n": "untrained vectors taken for an answer",
}


class Case:
    """A suspect, the same code sound, and the range in which the control of sound code comes out."""

    def __init__(self, number, letter, suspect, sound, low, high, why, seen_in):
        self.number, self.letter, self.suspect, self.sound = number, letter, suspect, sound
        self.low, self.high, self.why, self.seen_in = low, high, why, seen_in
        self.first_guess, self.state, self.found = "-", "open", {}  # what the control found

    def guess(self, letter="?"):
        """Note the first suspicion; to be wrong costs nothing."""
        self.first_guess = letter if letter in DEFECTS else "-"
        print(f"Noted: {letter}, {DEFECTS[letter]}." if letter in DEFECTS else "No suspicion yet: choose a letter.")

    def run(self, control):
        """The control on the suspect and on sound code."""
        self.control = control
        self.found = {"suspect": float(control(self.suspect)), "sound code": float(control(self.sound))}
        print("\n".join(f"{which:10} {value:8.3f}" for which, value in self.found.items()))

    def sane(self, value):
        """Is the control's number where that of sound code is? (What is not a number is not.)"""
        return self.low <= value <= self.high

    def check(self, code, name="?"):
        """The control on the learner's code, and whether the defect has its right name."""
        if not self.found:
            return print(f"Run the control of case {self.number} first.")
        try:
            value = float(self.control(code))
        except Exception as error:
            return print(f"Case {self.number} is open: the code stopped with {type(error).__name__}: {error}")
        mended, named, gives = self.sane(value), name == self.letter, f"the control gives {value:.3f}"
        self.state = "closed" if mended and named else "open"
        if not mended:
            print(f"Case {self.number} is open: {gives}. Mend the code, and run both cells.")
        elif not named:
            print(f"Case {self.number} is mended: {gives}. Which letter was it?")
        else:
            print(f"Case {self.number} is closed: {gives}. It was {DEFECTS[name]}.")


def solution(case):
    """What to change and why, folded away until somebody clicks."""
    old, new = code_of(case.suspect).splitlines(), code_of(case.sound).replace("sound_", "suspect_").splitlines()
    change = html.escape("\n".join(line for line in difflib.ndiff(old, new) if line[0] in "-+"))
    summary = f"<summary>Case {case.number}, solved: open it when you have tried</summary>"
    words = f"<p><b>{case.letter}: {DEFECTS[case.letter]}.</b> {case.why} Seen in {case.seen_in}.</p>"
    return HTML(f"<details>{summary}{words}<pre>{change}</pre></details>")


def code_of(version):
    """The source text of a function, or of the methods of a class."""
    if inspect.isfunction(version):
        return inspect.getsource(version)
    return "\n".join(inspect.getsource(part) for part in vars(version).values() if inspect.isfunction(part))


def trained(model, split, epochs=1, seed=0):
    """The model, after training on the CPU without a word."""
    mt.fit(model, split.train, epochs=epochs, device="cpu", seed=seed, progress=False)
    return model


def whole(table):
    """Show a table of sentences: uncut, and from the left."""
    with pd.option_context("display.max_colwidth", None):
        rows = table.to_html(border=0).replace("<td>", '<td style="text-align: left">')
        rows = rows.replace("<th>", '<th style="text-align: left">').replace("text-align: right", "text-align: left")
        display({"text/html": rows, "text/plain": table.to_string()}, raw=True)
