"""The command line: each command reads its arguments, calls the library, prints what it returns."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import doctor, manual
from .comparison import METHODS, compare
from .data.dataset import Dataset
from .data.datasets import NAMED, load
from .data.sources import NAMES as SOURCES
from .data.sources import downloads_folder, find_source, listing, load_call
from .device import pick_device
from .leaderboard import leaderboard
from .models import MultiTraitSGNS
from .neighbours import neighbours, trait_weights
from .scale import commands as scale_commands
from .scoring import FIGURES
from .serving import commands as serving_commands
from .storage import export_vectors, library_version, load_model, save_model
from .trainable import train_method, usual_method
from .training import TrainingDiverged
from .vector_files import Limits

PROGRAM = "python -m mtsgns_lite"
MISTAKES = (ValueError, OSError, KeyError, MemoryError, ModuleNotFoundError, TrainingDiverged)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 where it found something wrong, 2 for a mistake of the caller's."""
    parser = build_parser()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    asked = parser.parse_args(arguments, argparse.Namespace(arguments=arguments))
    if asked.run is None:
        parser.print_help()
        return 0
    try:
        return asked.run(asked) or 0
    except MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(PROGRAM, description=manual.ABOUT, formatter_class=_AsWritten)
    parser.add_argument("--version", action="version", version=library_version())
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=PROGRAM)
    for add in (_add_course, _add_compare, _add_train, _add_neighbours, _add_leaderboard, _add_data, _add_doctor):
        add(commands)
    serving_commands.add(commands, _command, _add_dataset, _load)
    scale_commands.add(commands, _command, _add_training)
    return parser


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=30, width=118)


def _command(commands, name: str, run: Callable, line: str, about: str, epilog: str = "") -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=line, description=about, epilog=epilog, formatter_class=_AsWritten)
    parser.set_defaults(run=run)
    return parser


def _add_course(commands) -> None:
    line = "run the lessons and write them as pages"
    parser = _command(commands, "course", _course, line, manual.COURSE, manual.COURSE_EXAMPLES)
    parser.add_argument("dataset", nargs="?", default="groceries", help="groceries (the default), planted, or a file")
    parser.add_argument("--lessons", type=_names, metavar="01,03", help="only these")
    parser.add_argument("--smoke", action="store_true", help="small data and short training: does everything work?")
    parser.add_argument("--out", default="build/course", metavar="FOLDER", help="where the pages go (build/course)")
    _add_seed_and_device(parser)


def _course(asked: argparse.Namespace) -> int:
    from .course import run  # needs papermill and nbconvert, which the other commands don't

    return run(asked.dataset, asked.smoke, asked.lessons, asked.out, asked.device, asked.seed)


def _add_compare(commands) -> None:
    line = "every method on the same split, as a table"
    parser = _command(commands, "compare", _compare, line, manual.COMPARE, manual.COMPARE_EXAMPLES + manual.YOUR_FILE)
    _add_dataset(parser)
    parser.add_argument(
        "--models", type=_names, metavar="A,B", help='which methods; "all" for every one that can be had'
    )
    parser.add_argument("--seeds", type=_positive, default=3, metavar="N", help="how many, each with its own split (3)")
    parser.add_argument("--cold", type=float, default=0.1, metavar="F", help="fraction of items never seen (0.1)")
    _add_size(parser)
    parser.add_argument("--category", metavar="TRAIT", help="trait of same-category negatives (the main trait)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row here")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page with table and figures here (.html)")
    parser.add_argument("--device", help="cpu, cuda ... (cuda where there is one, else cpu)")


def _compare(asked: argparse.Namespace) -> None:
    _check_writable(asked.json, asked.report)
    dataset = _load(asked)
    print(f"{dataset!r}\nfitting on {pick_device(asked.device)}", file=sys.stderr)
    passed_on = ("models", "seeds", "cold", "dim", "epochs", "category", "device")
    found = compare(dataset, **{name: getattr(asked, name) for name in passed_on})
    found.settings["command"] = f"{PROGRAM} {shlex.join(asked.arguments)}"
    print(found)
    if asked.json is not None:
        asked.json.write_text(found.to_text(), encoding="utf-8")
    if asked.report is not None:
        from .report import write_report  # plotly, which the other commands don't need

        print(f"wrote {write_report(found, asked.report)}")


def _check_writable(*files: Path | None) -> None:
    """Better said now than after the work. Raises ``FileNotFoundError``."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} in: make it first.")


def _add_train(commands) -> None:
    about = "Train one model on the whole of a data set, nothing held out, and keep it as a folder of plain numbers."
    parser = _command(
        commands, "train", _train, "train one model and keep it", about, manual.TRAIN_EXAMPLES + manual.YOUR_FILE
    )
    _add_training(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the model goes")
    parser.add_argument("--export", metavar="FILE", help="vectors, too: .parquet, .txt (word2vec) or .tsv (Projector)")
    parser.add_argument("--device", help="cpu, cuda ... (cuda where there is one, else cpu)")
    parser.add_argument("--engine", choices=("fit", "torchrec"), default="fit", help="torchrec: see the command scale")
    parser.add_argument("--processes", type=_positive, default=2, metavar="N", help="of --engine torchrec (2)")
    scale_commands.add_options(parser)


def _add_training(parser: argparse.ArgumentParser) -> None:
    """What is trained, on what, and how large."""
    _add_dataset(parser)
    parser.set_defaults(load=_load)
    trainable = [name for name, method in METHODS.items() if method.model]
    parser.add_argument("--model", metavar="METHOD", help=f"{', '.join(trainable)} (traits-global, else sgns)")
    _add_size(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (0)")


def _train(asked: argparse.Namespace) -> None:
    folder = Path(asked.out)
    if asked.engine == "torchrec":
        model, history, dataset = scale_commands.train(asked)
    else:
        dataset = _load(asked)
        method = asked.model or usual_method(dataset)
        model, history = train_method(dataset, method, asked.dim, asked.epochs, asked.seed, asked.device)
        save_model(model, folder, dataset.name, method=method, epochs=asked.epochs, seed=asked.seed)
    print(history)
    if isinstance(model, MultiTraitSGNS):
        print(trait_weights(model, truth=dataset.truth.get("shares") if dataset else None))
    for path in export_vectors(model, asked.export) if asked.export else []:
        print(f"wrote {path}")
    print(f'The model is in {folder}. Ask it: {PROGRAM} neighbours {folder} "{model.catalogue.names[0]}"')


def _add_neighbours(commands) -> None:
    about = "The items nearest to one, by cosine, and the traits that they share with it."
    parser = _command(commands, "neighbours", _neighbours, "what is near an item, and why", about)
    parser.add_argument("model", metavar="MODEL_FOLDER", help="a folder that train wrote")
    parser.add_argument("item", metavar="ITEM", help="its id, its name, or how its name begins")
    parser.add_argument("-k", type=_positive, default=10, metavar="N", help="how many (10)")


def _neighbours(asked: argparse.Namespace) -> None:
    print(neighbours(load_model(asked.model), asked.item, asked.k))


def _add_leaderboard(commands) -> None:
    line = "score the vectors that a class handed in"
    parser = _command(commands, "leaderboard", _leaderboard, line, manual.LEADERBOARD, manual.LEADERBOARD_EXAMPLES)
    parser.add_argument("folder", metavar="FOLDER", help="what was handed in")
    parser.add_argument(
        "--split", required=True, metavar="FOLDER", help="what split.save wrote, held-out pairs and all"
    )
    parser.add_argument("--by", choices=list(FIGURES), default="degree-seen", help="which figure decides (degree-seen)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every row here, for a spreadsheet")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the table as a page here")
    most = Limits()
    for name, unit, about in (
        ("megabytes", "MB", "file"),
        ("seconds", "N", "submission"),
        ("memory", "MB", "submission"),
    ):
        words = f"the most for one {about} ({getattr(most, name):,})"
        parser.add_argument(f"--{name}", type=_positive, default=getattr(most, name), metavar=unit, help=words)


def _leaderboard(asked: argparse.Namespace) -> int:
    _check_writable(asked.csv, asked.html)
    limits = Limits(megabytes=asked.megabytes, seconds=asked.seconds, memory=asked.memory)
    written = [file for file in (asked.csv, asked.html) if file is not None]
    found = leaderboard(asked.folder, asked.split, asked.by, limits, written)
    encoding = sys.stdout.encoding or "utf-8"  # which may lack a letter of somebody's name
    print(str(found).encode(encoding, "backslashreplace").decode(encoding))
    if asked.csv is not None:
        found.write_csv(asked.csv)
    if asked.html is not None:
        found.write_html(asked.html)
    return 1 if found.failed else 0


def _add_data(commands) -> None:
    parser = _command(commands, "data", _data, "the data sets that have a name", manual.DATA_SETS)
    inner = parser.add_subparsers(metavar="show | get", prog=f"{PROGRAM} data")
    _add_dataset(_command(inner, "show", _show, "load a data set and sum it up", "Sizes and traits.", manual.YOUR_FILE))

    get = _command(
        inner, "get", _get, "fetch a data set that we may not ship", manual.DATA_GET, manual.DATA_GET_EXAMPLES
    )
    get.add_argument("name", nargs="?", metavar="NAME", help=f"{', '.join(SOURCES)}; without a name, all are listed")
    get.add_argument("--category", metavar="C", help="of amazon: which part of the shop")
    get.add_argument("--folder", metavar="FOLDER", help="where to put it (the user's cache folder)")
    get.add_argument("--sha256", metavar="HEX", help="the checksum, where you know one and we do not; with --size")
    get.add_argument("--size", type=_positive, metavar="BYTES", help="the file's size; with --sha256")


def _data(asked: argparse.Namespace) -> None:
    print(manual.DATA_SETS)


def _show(asked: argparse.Namespace) -> None:
    print(_load(asked))


def _get(asked: argparse.Namespace) -> None:
    from .data.download import fetch  # needs requests, which the other commands don't

    if asked.name is None:
        print(f"{listing()}\n\nTerms are shown before anything is fetched; files go to {downloads_folder()}.")
        return
    path = fetch(find_source(asked.name, asked.category, asked.sha256, asked.size), asked.folder)
    print(f"{path}\nLoad it: {load_call(asked.name, asked.category, path if asked.folder else None)}")


def _add_doctor(commands) -> None:
    about = (
        "Looks at interpreter, packages, device, data, memory and kernel, and says what to do; exit code 1 on a FAIL."
    )
    _command(commands, "doctor", lambda asked: doctor.run(), "is this machine ready?", about)


def _add_dataset(parser: argparse.ArgumentParser) -> None:
    kinds = "a file of Amazon metadata, or a CSV or parquet file of baskets, edges or ratings"
    parser.add_argument("dataset", metavar="DATASET", help=f"{', '.join(NAMED)}:CATEGORY, {kinds}")
    files = parser.add_argument_group("your own file")
    for part, about in manual.COLUMNS.items():
        files.add_argument(f"--{part}", metavar="COLUMN", help=about)
    files.add_argument("--items", metavar="FILE", help="a table with one row per item")
    files.add_argument("--traits", type=_names, metavar="A,B", help="columns that describe items (found by themselves)")
    files.add_argument("--multi-separator", metavar="TEXT", help='separates several values in one cell, such as "|"')
    files.add_argument("--path", metavar="FOLDER", help="where the files of movielens or online-retail are")


def _load(asked: argparse.Namespace) -> Dataset:
    """The data set asked for: a named one with the traits asked for, or a file by its columns."""
    given = {part: getattr(asked, part) for part in (*manual.COLUMNS, "items", "multi_separator", "path")}
    given = {part: value for part, value in given.items() if value is not None}
    if asked.dataset not in NAMED:
        ends = {f"edge_{end}": given.pop(end) for end in ("source", "target") if end in given}
        return load(asked.dataset, traits=asked.traits or "auto", **given, **ends)
    if set(given) - {"path"}:
        raise ValueError(f"{asked.dataset} knows its own columns: --{min(given).replace('_', '-')} is for files.")
    dataset = load(asked.dataset, **given)
    if asked.traits:
        dataset.catalogue = dataset.catalogue.select(*asked.traits)
    return dataset


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dim", type=_positive, default=64, metavar="N", help="dimensions of a vector (64)")
    parser.add_argument("--epochs", type=_positive, default=3, metavar="N", help="passes over the data (3)")


def _add_seed_and_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (0)")
    parser.add_argument("--device", help="cpu, cuda ... (cuda where there is one, else cpu)")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
