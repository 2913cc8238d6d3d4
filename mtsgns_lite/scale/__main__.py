"""What torchrun starts: ``torchrun --nproc-per-node 2 -m mtsgns_lite.scale JOB``."""

import sys

from .worker import work

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name the job's folder: torchrun ... -m mtsgns_lite.scale JOB")
    work(sys.argv[1])
