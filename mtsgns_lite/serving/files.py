"""Embeddings as files, numbers in safetensors and texts in JSON, and what they were made from as a hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from ..cold import TraitRows
from ..data.dataset import Dataset, Ragged
from ..storage import catalogue_from_folder, catalogue_to_folder, load_tensors, save_tensors, write_text
from .embeddings import Embeddings
from .index import ApproximateIndex

GRAPH = "index.voyager"
USERS = "users.json"


def source_hash(dataset: Dataset) -> str:
    """The sha256 of a data set's items, traits, baskets, edges and ratings: other data has another."""
    digest = hashlib.sha256()

    def add(name: str, *arrays: np.ndarray) -> None:
        for array in arrays:
            array = np.ascontiguousarray(array)
            array = array.astype("<i8" if array.dtype.kind in "iub" else "<f8")  # whatever the machine
            digest.update(f"{name} {array.shape}".encode())
            digest.update(array.tobytes())

    catalogue = dataset.catalogue
    texts = [catalogue.ids.tolist(), catalogue.names.tolist(), [[n, t.values] for n, t in catalogue.traits.items()]]
    digest.update(json.dumps(texts).encode())
    add("traits", *(trait.codes for trait in catalogue.traits.values()))
    if dataset.baskets is not None:
        add("baskets", dataset.baskets.values, dataset.baskets.offsets)
    if dataset.users is not None:
        add("users", dataset.users)
    if dataset.edges is not None:
        add("edges", dataset.edges.source, dataset.edges.target, dataset.edges.weight)
    if dataset.ratings is not None:
        add("ratings", dataset.ratings.user, dataset.ratings.item, dataset.ratings.value)
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """The sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tensors_of(embeddings: Embeddings) -> dict[str, torch.Tensor]:
    """Every array by name."""
    arrays = {"items": embeddings.vectors, "counts": embeddings.counts}
    if embeddings.traits is not None:
        arrays |= {"trait_rows": embeddings.traits.rows, "trait_logits": embeddings.traits.logits}
        arrays["trait_scale"] = np.array([embeddings.traits.scale])
    if embeddings.users is not None and embeddings.bought is not None:
        arrays |= {"users": embeddings.users, "bought": embeddings.bought.values}
        arrays["bought_offsets"] = embeddings.bought.offsets
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def write(embeddings: Embeddings, folder: Path, index: bool) -> None:
    """Put embeddings into a folder, with the graph of their index if asked."""
    catalogue_to_folder(embeddings.catalogue, folder)
    save_tensors(tensors_of(embeddings), folder / "vectors.safetensors")
    if embeddings.user_ids is not None:
        write_text(folder / USERS, json.dumps(embeddings.user_ids.tolist(), ensure_ascii=False))
    if index:
        ApproximateIndex(embeddings.vectors).save(folder / GRAPH)


def read(folder: Path) -> Embeddings:
    """Take out what `write` put in. Raises ``ValueError`` for damaged files."""
    catalogue = catalogue_from_folder(folder)
    arrays = {name: tensor.clone().numpy() for name, tensor in load_tensors(folder / "vectors.safetensors")[0].items()}
    traits = users = bought = None
    if "trait_rows" in arrays:
        traits = TraitRows(arrays["trait_rows"], arrays["trait_logits"], bool(arrays["trait_scale"][0]))
    if "users" in arrays:
        users, bought = arrays["users"], Ragged(arrays["bought"], arrays["bought_offsets"])
    return Embeddings(catalogue, arrays["items"], arrays["counts"], traits, users, bought, _user_ids(folder / USERS))


def _user_ids(path: Path) -> np.ndarray | None:
    """None where the data named no users, as in versions of before they were kept."""
    if not path.is_file():
        return None
    try:
        return np.array([str(user) for user in json.loads(path.read_text(encoding="utf-8"))], dtype=object)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: publish the version again.") from error


def schema(embeddings: Embeddings) -> dict:
    """What the arrays are, and how many of everything."""
    tensors = tensors_of(embeddings)
    arrays = {
        name: {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape)} for name, t in tensors.items()
    }
    items, dim = embeddings.vectors.shape
    users = 0 if embeddings.users is None else len(embeddings.users)
    traits = list(embeddings.catalogue.traits)
    named = embeddings.user_ids is not None
    return {"items": items, "dim": dim, "users": users, "user_ids": named, "traits": traits, "arrays": arrays}
