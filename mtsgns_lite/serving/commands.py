"""The commands `serve` and `store`: each reads its arguments, calls the library, prints what it returns."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .. import manual
from ..evaluation import text_table
from ..storage import load_model
from .embeddings import Embeddings
from .index import INDEXES
from .server import serve
from .store import Store


def add(commands, command: Callable, add_dataset: Callable, load: Callable) -> None:
    """Add both to the parser of the command line.

    command : makes the parser of one command; add_dataset, load : the options that name a data set, and what opens it.
    """
    line = "answer over HTTP from a model or a store"
    parser = command(commands, "serve", _serve, line, manual.SERVE, manual.SERVE_EXAMPLES)
    parser.add_argument("model", metavar="MODEL", help="a model's folder, or a store of versions")
    parser.add_argument("--host", default="127.0.0.1", help="who may ask: by default, this machine only (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help="8000; with 0, any that is free")
    parser.add_argument("--index", choices=list(INDEXES), default="approximate", help="how to search (approximate)")
    parser.add_argument("--stock", metavar="FILE", help="a text file of the ids that can be had, one a line")
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="between two looks for news (2)")

    parser = command(commands, "store", lambda asked: parser.print_help(), "versions of embeddings", manual.STORE)
    inner = parser.add_subparsers(metavar="list | publish | compare | choose", prog="python -m mtsgns_lite store")
    command(inner, "list", _list, "the versions", "A line for each version; a * marks the chosen one.")

    line = "put in what a model knows"
    publish = command(inner, "publish", _publish, line, manual.STORE_PUBLISH, manual.STORE_EXAMPLES)
    command(inner, "compare", _compare, "two versions", "Metrics, items, and what is near what, of two versions.")
    command(inner, "choose", _choose, "take one into use", "Take a version into use; a service takes it up in seconds.")
    for name, inside in inner.choices.items():
        inside.add_argument("store", metavar="STORE", help="the store's folder")
        for number in range({"compare": 2, "choose": 1}.get(name, 0)):
            inside.add_argument(f"version_{number}", metavar="VERSION", help="such as 0001, or 1 for short")

    publish.add_argument("model", metavar="MODEL", help="a model's folder")
    add_dataset(publish)
    publish.add_argument("--metric", action="append", type=_metric, default=[], metavar="NAME=NUMBER",
                         help="how good it is; may be given several times")  # fmt: skip
    publish.add_argument("--note", default="", metavar="TEXT", help="for people")
    publish.add_argument("--exact-only", action="store_true", help="leave the graph of the approximate index out")
    publish.add_argument("--choose", action="store_true", help="take it into use at once")
    publish.set_defaults(load=load)


def _serve(asked: argparse.Namespace) -> None:
    serve(asked.model, asked.host, asked.port, asked.index, asked.stock, asked.every)


def _list(asked: argparse.Namespace) -> None:
    found = Store(_there(asked.store)).list()
    print(found)
    if found.chosen is None:
        print(f"none is chosen yet: `python -m mtsgns_lite store choose {asked.store} VERSION` takes one into use")


def _publish(asked: argparse.Namespace) -> None:
    model, dataset, store = load_model(asked.model), asked.load(asked), Store(asked.store)
    embeddings = Embeddings.of(model, dataset)
    about = store.publish(embeddings, dataset, dict(asked.metric), asked.note, not asked.exact_only)
    print(f"version {about.name}: {about.schema['items']:,} items, {_users(embeddings)}")
    if asked.choose:
        store.choose(about)
        print("chosen")


def _compare(asked: argparse.Namespace) -> None:
    store = Store(_there(asked.store))
    one, other = store.about(asked.version_0), store.about(asked.version_1)
    found = store.compare(one, other)
    pairs = {"items": found.pop("items"), **found.pop("metrics")}
    rows = [[name, *map(_shown, pair)] for name, pair in pairs.items()]
    print(text_table(["", one.name, other.name], rows))
    for name, value in found.items():
        of_what = " of an item's ten nearest, on the mean" if name == "same_neighbours" and value == value else ""
        print(f"{name.replace('_', ' ')}: {_shown(value, 'not known')}{of_what}")


def _choose(asked: argparse.Namespace) -> None:
    print(f"version {Store(_there(asked.store)).choose(asked.version_0).name} is chosen")


def _shown(value: float | None, unknown: str = "-") -> str:
    """A number or a yes or no, as short as it may be."""
    if value is None or value != value:
        return unknown
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _users(embeddings: Embeddings) -> str:
    users = 0 if embeddings.users is None else len(embeddings.users)
    return f"{users:,} users" + (
        "" if embeddings.known_users == users else f", {embeddings.known_users:,} with a vector"
    )


def _there(folder: str) -> Path:
    if not (Path(folder) / "versions").is_dir():
        raise FileNotFoundError(f"There is no store in {folder}: `python -m mtsgns_lite store publish` makes one.")
    return Path(folder)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a whole number from 0 to 65535")
    return int(text)


def _metric(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a name and a number, such as auc=0.67") from None
