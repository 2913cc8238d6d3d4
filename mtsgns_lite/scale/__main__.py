"""What torchrun starts: ``torchrun --nproc-per-node 2 -m mtsgns_lite.scale JOB``."""

import sys

from .worker import work

if __name__ == "__main__":
    work(sys.argv[1])
