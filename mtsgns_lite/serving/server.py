"""Running the service: until it is stopped, or for as long as a block of code lasts."""

from __future__ import annotations

import errno
import gc
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .embeddings import Embeddings
from .live import LOG, Live, check_there
from .recommender import Recommender

MISSING = (
    'The service needs the packages fastapi, fastapi-offline and uvicorn: `pip install "mtsgns_lite[serving]"`, or '
    '`pip install -e ".[serving]"` in a clone.'
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE = 10  # seconds that requests get to end when the service is stopped


def serve(
    path: str | Path | Embeddings | Recommender,
    host: str = "127.0.0.1",
    port: int = 8000,
    index: str = "approximate",
    stock: str | Path | None = None,
    every: float = 2.0,
) -> None:
    """Serve a store or a model until Ctrl-C or SIGTERM; requests that are under way are answered first.

    host : only this machine can reach the default; another address opens the service, which asks for no password, to
        whoever reaches the machine. For the rest see `Live`.
    Raises ``ModuleNotFoundError`` without fastapi or uvicorn, ``OSError`` where the port is taken.
    """
    make_server = _server_maker()
    check_there(path)
    with _listen(host, port) as listening:  # who asks before all is loaded waits, and is answered
        server = make_server(Live(path, index, stock, every), "info")
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}"
        what = path if isinstance(path, (str, Path)) else "vectors"
        print(f"Serving {what} on {address} (documentation: {address}/docs)", flush=True)
        if host not in LOOPBACK:
            print("Whoever reaches this machine can ask: there is no password. Put a proxy before it that has one.")
        _speak()
        gc.collect()
        gc.freeze()  # else a full collection looks at 200,000 objects that stay anyway, and all wait 50 to 100 ms
        try:
            server.run(sockets=[listening])
        finally:
            gc.unfreeze()


@contextmanager
def running(
    path: str | Path | Embeddings | Recommender,
    index: str = "approximate",
    stock: str | Path | None = None,
    every: float = 2.0,
) -> Iterator[str]:
    """Serve on a free port of this machine while a block of code runs, which gets the address:

    >>> with running(store) as address:
    ...     requests.get(f"{address}/similar", {"item": "1042", "k": 3}).json()
    """
    server = _server_maker()(Live(path, index, stock, every), "warning")
    with _listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        if not server.started:
            raise RuntimeError("The service did not start; what it wrote above says why.")
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _server_maker() -> Callable:
    """(live, log level) -> a server; before anything is loaded it is known whether there can be one."""
    try:
        import uvicorn

        from .service import make_app
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error

    def make(live: Live, log_level: str):
        config = uvicorn.Config(
            make_app(live), log_level=log_level, access_log=False, timeout_graceful_shutdown=PATIENCE,
            server_header=False,
        )  # fmt: skip
        return uvicorn.Server(config)

    return make


def _speak() -> None:
    """Let versions that are taken up be read where uvicorn writes too."""
    if not LOG.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s:     %(message)s"))
        LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        said = (error.strerror or str(error)).partition(" (while")[
            0
        ]  # Python adds the address, which stands here already
        why = "is taken by another program" if error.errno == errno.EADDRINUSE else f"can't be used: {said}"
        other = "choose another with --port (port=), 0 for any that is free"
        raise OSError(f"Port {port} of {host} {why}; {other}.") from error
