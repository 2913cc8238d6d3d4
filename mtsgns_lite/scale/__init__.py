"""The same models on TorchRec's tables, which several processes share; torchrun starts them (lesson 10).

`addresses` -> `rows`, `tables` -> `models` -> `checkpoints`, `job` -> `worker`, `launch` -> `commands`; `budget` and
`traffic` foretell what it takes. On one machine `fit` does all of it; for several see `python -m mtsgns_lite scale`.
"""

from .job import Job, write_job
from .launch import fit, launch

__all__ = ["Job", "fit", "launch", "write_job"]
