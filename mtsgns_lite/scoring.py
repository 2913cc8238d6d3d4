"""The figures of one submission, found in a process of its own that is ended when it is over its limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import torch

from .data.splits import Split
from .evaluation import Evaluation, evaluate_vectors
from .submissions import read_submission
from .vector_files import Limits, Refused

FIGURES = {
    "degree-seen": "AUC of held-out pairs of trained items, degree-matched: popularity alone gets one half",
    "degree-cold": "the same where one item was never seen in training",
    "uniform": "AUC of all held-out pairs against evenly drawn ones, which mostly measures popularity",
    "hr@10": "how often the other item of a pair is among the ten nearest",
    "ndcg@10": "the same, more for a better rank",
}


def figures_of(found: Evaluation) -> dict[str, float | None]:
    """Those of an evaluation that the leaderboard shows."""
    degree, ranking = found.auc["degree"], found.ranking
    auc = {"degree-seen": degree["seen"], "degree-cold": degree["cold"], "uniform": found.auc["uniform"]["all"]}
    return auc | {name: ranking.get(name) for name in ("hr@10", "ndcg@10")}


def score_apart(path: Path, split: Path, limits: Limits) -> dict:
    """What `score` returns, from a fresh interpreter that is ended when it is over its limits."""
    task = json.dumps({"path": str(path), "split": str(split), "limits": asdict(limits)})
    command = [sys.executable, "-m", "mtsgns_lite.scoring", task]
    quiet = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    home = Path(__file__).parents[1]  # not where this was started: modules are looked for there first
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, cwd=home, env=os.environ | quiet
        )
        try:
            over = _watch(process, limits)
        finally:
            process.kill()
            process.wait()
        if over:
            return {"error": over}
        out.seek(0)
        said = out.read(1_000_000).splitlines()
    try:
        return json.loads(said[-1])
    except (IndexError, ValueError):
        return {"error": f"What read it broke off (exit code {process.returncode}): it is damaged, or far too large."}


def _watch(process: subprocess.Popen, limits: Limits) -> str:
    """Wait for the process to end; the reason why it should be ended, if there is one."""
    import psutil

    until = time.monotonic() + limits.seconds
    while time.monotonic() < until:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            return ""
        with suppress(psutil.Error):
            whole = psutil.Process(process.pid)  # with its children, for a launcher may stand before the interpreter
            if sum(one.memory_info().rss for one in [whole, *whole.children(recursive=True)]) > limits.memory * 1e6:
                return _too_much(limits)
    return f"It took more than {limits.seconds:g} seconds to read and score."


def _too_much(limits: Limits) -> str:
    return f"It took more than {limits.memory:,} MB of memory to read and score."


def score(path: str, split: str, limits: dict) -> dict:
    """What is told of one submission, as JSON takes it: runs in the process of its own."""
    asked, limit = Split.load(split), Limits(**limits)
    torch.set_num_threads(1)
    _limit_memory(limit)
    try:
        given = read_submission(path, asked.catalogue.ids.tolist(), limit)
        found = evaluate_vectors(torch.from_numpy(given.vectors), asked, "")
    except Refused as error:
        return {"error": str(error)}
    except Exception as error:
        full = isinstance(error, MemoryError) or "memory" in str(error)
        return {"error": _too_much(limit) if full else f"It can't be scored ({type(error).__name__}): is it damaged?"}
    figures = figures_of(found)
    return {
        "figures": figures, "dim": given.vectors.shape[1], "covered": given.covered, "unknown": given.unknown,
    }  # fmt: skip


def _limit_memory(limits: Limits) -> None:
    """Let the system itself refuse what is over the limit, where it can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        import psutil

        most = psutil.Process().memory_info().vms + limits.memory * 1_000_000
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        cpu = int(limits.seconds) + 60  # should whoever watches it be gone
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    print(json.dumps(score(**json.loads(sys.argv[1]))))
