"""The command `scale`, and what `train --engine torchrec` does: each reads its arguments, calls the library, prints."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from .. import manual
from ..data.dataset import Dataset
from ..data.disk_graph import open_graph
from ..data.samples import Walks
from ..data.session_log import graph_of_log, items_of
from ..models import SGNS
from ..models.base import ItemModel
from ..storage import load_model
from ..trainable import trainable, usual_method
from ..training import History
from .budget import in_bytes, size
from .job import SHARDINGS, Job, write_job
from .launch import check_installed, history, launch


def add(commands, command: Callable, add_training: Callable) -> None:
    """Add it to the parser of the command line.

    command : makes the parser of one command; add_training : the options that name a data set, a method and sizes.
    """
    line = "train beyond one machine"
    parser: argparse.ArgumentParser = command(
        commands, "scale", lambda asked: parser.print_help(), line, manual.SCALE, manual.SCALE_EXAMPLES
    )
    inner = parser.add_subparsers(metavar="size | prepare | model | edges", prog="python -m mtsgns_lite scale")

    _add_size(command(inner, "size", _size, "what a training will need", manual.SCALE_SIZE))

    prepare = command(inner, "prepare", _prepare, "write a job, for torchrun to train", manual.SCALE_PREPARE)
    add_training(prepare)
    add_options(prepare)
    prepare.add_argument("--stripes", type=int, default=24, metavar="N", help="the most processes it can have (24)")
    prepare.add_argument("--out", required=True, metavar="JOB", help="a folder that all hosts can read and write")

    model = command(inner, "model", _model, "make a model of a job's last checkpoint", manual.SCALE_MODEL)
    model.add_argument("job", metavar="JOB", help="the job's folder")
    model.add_argument("--out", required=True, metavar="FOLDER", help="where the model goes")

    edges = command(inner, "edges", _edges, "count the edges of a log larger than memory", manual.SCALE_EDGES)
    edges.add_argument("log", nargs="+", metavar="LOG", help="parquet or CSV files of events: user, item, time")
    edges.add_argument("--out", required=True, metavar="FOLDER", help="where the graph goes")
    edges.add_argument("--gap", default="30min", help="the longest pause within a session (30min)")
    edges.add_argument("--memory", default="1GB", help="what DuckDB may use (1GB)")
    edges.add_argument("--min-count", type=int, default=1, metavar="N", help="leave out items that fewer touched (1)")
    edges.add_argument("--work", metavar="FOLDER", help="where what does not fit into memory goes (beside --out)")
    for part in ("user", "item", "time"):
        edges.add_argument(f"--{part}", metavar="COLUMN", help=manual.COLUMNS[part])


def _add_size(parser: argparse.ArgumentParser) -> None:
    whole = {"items": "items (1e9 will do)", "dim": "dimensions (64)", "traits": "traits (0)"}
    whole |= {"values": "values of all traits (1,000 each)", "edges": "edges of the graph (0)"}
    whole |= {"rows": "rows of a batch (512)", "processes": "processes (as many as the memory asks for)"}
    for name, about in whole.items():
        parser.add_argument(f"--{name}", type=float, required=name == "items", metavar="N", help=about)
    parser.add_argument("--memory", metavar="SIZE", help="of a process, for tables, such as 32GB")
    parser.add_argument("--weights", choices=("uniform", "global", "item"), help="trait weights (global)")
    parser.add_argument("--sharding", choices=SHARDINGS[1:], help="how tables are cut (row_wise)")


def _size(asked: argparse.Namespace) -> None:
    names = ("items", "dim", "traits", "values", "edges", "rows", "processes", "memory", "weights", "sharding")
    print(size(**{name: getattr(asked, name) for name in names if getattr(asked, name) is not None}))


def add_options(parser: argparse.ArgumentParser) -> None:
    """What both ways to train ask for."""
    parser.add_argument("--sharding", choices=SHARDINGS, default="auto", help="how tables are cut (auto)")
    parser.add_argument("--memory", type=_bytes, metavar="SIZE", help="of a process, for tables, such as 32GB (all)")


def train(asked: argparse.Namespace) -> tuple[ItemModel, History, Dataset | None]:
    """Train by several processes, and keep the model in the folder asked for.

    The job lies beside it until the model is there: if training breaks off, the same command goes on.
    """
    check_installed()
    job, dataset, about = _written(asked, f"{asked.out}.job")
    launch(job, asked.processes)
    folder = job.save_model(asked.out, **about)
    happened = history(job)
    shutil.rmtree(job.folder)
    return load_model(folder), happened, dataset


def _written(asked: argparse.Namespace, folder: str) -> tuple[Job, Dataset | None, dict]:
    """The job, its data set (None for a graph of the command edges), and what to say of the model."""
    dataset = None
    if (Path(asked.dataset) / "graph.json").is_file():
        model, samples, method = *_on_graph(asked), "sgns"
    else:
        dataset = asked.load(asked)
        method = asked.model or usual_method(dataset)
        model, samples = trainable(dataset, method, asked.dim, asked.seed, empty=True)
    more = {"stripes": asked.stripes} if "stripes" in asked else {}
    job = write_job(
        folder, model, samples, asked.epochs, seed=asked.seed, sharding=asked.sharding, memory=asked.memory, **more
    )
    name = asked.dataset if dataset is None else dataset.name
    return job, dataset, {"dataset": name, "method": method, "epochs": asked.epochs, "seed": asked.seed}


def _on_graph(asked: argparse.Namespace) -> tuple[ItemModel, Walks]:
    """Skip-gram and walks on a graph that the command edges wrote. Raises ``ValueError`` for another method."""
    if asked.model not in (None, "sgns"):
        raise ValueError(
            f"The graph in {asked.dataset} has no traits, so {asked.model} can't learn from it: take sgns."
        )
    with torch.device("meta"):
        model = SGNS(items_of(asked.dataset), dim=asked.dim, seed=asked.seed)
    return model, Walks(open_graph(asked.dataset))


def _prepare(asked: argparse.Namespace) -> None:
    job, _, _ = _written(asked, asked.out)
    print(f"The job is in {job.folder}: {job.steps:,} steps. On each host, with {manual.RENDEZVOUS}:")
    print(manual.TORCHRUN.replace("JOB", str(job.folder.absolute())))
    print(manual.SEVERAL_HOSTS)


def _model(asked: argparse.Namespace) -> None:
    job = Job.open(asked.job)
    print(f"The model is in {job.save_model(asked.out)}: step {job.progress()['step']:,} of {job.steps:,}.")


def _edges(asked: argparse.Namespace) -> None:
    options = {name: getattr(asked, name) for name in ("user", "item", "time", "memory", "min_count", "work")}
    log = asked.log[0] if len(asked.log) == 1 else asked.log
    print(graph_of_log(log, asked.out, asked.gap, **options))


def _bytes(text: str) -> int:
    try:
        return in_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
