"""Two hosts on one machine: two network namespaces, a link between them that can be cut, and a count of its bytes.

Linux as root alone can make them (iproute2). Nothing of it is reached from outside, and nothing outside from it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

PREFIX = "mtsgns"
PORT = 29400
# How long torchrun's agents wait for each other, in seconds. last_call_timeout: for a host that may still come, once
# there are enough. keep_alive_*: after 3 times 2 s without a sign, a host is lost. read_timeout: for the host that
# keeps the list of who is there; one that can't reach it ends.
WAITS = "last_call_timeout=5,keep_alive_interval=2,keep_alive_max_attempt=3,read_timeout=20"


# How often Linux sends again what nobody acknowledges, before it gives a connection up: 15 times as it comes, a quarter
# of an hour. That long does torchrun wait on a host that was cut off, since its store has no other limit.
RETRIES = 5


class CannotMake(RuntimeError):
    """This machine does not let us make hosts."""


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise CannotMake(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class TwoHosts:
    """To be used with `with`. Host 0 and host 1 see the same disk; `keeper` is the one that keeps the list of who is
    there, to which the others come. Their names go by their address, and so do the ranks: host 0 comes first.

    Raises `CannotMake` where namespaces can't be made.
    """

    def __init__(self, keeper: int = 0):
        word = secrets.token_hex(3)
        self.keeper = keeper
        self.names = [f"{PREFIX}-{os.getpid()}-{word}-{host}" for host in (0, 1)]
        self.ends = [f"v{word}{host}" for host in (0, 1)]
        self.addresses = ["10.231.7.1", "10.231.7.2"]
        self.agents: list[subprocess.Popen] = []

    def __enter__(self) -> TwoHosts:
        if sys.platform != "linux" or os.geteuid() or not shutil.which("ip"):
            raise CannotMake("Network namespaces need Linux, root, and the command ip.")
        _remove_those_of_the_dead()
        try:
            for name in self.names:
                _ip("netns", "add", name)
            names, ends = self.names, self.ends
            _ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1], "netns", names[1])
            for name, end, address in zip(names, ends, self.addresses):
                _ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
                _in(name, "sysctl", "-q", "-w", f"net.ipv4.tcp_retries2={RETRIES}")
                for part in ("lo", end):
                    _ip("-n", name, "link", "set", part, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *raised) -> None:
        for host, name in enumerate(self.names):
            self.lose(host)
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=30)
        for agent in self.agents:
            agent.wait(30)

    def line(self, host: int, job: Path, program: tuple[str, ...] = ("-m", "mtsgns_lite.scale")) -> list[str]:
        """What a person types on a host."""
        return [
            sys.executable, "-m", "torch.distributed.run", "--nnodes", "1:2", "--nproc-per-node", "1",
            "--max-restarts", "20", "--rdzv-backend", "c10d",
            "--rdzv-endpoint", f"{self.addresses[self.keeper]}:{PORT}", "--rdzv-id", job.name,
            "--rdzv-conf", f"is_host={int(host == self.keeper)},{WAITS}", "--local-addr", self.addresses[host],
            *program, str(job),
        ]  # fmt: skip

    def start(self, host: int, job: Path, *program: str) -> subprocess.Popen:
        """Have a host train; what it says goes to host-N.log in the job's folder."""
        own = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "GLOO_SOCKET_IFNAME": self.ends[host], "OMP_NUM_THREADS": "1"}
        command = ["ip", "netns", "exec", self.names[host], *self.line(host, job, *([program] if program else []))]
        with open(job / f"host-{host}.log", "ab") as told:
            agent = subprocess.Popen(command, env=os.environ | own, stdout=told, stderr=told)
        self.agents.append(agent)
        return agent

    def cut(self) -> None:
        """The link is dead: what was on its way is lost, and nobody is told."""
        _ip("-n", self.names[1], "link", "set", self.ends[1], "down")

    def mend(self) -> None:
        """The link is there again."""
        _ip("-n", self.names[1], "link", "set", self.ends[1], "up")

    def lose(self, host: int) -> None:
        """Kill all that runs on a host, with signal 9."""
        found = subprocess.run(["ip", "netns", "pids", self.names[host]], capture_output=True, text=True, timeout=30)
        for number in found.stdout.split():
            try:
                psutil.Process(int(number)).kill()
            except psutil.NoSuchProcess:
                continue

    def crossed(self) -> int:
        """The bytes that have crossed the link so far, both ways, headers included."""
        told = json.loads(_ip("-n", self.names[0], "-j", "-s", "link", "show", "dev", self.ends[0]))[0]["stats64"]
        return told["rx"]["bytes"] + told["tx"]["bytes"]


def _in(name: str, *command: str) -> str:
    """Run a command in a namespace."""
    return _ip("netns", "exec", name, *command)


def _remove_those_of_the_dead() -> None:
    """Namespaces of a test that was itself killed."""
    for entry in json.loads(_ip("-j", "netns", "list") or "[]"):
        parts = entry["name"].split("-")
        if parts[0] == PREFIX and len(parts) == 4 and not psutil.pid_exists(int(parts[1])):
            subprocess.run(["ip", "netns", "del", entry["name"]], capture_output=True, timeout=30)
