"""`run`: is this machine ready for the course? A line for each thing looked at, and what to do where it is not well.

`python -m mtsgns_lite doctor` calls it. Where a package is missing altogether, `python mtsgns_lite/doctor.py` still
works: this file imports nothing but Python's own modules until a check needs more.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

OK, WARN, FAIL = "OK", "WARN", "FAIL"
INSTALL = "run `make setup`, or `pip install -c constraints.txt -e .[notebooks]`"
PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
PYTHON = ((3, 11), (3, 14))  # from, and up to but not including; a test keeps it in step with pyproject.toml
LESSON_GB, LEAST_GB = 2.0, 1.0  # a lesson's kernel and what stands around it; below the least not even that starts


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and what to do about it."""

    state: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{f'[{self.state}]':<7}{self.what}" + (f"\n       -> {self.advice}" if self.advice else "")


def run(checks: list[Callable[[], Iterator[Finding]]] | None = None) -> int:
    """Print a line for each finding; 1 if there is a [FAIL] among them, else 0."""
    failed = 0
    for check in CHECKS if checks is None else checks:
        for finding in _safely(check):
            print(finding, flush=True)
            failed += finding.state == FAIL
    print(f"\n{failed} to mend, marked [FAIL]." if failed else "\nAll is well: `make course`, or `make lab`.")
    return 1 if failed else 0


def _safely(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a check; a doctor must not fall ill of what he finds."""
    try:
        yield from check()
    except Exception as error:
        yield Finding(FAIL, f"{check.__name__}: {error}", "mend what stands above first")


def interpreter() -> Iterator[Finding]:
    """Is Python of a version that the course was tested with?"""
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    if PYTHON[0] <= sys.version_info[:2] < PYTHON[1]:
        yield Finding(OK, here)
    else:
        wanted = " up to ".join(f"{major}.{minor - last}" for (major, minor), last in zip(PYTHON, (0, 1)))
        yield Finding(FAIL, here, f"install Python {wanted}, then `make setup PYTHON=python{wanted.split()[0]}`")


def packages() -> Iterator[Finding]:
    """Is everything installed, in a version that will do?"""
    yield _group("", "library", FAIL, INSTALL)
    yield _group("notebooks", "lessons", WARN, INSTALL)


def service() -> Iterator[Finding]:
    """Could `serve` answer? Nothing else needs its packages: without them lesson 09 leaves some cells out."""
    yield _group("serving", "service", WARN, "for the command serve: `pip install -c constraints.txt -e .[serving]`")


def _group(extra: str, title: str, worst: str, advice: str) -> Finding:
    wanted = [requirement for group, requirement in _requirements() if group == extra]
    problems = [problem for problem in map(_problem, wanted) if problem]
    if problems:
        return Finding(worst, f"packages of the {title}: {'; '.join(problems)}", advice)
    there = ", ".join(f"{name} {version(name)}" for name in map(_name, wanted))
    return Finding(OK, f"packages of the {title}: {there}")


def _requirements() -> list[tuple[str, str]]:
    """(extra, requirement) of each dependency: from pyproject.toml beside the package, else as it was installed."""
    if PYPROJECT.exists():
        import tomllib

        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        groups = {"": project["dependencies"], **project["optional-dependencies"]}
        return [(extra, requirement) for extra, group in groups.items() for requirement in group]
    found = []
    for line in requires("mtsgns_lite") or []:
        requirement, _, marker = line.partition(";")
        found.append((marker.partition("extra ==")[2].strip(" \"'"), requirement.strip()))
    return found


def _name(requirement: str) -> str:
    return requirement.partition(">=")[0].strip()


def _problem(requirement: str) -> str | None:
    """What is wrong with an installed package, in words; None if nothing is."""
    name, _, least = requirement.partition(">=")
    try:
        there = version(name.strip())
    except PackageNotFoundError:
        return f"{name.strip()} is not installed"
    return f"{name.strip()} {there} is too old, {least} is needed" if _numbers(there) < _numbers(least) else None


def _numbers(text: str) -> list[int]:
    """The leading numbers of a version, "2.13.0+cpu" -> [2, 13, 0]."""
    found = []
    for part in text.strip().partition("+")[0].split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return found


def engine() -> Iterator[Finding]:
    """Could several processes train? Nothing but the live cells of lesson 10 needs it."""
    try:
        yield Finding(OK, f"several processes: TorchRec {version('torchrec')}")
    except PackageNotFoundError:
        yield Finding(OK, "several processes: TorchRec is not installed; only lesson 10 asks for it (make setup-scale)")


def device() -> Iterator[Finding]:
    """Where the numbers will be crunched."""
    import torch

    from mtsgns_lite.device import pick_device

    try:
        picked = pick_device()
    except ValueError as error:
        yield Finding(FAIL, f"device: {error}", "unset MTSGNS_DEVICE, or set it to cpu")
        return
    about = torch.cuda.get_device_name(picked) if picked.type == "cuda" else f"{torch.get_num_threads()} threads"
    yield Finding(OK, f"device: {picked} ({about})")


def data() -> Iterator[Finding]:
    """Can the lessons' baskets be read?"""
    from mtsgns_lite.data.datasets import load

    try:
        yield Finding(OK, "data: " + repr(load("groceries")).partition("\n")[0])
    except (FileNotFoundError, OSError) as error:
        yield Finding(FAIL, f"data: {error}", f"{INSTALL}; `course planted` needs no data")


def memory() -> Iterator[Finding]:
    """Is there room for a lesson?"""
    free = _free_memory() / 1e9
    state = OK if free >= LESSON_GB else WARN if free >= LEAST_GB else FAIL
    advice = "" if state == OK else f"close other programs and kernels: a lesson wants {LESSON_GB:.0f} GB"
    yield Finding(state, f"memory: {free:.1f} GB free", advice)


def _free_memory() -> float:
    """Bytes that a new process may take: of the machine, or of the container where that has less."""
    import psutil

    free = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")
    try:
        return min(free, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # no such container, or one without a limit
        return free


def kernel() -> Iterator[Finding]:
    """Will a notebook run in this very environment?"""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        yield Finding(WARN, "kernel: Jupyter is not installed", f"for the lessons: {INSTALL}")
        return
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding(FAIL, "kernel: there is none called python3", "python -m ipykernel install --sys-prefix")
        return
    python = spec.argv[0]
    if Path(python).name == python or Path(python).absolute() == Path(sys.executable).absolute():
        yield Finding(OK, f"kernel: python3 ({spec.display_name}) runs this interpreter")
    else:
        yield Finding(FAIL, f"kernel: python3 runs {python}", "python -m ipykernel install --sys-prefix")


CHECKS = [interpreter, packages, service, engine, device, data, memory, kernel]

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(here.parent), *(folder for folder in sys.path if Path(folder).resolve() != here)]
    sys.exit(run())
