"""Stops a function that takes too long, one that swallows whatever is thrown into it too."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from pathlib import Path
from types import FrameType

HERE = str(Path(__file__).parent)


class Stopped(BaseException):
    """Thrown into a function that took too long. Not an Exception, which many functions swallow."""

    watch: Watch | None = None

    def __init__(self) -> None:
        self._insist()

    def __del__(self) -> None:
        self._insist()

    def _insist(self) -> None:
        if self.watch is not None:
            self.watch.insist()


class Watch:
    """Throws `Stopped` into the thread that made it after so many seconds, and again until `finish` is called.

    An exception is set on the thread itself, not a signal: that works on Windows and off the main thread, and takes
    nothing from a KeyboardInterrupt by hand. In ``while True: try: work() except: pass`` it nearly always arrives in
    the `try`. Hence it throws another one at the next line, which stands in the `except`; and a `Stopped` that is
    dropped, as at the end of an `except`, throws one at the line that follows, and so gets out of any nest of these.
    """

    def __init__(self, seconds: float):
        self.seconds, self.thread = seconds, threading.get_ident()
        self.over, self.lock = threading.Event(), threading.Lock()
        self.thrown = self.ended = self.tracing = False
        self.kind = type("Stopped", (Stopped,), {"watch": self})
        with contextlib.suppress(RuntimeError):  # where there are no threads, there is no limit
            threading.Thread(target=self._wait, daemon=True).start()

    def finish(self) -> None:
        """After this returns, nothing is thrown."""
        self.ended = True
        while not self.over.is_set():
            try:
                with self.lock:
                    self.over.set()
            except Stopped:
                continue
        if self.thrown:
            self._take()
        if self.tracing:
            sys.settrace(self.before)

    def insist(self) -> None:
        """Have one thrown at the next line of the function, or of those that called it."""
        if self.ended or threading.get_ident() != self.thread:
            return
        if not self.tracing:
            self.tracing, self.before = True, sys.gettrace()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and _ours(frame):
            frame = frame.f_back
        while frame is not None and not _ours(frame):
            frame.f_trace = self._trace
            frame = frame.f_back
        sys.settrace(self._trace)

    def _trace(self, frame: FrameType, event: str, _):
        if self.ended or _ours(frame):
            return None
        if event == "line":
            raise self.kind  # after which Python traces no more
        return self._trace

    def _wait(self) -> None:
        wait = self.seconds
        while not self.over.wait(wait):
            with self.lock:
                if not self.over.is_set():
                    self.thrown = True
                    self._throw()
            wait = 0.2

    def _throw(self) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), ctypes.py_object(self.kind))

    def _take(self) -> None:
        """Take the one that was set and has perhaps not arrived. Python 3.11 can't trace after one is unset instead."""
        try:
            self._throw()
            while True:
                pass
        except Stopped:
            pass


def _ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(HERE)
