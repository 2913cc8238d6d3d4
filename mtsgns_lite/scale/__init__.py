"""The same models on TorchRec's tables, which several processes share; torchrun starts them (lesson 10).

`addresses` -> `rows`, `tables` -> `models` -> `checkpoints`, `job` -> `worker`, `launch` -> `commands`. On one machine
`fit` does all of it. On several, `python -m mtsgns_lite scale prepare` writes a job to a folder that all can read, and
on each

    TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 torchrun --nnodes 1:2 --nproc-per-node 2 --max-restarts 20 \\
        --rdzv-backend c10d --rdzv-endpoint HOST:29400 --rdzv-id NAME -m mtsgns_lite.scale JOB

starts its processes; HOST is any of them.
"""

from .job import Job, write_job
from .launch import fit, launch

__all__ = ["Job", "fit", "launch", "write_job"]
