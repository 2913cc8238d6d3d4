"""Write the README's tables of results from what `python -m mtsgns_lite compare DATASET --json FILE` wrote.

python tests/benchmarks/readme_tables.py FILE [FILE ...]      the first is shown, the others unfold
"""

import json
import statistics
import sys
from pathlib import Path

from mtsgns_lite.methods import METHODS

README = Path(__file__).resolve().parents[2] / "README.md"
START, END = "<!-- results:start -->", "<!-- results:end -->"
USUAL = {"seeds": 3, "cold": 0.1, "dim": 64, "epochs": 3}  # what `compare` does unless told otherwise
SOURCES = {"Cell_Phones_and_Accessories": "amazon:Cell_Phones_and_Accessories"}
SHOWN = [  # of the rows that there are, whatever epochs they carry
    "popularity", "cooccurrence", "mf", "mf-bias-walks", "sgns", "node2vec", "gensim-sg", "gensim-cbow",
    "traits-uniform", "traits-global", "traits-item", "traits-shuffled",
]  # fmt: skip
COLUMNS = [  # title, where the figure stands in a row, digits
    ("AUC, uniform", ("auc", "uniform", "seen"), 3),
    ("AUC, seen pairs", ("auc", "degree", "seen"), 3),
    ("AUC, cold pairs", ("auc", "degree", "cold"), 3),
    ("AUC, same category, seen", ("auc", "category", "seen"), 3),
    ("HR@10", ("hr@10",), 3),
    ("fit, s", ("fit_seconds",), 1),
    ("memory, MB", ("peak_mb",), 0),
]


def table(found: dict) -> str:
    """One comparison: what was compared, a line for each method, and the command that does it again."""
    columns = [column for column in COLUMNS if any(_figure(row, column[1]) is not None for row in found["rows"])]
    lines = [["method", *(title for title, _, _ in columns)], ["---", *(["---:"] * len(columns))]]
    for model in dict.fromkeys(row["model"] for row in found["rows"] if row["model"].split("@")[0] in SHOWN):
        rows = [row for row in found["rows"] if row["model"] == model]
        lines.append([model, *(_mean(rows, path, digits) for _, path, digits in columns)])
    return f"**{found['dataset']}**: {_heading(found)}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _heading(found: dict) -> str:
    sizes, settings = found["sizes"], found["settings"]
    shown = ", ".join(
        f"{number:,} {what}" for what, number in sizes.items() if what in ("items", "traits", "baskets", "edges")
    )
    seeds = len({row["seed"] for row in found["rows"]})
    over = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    carried = any("@" in row["model"] for row in found["rows"])
    epochs = f"{settings['epochs']} epochs" + (" (or as many as stand after an @)" if carried else "")
    options = "".join(f" --{name} {settings[name]}" for name, usual in USUAL.items() if settings[name] != usual)
    source = SOURCES.get(found["dataset"], found["dataset"])
    return (
        f"{shown}; {settings['dim']} dimensions, {epochs}, {over}, torch {found['versions']['torch']}; "
        f"`python -m mtsgns_lite compare {source}{options}{_models(settings)}`."
    )


def _models(settings: dict) -> str:
    asked = settings["models"]
    if set(asked) == {name for name, method in METHODS.items() if method.core}:
        return ""
    return " --models all" if set(asked) == set(METHODS) else f" --models {','.join(asked)}"


def _figure(row: dict, path: tuple[str, ...]) -> float | None:
    value = row
    for key in path:
        value = value[key]
    return value


def _mean(rows: list[dict], path: tuple[str, ...], digits: int) -> str:
    values = [_figure(row, path) for row in rows]
    if any(value is None for value in values):
        return "–"
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.{digits}f}{spread}"


def _name(text: str) -> str:
    return f"The same on {text.split('**')[1]}"


def main(files: list[str]) -> int:
    """Put a table of each file between the README's marks."""
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    first, *others = [table(json.loads(Path(file).read_text(encoding="utf-8"))) for file in files]
    folded = [f"<details>\n<summary>{_name(text)}</summary>\n\n{text}\n\n</details>" for text in others]
    tables = "\n\n".join([first, *folded])
    README.write_text(f"{before}{START}\n{tables}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
