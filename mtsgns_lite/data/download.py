"""`fetch` a data set: terms first, then the file, checked before it counts; it is there whole or not at all."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import sys
import textwrap
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .sources import Source, downloads_folder, megabytes
from .transfer import PATIENT, Patience, forget, matches, sha256_of, size_of, transfer
from .unpack import unpack

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR}
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile)


def fetch(
    source: Source,
    folder: str | Path | None = None,
    patience: Patience = PATIENT,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Bring a source's file into a folder (the user's cache folder), and unpack it there if it is an archive.

    Returns the path of what can be loaded. What a transfer left behind when it broke off is kept (`.part`) and the next
    one goes on from there; nothing bears the file's own name before it is whole and checked.

    Raises ``ValueError`` where no checksum is known or what came is not the file, ``ConnectionError`` for trouble of
    the network, ``OSError`` where the disk is full; each says in one sentence what to do.
    """
    folder = downloads_folder() if folder is None else Path(folder).expanduser()
    target = folder / source.file
    say = say or (lambda text: print(text, file=sys.stderr, flush=True))
    if source.sha256 is None or source.size is None:
        raise ValueError(
            f"Nobody has recorded a checksum of {source.file}, so it is not fetched: get it by hand from {source.url} "
            f'and load it with mt.load("{source.file}"), or give --sha256 and --size.'
        )
    with _plain_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(target, say):
            if target.exists():
                _check_kept(target, source)
                say(f"{target} is there already, and whole: nothing to fetch.")
            else:
                say(about(source, folder))
                _fetch(target, source, patience, say)
            return unpack(target, source.inside) if source.inside else target


def about(source: Source, folder: Path) -> str:
    """What to know before fetching: where from and to, terms, whom to cite, how far the checksum can be trusted."""
    checksum = "not known" if source.sha256 is None else "known: another file is refused"
    if source.sha256 and not source.strict:
        checksum = "known only second-hand: a file that differs is kept, with a warning"
    wrap = textwrap.TextWrapper(min(shutil.get_terminal_size((100, 24)).columns, 100), subsequent_indent=" " * 12)
    words = dict(holds=source.title, terms=source.terms, cite=source.citation, checksum=checksum)
    return "\n".join(
        [
            source.file + (f", {megabytes(source.size)}" if source.size else ""),
            f"  {'from':<10}{source.url}",
            f"  {'to':<10}{folder}",
            *(wrap.fill(f"  {name:<10}{text}") for name, text in words.items()),
        ]
    )


def _fetch(target: Path, source: Source, patience: Patience, say: Callable[[str], None]) -> None:
    """Transfer, check, and only then give the file its name."""
    part = target.with_name(target.name + ".part")
    if not matches(part, source):
        missing = (source.size or 0) - size_of(part)
        if shutil.disk_usage(target.parent).free < missing:
            raise OSError(errno.ENOSPC, "no space")
        in_pieces = _transfer(source, part, patience, say)
        if in_pieces and not matches(part, source):  # the pieces may be of two files
            say(f"{source.file} came in pieces that do not fit together: fetching it anew.")
            forget(part)
            _transfer(source, part, patience, say)
    _accept(part, source, say)
    os.replace(part, target)
    forget(part)


def _transfer(source: Source, part: Path, patience: Patience, say: Callable[[str], None]) -> bool:
    try:
        return transfer(source, part, patience, say)
    except ValueError:  # it is something else
        forget(part)
        raise
    except KeyboardInterrupt:
        say(f"stopped at {megabytes(size_of(part))}: run the same command again to go on.")
        raise


def _accept(part: Path, source: Source, say: Callable[[str], None]) -> None:
    """Raise ``ValueError``, and delete it, if what came is not what was asked for."""
    if matches(part, source):
        return
    size, digest = size_of(part), sha256_of(part)
    if source.strict or not _archive_is_whole(part):
        forget(part)
        reason = "is not the file that is known" if source.strict else "is damaged"
        raise ValueError(
            f"What came from {source.url} {reason} and was deleted: it has {size:,} bytes with sha256 {digest}, "
            f"expected were {source.size:,} bytes with sha256 {source.sha256}."
        )
    say(
        f"warning: {source.file} is kept, being undamaged, but differs from the one on record:\n"
        f"  here       {size:,} bytes, sha256\n             {digest}\n"
        f"  on record  {source.size:,} bytes, sha256\n             {source.sha256}"
    )


def _check_kept(target: Path, source: Source) -> None:
    """Raise ``FileExistsError`` if what is there from before can't be the file."""
    if not matches(target, source) and (source.strict or not _archive_is_whole(target)):
        raise FileExistsError(f"{target} is damaged or another file: move it away and run the same command again.")


def _archive_is_whole(path: Path) -> bool:
    """Read a gzip or zip file to its end, checksums and all."""
    try:
        if Path(path.name.removesuffix(".part")).suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
        return size_of(path) > 0
    except DAMAGED:
        return False


@contextmanager
def _alone(target: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep other processes from fetching the same file; wait while one does."""
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"Another process is fetching {target.name}: waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()  # the file is there: whoever waits with the old lock has nothing left to do


@contextmanager
def _plain_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OSError(f"There is no space left in {folder}: make room, or take another --folder.") from error
        if error.errno in CLOSED:
            raise OSError(f"{folder} can't be written to ({error.strerror}): take another --folder.") from error
        raise
