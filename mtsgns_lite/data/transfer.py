"""Bring a file over an unreliable network: a transfer that broke off goes on, if the server still has the same file.

requests carries the bytes (certificates, proxies, redirects, time-outs). Of the libraries made for fetching data, pooch
starts a broken transfer anew, parfive and pypdl come with an asynchronous stack, and none asks with If-Range whether
the rest belongs to the same file; that is what is added here, and no more.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from .sources import Source, megabytes

CHUNK = 1 << 14  # bytes; what a stall may cost
FOR_NOW = {408, 425, 429, 500, 502, 503, 504}  # answers of a server that may well answer otherwise in a moment
FOR_GOOD = (requests.exceptions.SSLError, requests.exceptions.ProxyError)
FIRST_BYTES = {".gz": b"\x1f\x8b", ".zip": b"PK"}


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection and for the next bytes; how many tries may bring less than a hundredth of the
    file in a row; seconds before the second of them, doubled before each further one."""

    connect: float = 10.0
    read: float = 30.0
    tries: int = 5
    pause: float = 1.0


PATIENT = Patience()


class _BrokenOff(Exception):
    """What went wrong this time; the next try may do better."""


def transfer(source: Source, part: Path, patience: Patience, say: Callable[[str], None]) -> bool:
    """Bring all of the file at `source.url` into the file `part`; True if its bytes come from several answers.

    Raises ``ConnectionError`` where the network or the server stays in the way (what came so far is kept), and
    ``ValueError`` where the server has something else.
    """
    with requests.Session() as session:
        turn, best = 0, 0
        while True:
            turn += 1
            try:
                return _one_answer(session, source, part, patience)
            except _BrokenOff as trouble:
                if matches(part, source):  # the server promised more than there is
                    return False
                here = f"{trouble} at {megabytes(size_of(part))}"
                if size_of(part) - best > (source.size or 0) // 100:  # it gets on
                    turn, best = 1, size_of(part)
                if turn == patience.tries:
                    raise ConnectionError(
                        f"{source.file} did not come in {turn} tries ({here}): run the same command again to go on."
                    ) from trouble
            except requests.RequestException as error:
                if not isinstance(_reason(error), NewConnectionError) or turn in (1, patience.tries):
                    raise _no_way(error, source) from error
                here = "no connection"
            say(f"  {here}: trying again")
            time.sleep(patience.pause * 2 ** (turn - 1))


def _one_answer(session: requests.Session, source: Source, part: Path, patience: Patience) -> bool:
    """Ask for what is missing, and take what comes: the rest, or all of it from the start."""
    have, mark = _so_far(part, source.url)
    headers = {"Accept-Encoding": "identity", "User-Agent": "mtsgns_lite"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": mark}
    try:
        with session.get(source.url, headers=headers, stream=True, timeout=(patience.connect, patience.read)) as answer:
            goes_on = _goes_on(answer, have, mark, part)
            _check_status(answer, source)
            _receive(answer, source, part, have if goes_on else 0)
            return goes_on
    except (requests.Timeout, ReadTimeoutError) as error:
        raise _BrokenOff("nothing came in time") from error
    except (requests.ConnectionError, HTTPError) as error:
        if isinstance(_reason(error), NewConnectionError) or isinstance(error, FOR_GOOD):
            raise
        raise _BrokenOff("the connection was lost") from error


def _goes_on(answer: requests.Response, have: int, mark: str, part: Path) -> bool:
    """Is this the rest of what is here? A server that does not do ranges, or has a new file, sends all of it."""
    if answer.status_code not in (206, 416):
        return False
    start = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if answer.status_code == 206 and start and int(start[1]) == have and _mark(answer) in ("", mark):
        return True
    forget(part)
    raise _BrokenOff("the server has another file now")


def _check_status(answer: requests.Response, source: Source) -> None:
    if answer.status_code in FOR_NOW:
        raise _BrokenOff(f"{urlsplit(answer.url).hostname} answered {answer.status_code} {answer.reason}")
    if answer.status_code not in (200, 206):
        raise ConnectionError(
            f"{urlsplit(answer.url).hostname} answered {answer.status_code} {answer.reason} for {source.url}: look "
            "there with a browser whether the file has moved."
        )


def _receive(answer: requests.Response, source: Source, part: Path, have: int) -> None:
    """Write the bytes of an answer as they come, after the `have` that are here."""
    total = _stated_total(answer, have)
    if not have:
        forget(part)
        _mark_file(part).write_text(f"{source.url}\n{_mark(answer)}", encoding="utf-8")
    known = source.size or 0
    most = known if source.strict else total or 2 * known
    start = FIRST_BYTES[Path(source.file).suffix]
    with open(part, "ab") as file, _bar(source.file, total or known, have) as bar:
        # the bytes as they are: a server may call a .gz file "encoded", and requests would unpack it
        for chunk in answer.raw.stream(CHUNK, decode_content=False):
            if not file.tell() and chunk[:2] != start[: len(chunk)]:
                raise ValueError(
                    f"{source.url} gave something else than a {Path(source.file).suffix} file: a page of "
                    "the network you are in, perhaps, that wants you to log in."
                )
            if file.tell() + len(chunk) > most:
                raise ValueError(
                    f"{source.url} does not end after {megabytes(most)}: it is not the file that is known."
                )
            file.write(chunk)
            bar.update(len(chunk))
    if total is None and not answer.raw.chunked and size_of(part) < known:
        raise _BrokenOff("the connection was lost")  # with neither length nor chunks, an end says nothing


def _stated_total(answer: requests.Response, have: int) -> int | None:
    """How many bytes the whole file has, if the server says so."""
    if have:
        found = re.search(r"/(\d+)$", answer.headers.get("Content-Range", ""))
        return int(found[1]) if found else None
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _mark(answer: requests.Response) -> str:
    """What tells this file from a later one at the same address; empty if the server gives nothing of the kind."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")


def _mark_file(part: Path) -> Path:
    return part.with_name(part.name + ".mark")


def _so_far(part: Path, url: str) -> tuple[int, str]:
    """Bytes of an earlier answer and its mark; (0, "") if there is nothing to go on from."""
    try:
        address, mark = _mark_file(part).read_text(encoding="utf-8").split("\n", 1)
    except (OSError, ValueError):
        return 0, ""
    have = size_of(part)
    return (have, mark) if have and mark and address == url else (0, "")


def forget(part: Path) -> None:
    """Remove what came so far."""
    part.unlink(missing_ok=True)
    _mark_file(part).unlink(missing_ok=True)


def matches(path: Path, source: Source) -> bool:
    """Whether a file is the one that is known, to the last bit."""
    return path.is_file() and size_of(path) == source.size and sha256_of(path) == source.sha256


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _bar(name: str, total: int, have: int) -> tqdm:
    seldom = 0.1 if sys.stderr.isatty() else 10.0  # seconds; a log would keep every state of it
    short = name if len(name) <= 24 else f"{name[:22]}.."
    return tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=short, mininterval=seldom)


def _reason(error: Exception) -> object:
    """What urllib3 says of a failed request."""
    return getattr(error.args[0], "reason", None) if error.args else None


def _no_way(error: requests.RequestException, source: Source) -> ConnectionError:
    host = urlsplit(source.url).hostname
    if isinstance(_reason(error), NewConnectionError):
        return ConnectionError(f"There is no connection to {host}: check the network, then run the same command again.")
    return ConnectionError(f"{host} can't be reached as it should be ({type(error).__name__}): {source.url}.")
