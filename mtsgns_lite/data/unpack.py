"""Unpack one folder or file of a zip archive beside it: whole or not at all, and nowhere else."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

MOST = 1 << 30  # bytes unpacked; the archives here hold a few MB


def unpack(archive: Path, inside: str) -> Path:
    """Put the folder or file `inside` of a zip archive next to the archive, and return its path.

    What is there already is left alone if it is the same.
    Raises ``ValueError`` for an archive that would write elsewhere, is too large or does not hold it, and
    ``FileExistsError`` where something else of that name is in the way.
    """
    target = archive.parent / inside
    try:
        with zipfile.ZipFile(archive) as content:
            members = [member for member in content.infolist() if PurePosixPath(member.filename).parts[:1] == (inside,)]
            _check(archive, inside, members)
            if not target.exists():
                _unpack(content, members, target)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive} can't be unpacked ({error}): delete it and fetch it again.") from error
    if not all(_same(member, archive.parent / member.filename) for member in members if not member.is_dir()):
        raise FileExistsError(
            f"{target} is not what {archive.name} holds: move it away and run the same command again."
        )
    return target


def _check(archive: Path, inside: str, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise ValueError(f"{archive} holds no {inside}: it is not the archive that is known.")
    for member in members:
        link = stat.S_ISLNK(member.external_attr >> 16)
        if link or ".." in PurePosixPath(member.filename).parts:
            raise ValueError(f"{archive} wants to write to {member.filename!r}: it is not the archive that is known.")
    if sum(member.file_size for member in members) > MOST:
        raise ValueError(f"{archive} would unpack to more than {MOST >> 30} GB: it is not the archive that is known.")


def _unpack(content: zipfile.ZipFile, members: list[zipfile.ZipInfo], target: Path) -> None:
    """By way of a folder of its own, so that half of it never bears the name."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as folder:
        content.extractall(folder, members)
        os.replace(Path(folder, target.name), target)


def _same(member: zipfile.ZipInfo, path: Path) -> bool:
    return path.is_file() and path.stat().st_size == member.file_size and zlib.crc32(path.read_bytes()) == member.CRC
