"""A web site on this machine that answers as badly as asked to."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Site(ThreadingHTTPServer):
    """Serves `content` at every address, by the next of `answers` as long as there are any, then properly."""

    daemon_threads = True

    def __init__(self, content: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.answers = content, []
        self.asked: list[dict[str, str]] = []  # the headers of each request
        self.sent = 0  # bytes of content
        self.over = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is part of the game

    def __enter__(self) -> Site:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        answer = self.server.answers.pop(0) if self.server.answers else properly()
        answer(self)

    def log_message(self, *_) -> None:
        pass

    @property
    def mark(self) -> str:
        return f'"{hashlib.md5(self.server.content).hexdigest()}"'

    def start_of_range(self, if_range: bool = True) -> int:
        """The first byte wanted: 0 unless a range of this very file is asked for."""
        asked = self.headers.get("Range", "bytes=0-")
        same = not if_range or self.headers.get("If-Range") in (None, self.mark)
        return int(asked.removeprefix("bytes=").rstrip("-")) if same else 0

    def head(self, start: int, **headers) -> None:
        """Status and headers for the content from `start` on; a header that is None is left out."""
        size = len(self.server.content)
        if start >= size:
            self.send_response(416)
            headers = {"Content_Length": 0}
        else:
            self.send_response(206 if start else 200)
            headers = {"Content_Length": size - start, "ETag": self.mark} | headers
            if start:
                headers = {"Content_Range": f"bytes {start}-{size - 1}/{size}"} | headers
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def body(self, start: int, stop: int | None = None) -> None:
        part = self.server.content[start:stop]
        self.server.sent += len(part)  # before the client can know
        self.wfile.write(part)
        self.wfile.flush()


def properly(if_range: bool = True, **headers) -> Answer:
    """As a server should; `if_range=False`: one that takes any range for the file it has now."""

    def answer(handler: Handler) -> None:
        start = handler.start_of_range(if_range)
        handler.head(start, **headers)
        handler.body(start)

    return answer


def breaking_off(after: int, **headers) -> Answer:
    """`after` bytes, then the connection is closed."""

    def answer(handler: Handler) -> None:
        start = handler.start_of_range()
        handler.head(start, **headers)
        handler.body(start, start + after)

    return answer


def stalling(after: int, then: Callable[[], None] = lambda: None) -> Answer:
    """`after` bytes, then nothing, with the connection open."""

    def answer(handler: Handler) -> None:
        start = handler.start_of_range()
        handler.head(start)
        handler.body(start, start + after)
        then()
        handler.server.over.wait(5)

    return answer


def slowly(seconds: float) -> Answer:
    """Properly, but in two halves with a rest between."""

    def answer(handler: Handler) -> None:
        half = len(handler.server.content) // 2
        handler.head(0)
        handler.body(0, half)
        handler.server.over.wait(seconds)
        handler.body(half)

    return answer


def without_ranges(after: int | None = None) -> Answer:
    """All of it from the start, whatever was asked for."""

    def answer(handler: Handler) -> None:
        handler.head(0)
        handler.body(0, after)

    return answer


def in_chunks(after: int | None = None) -> Answer:
    """Transfer-Encoding: chunked; with `after`, broken off within."""

    def answer(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        start = handler.start_of_range()
        handler.head(start, Content_Length=None, Transfer_Encoding="chunked")
        content = handler.server.content[start:][:after]
        handler.server.sent += len(content)
        for at in range(0, len(content), 1000):
            piece = content[at : at + 1000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        handler.wfile.write(b"" if after else b"0\r\n\r\n")

    return answer


def endless(handler: Handler) -> None:
    """The content again and again, with no word of its length."""
    handler.head(0, Content_Length=None)
    with suppress(OSError):
        for _ in range(1000):
            handler.body(0)


def status(code: int) -> Answer:
    """Nothing but a number."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def moved(handler: Handler) -> None:
    """It is somewhere else."""
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere/file.json.gz")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def other(content: bytes) -> Answer:
    """Something else, with all signs of success."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer
