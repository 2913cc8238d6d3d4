"""Save, load, export. A model is a folder of safetensors and JSON: numbers and text, nothing that runs when opened."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .data.catalogue import Catalogue, Trait
from .models import KINDS

if TYPE_CHECKING:
    from .models.base import ItemModel

FORMAT = 1  # of the model folder; raised when an older library could misread it


def library_version() -> str:
    """The installed version of this library."""
    try:
        return version("mtsgns_lite")
    except PackageNotFoundError:
        return "not installed"


def save_model(model: ItemModel, folder: str | Path, dataset: str = "", **about) -> Path:
    """Write the model, its catalogue, and what made it (`about`: anything JSON takes) to a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    catalogue_to_folder(model.catalogue, folder)
    save_tensors(model.state_dict(), folder / "weights.safetensors")
    kind, traits = type(model).__name__, list(model.catalogue.traits)
    write_about(folder, kind, model.options, len(model.catalogue), traits, dataset, about)
    return folder


def write_about(folder: Path, kind: str, options: dict, items: int, traits: list[str], dataset: str, about: dict):
    """What a model folder says of itself, as `read_about` reads it."""
    text = {
        "format": FORMAT, "kind": kind, "options": options, "dataset": dataset, "items": items, "traits": traits,
        "versions": {"mtsgns_lite": library_version(), "torch": torch.__version__}, "about": about,
    }  # fmt: skip
    write_text(folder / "model.json", json.dumps(text, indent=2))


def load_model(folder: str | Path, device: str | torch.device = "cpu") -> ItemModel:
    """Open a folder that `save_model` wrote; nothing in it is executed.

    Raises ``FileNotFoundError`` where there is no model, ``ValueError`` for a damaged one or one of a newer version.
    """
    folder = Path(folder)
    about = read_about(folder)
    if about["kind"] not in KINDS:
        raise ValueError(
            f"{folder} holds a model called {about['kind']!r}, which this version does not have: update it."
        )
    try:
        model = KINDS[about["kind"]](catalogue_from_folder(folder), **about["options"])
        model.load_state_dict(load_tensors(folder / "weights.safetensors")[0])
    except (RuntimeError, TypeError, KeyError) as error:
        raise ValueError(f"The model in {folder} is damaged: its parts do not fit together; save it again.") from error
    return model.to(device).eval()


def read_about(folder: str | Path) -> dict:
    """What a model folder says of itself. Raises as `load_model` does."""
    path = Path(folder) / "model.json"
    if not path.exists():
        raise FileNotFoundError(f"There is no model in {folder}: it has no model.json.")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        newer = about["format"] > FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: it is not what save_model writes; save the model again.") from error
    if newer:
        raise ValueError(
            f"The model in {folder} was saved by a newer version ({about.get('versions', {}).get('mtsgns_lite')}): "
            f"update mtsgns_lite, which is {library_version()} here."
        )
    return about


def export_vectors(model: ItemModel, path: str | Path, which: str = "target", unseen: str | None = None) -> list[Path]:
    """Write the embeddings for other tools, by the ending of `path`:

    ``.parquet``: item, name and a column of vectors; ``.txt`` or ``.vec``: word2vec's text format, which gensim reads
    (blanks in ids become "_"); ``.tsv``: vectors, and beside them NAME_metadata.tsv, for the Embedding Projector.
    Returns the files written. Raises ``ValueError`` for another ending.
    """
    path = Path(path)
    vectors = model.embeddings(which, **({} if unseen is None else {"unseen": unseen})).detach().cpu().numpy()
    catalogue = model.catalogue
    if path.suffix == ".parquet":
        import pandas as pd

        pd.DataFrame({"item": catalogue.ids, "name": catalogue.names, "vector": list(vectors)}).to_parquet(path)
        return [path]
    if path.suffix in {".txt", ".vec"}:
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"{len(vectors)} {vectors.shape[1]}\n")
            for item, vector in zip(catalogue.ids, vectors):
                out.write("_".join(item.split()) + " " + " ".join(f"{value:.6g}" for value in vector) + "\n")
        return [path]
    if path.suffix == ".tsv":
        np.savetxt(path, vectors, fmt="%.6g", delimiter="\t")
        beside = path.with_name(path.stem + "_metadata.tsv")
        columns = [catalogue.names, *([t.text(i) for i in range(len(catalogue))] for t in catalogue.traits.values())]
        rows = ["\t".join(" ".join(str(cell).split()) for cell in row) for row in zip(*columns)]
        head = ["\t".join(["name", *catalogue.traits])] if catalogue.traits else []  # a lone column must have no header
        write_text(beside, "\n".join([*head, *rows]) + "\n")
        return [path, beside]
    raise ValueError(
        f"{path.name} has no known ending: choose .parquet, .txt (word2vec) or .tsv (Embedding Projector)."
    )


def catalogue_to_folder(catalogue: Catalogue, folder: Path) -> None:
    """Write a catalogue as catalogue.json (texts) and catalogue.safetensors (codes)."""
    text = {
        "ids": catalogue.ids.tolist(),
        "names": catalogue.names.tolist(),
        "traits": {name: trait.values for name, trait in catalogue.traits.items()},
    }
    write_text(folder / "catalogue.json", json.dumps(text, ensure_ascii=False))
    codes = {name: torch.from_numpy(trait.codes) for name, trait in catalogue.traits.items()}
    save_tensors(codes, folder / "catalogue.safetensors")


def copy_catalogue(source: Path, folder: Path) -> None:
    """Copy what `catalogue_to_folder` wrote."""
    for name in ("catalogue.json", "catalogue.safetensors"):
        shutil.copyfile(source / name, folder / name)


def catalogue_from_folder(folder: Path) -> Catalogue:
    """Read what `catalogue_to_folder` wrote. Raises ``ValueError`` when it is damaged."""
    try:
        text = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
        codes = load_tensors(folder / "catalogue.safetensors")[0]
        traits = [Trait(name, tuple(values), codes[name].numpy()) for name, values in text["traits"].items()]
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"The catalogue in {folder} is damaged or incomplete; save it again.") from error
    return Catalogue(text["ids"], text["names"], traits)


def save_checkpoint(path, model, optimiser, generator, history, settings) -> None:
    """Everything that `fit` needs to go on, in one file, written whole or not at all."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors["generator"] = generator.get_state()
    for number, state in (optimiser.state_dict()["state"] if optimiser is not None else {}).items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    text = {"format": FORMAT, "settings": settings, "history": vars(history) | {"probes": []}}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_tensors(tensors, Path(path), {"checkpoint": json.dumps(text)})


def load_checkpoint(path, model, optimiser, generator, history, settings) -> None:
    """Put back what `save_checkpoint` wrote. Raises ``ValueError`` for a damaged file or one of another training."""
    tensors, metadata = load_tensors(Path(path))
    text = json.loads(metadata.get("checkpoint", "{}"))
    if text.get("settings") != json.loads(json.dumps(settings)):
        raise ValueError(
            f"The checkpoint {path} is of another training (model, data or settings): remove or rename it."
        )
    model.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
    generator.set_state(tensors["generator"].cpu())
    if optimiser is not None:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, number, key = name.split(".", 2)
                state.setdefault(int(number), {})[key] = value
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    for name, value in text["history"].items():
        setattr(history, name, [tuple(entry) for entry in value] if name == "loss" else value)


def save_tensors(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write arrays by name to a safetensors file, whole or not at all."""
    # in a folder of its own: safetensors writes under a random name first, which stays if the process is killed
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, part / path.name, metadata)
    os.chmod(part / path.name, part.stat().st_mode & 0o666)  # safetensors lets nobody else read it
    _move(part / path.name, path)
    part.rmdir()


def load_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The arrays of a safetensors file by name, and its metadata. Raises ``ValueError`` for a damaged one."""
    try:
        with safe_open(path, framework="pt") as stored:
            return {name: stored.get_tensor(name) for name in stored.keys()}, stored.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or cut short: remove it, or take another copy.") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; of several that write it at once, one wins."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        _move(part, path)
    finally:
        part.unlink(missing_ok=True)


def _move(part: Path, path: Path) -> None:
    """Give a finished file its name, once the disk holds it: whatever happens, the old file is there, or the new."""
    with open(part, "r+b") as written:
        os.fsync(written.fileno())
    os.replace(part, path)
