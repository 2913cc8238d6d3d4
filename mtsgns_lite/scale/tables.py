"""TorchRec's tables where a model has its own: their rows are spread over the processes.

A model asks a `Table` for rows, and gets them. Here it asks a `Remote`, which has been given, before the step, the rows
that the step needs: all tables' rows travel together, once forth and once back. The model's loss is the one it always
had. Updates are TorchRec's own, fused into the backward pass: the gradients of a row from all processes are summed
where the row lives, and take one step of the same row-wise Adagrad.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from ..models.tables import Table
from .addresses import key_of, uniform

ROWS, INITIAL = 16_384, 4  # rows that are started at once; first part of the address of a start


@dataclass(frozen=True)
class TableSpec:
    """A table as the model has it: its name there, (rows, dim), and see `Table`. `everywhere`: every process has it
    all, as suits a row or two that each step needs."""

    name: str
    rows: int
    dim: int
    rate: float
    spread: float = 0.0
    start: float = 0.0
    everywhere: bool = False

    @property
    def width(self) -> int:
        """The columns as stored: TorchRec wants a multiple of four. What is beyond `dim` is zero and stays zero."""
        return -(-self.dim // 4) * 4

    @property
    def stored_rate(self) -> float:
        """The rate that makes the same steps, where squares are averaged over the columns as stored."""
        return self.rate * (self.dim / self.width) ** 0.5

    @property
    def bytes(self) -> int:
        """Of rows and Adagrad's state, as stored."""
        return self.rows * (self.width + 1) * 4


class Remote(nn.Module):
    """Asked like a `Table`; holds the rows of one step: `ids` (U,) rising, `rows` (U, dim)."""

    ids: torch.Tensor
    rows: torch.Tensor

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(...,) row numbers -> (..., dim)."""
        if ids.shape == self.ids.shape and torch.equal(ids, self.ids):
            return self.rows
        place = torch.searchsorted(self.ids, ids.reshape(-1))
        return self.rows.index_select(0, place).view(*ids.shape, -1)


class Everywhere(Table):
    """A small table that each process holds whole; all add up their gradients, and take the same step."""

    @torch.no_grad()
    def update(self, factor: float = 1.0) -> None:
        """See `Table.update`. All processes must ask together."""
        gradient = torch.zeros_like(self.weight)
        for ids, rows in self._looked_up:
            if rows.grad is not None:
                gradient.index_add_(0, ids, rows.grad)
        self.forget()
        dist.all_reduce(gradient)
        self.state += gradient.square().mean(dim=1)
        self.weight -= factor * self.rate * gradient / self.state.sqrt().clamp(min=1e-10)[:, None]


class Tables:
    """All tables of a model over all processes, which must make it, and call it, together.

    Parameters
    ----------
    specs : the model's tables.
    sharding : "row_wise", each table cut into as many pieces as there are processes; "table_wise", each on one
        process; "auto", what TorchRec's planner thinks best of both.
    memory : bytes that a process may use for tables; None is what there is.
    Raises ``ValueError`` where they do not fit.
    """

    def __init__(self, specs: list[TableSpec], sharding: str, device: torch.device, memory: int | None = None):
        from torchrec.distributed import DistributedModelParallel
        from torchrec.distributed.comm_ops import set_gradient_division
        from torchrec.distributed.embedding import EmbeddingCollectionSharder
        from torchrec.distributed.types import ShardingEnv

        set_gradient_division(False)  # the sum over the processes, not their mean
        spread_out = [spec for spec in specs if not spec.everywhere]
        self.specs, self.device = {spec.name: spec for spec in specs}, device
        self.names = {
            width: [s.name for s in spread_out if s.width == width] for width in {s.width for s in spread_out}
        }
        with quiet():
            module, sharder = _collections(spread_out), EmbeddingCollectionSharder()
            self.plan = _plan(module, sharder, spread_out, sharding, device, memory)
            env = ShardingEnv.from_process_group(dist.group.WORLD)
            self.module = DistributedModelParallel(module, env, device, self.plan, [sharder], init_data_parallel=False)
            optimiser = self.module.fused_optimizer
            self.groups = [(group, group["lr"]) for group in optimiser.param_groups]
            self.optimiser = optimiser
            self.weights = {_named(key): value for key, value in self.module.state_dict().items()}
            self.states = {
                _named(key): next(iter(value.values())) for key, value in optimiser.state_dict()["state"].items()
            }
        self.everywhere = {
            s.name: Everywhere(s.rows, s.dim, rate=s.rate, start=s.start).to(device) for s in specs if s.everywhere
        }
        self.remote = {spec.name: Remote() for spec in spread_out}

    def __getitem__(self, name: str) -> Any:
        """What stands where the model has a `Table`."""
        return self.everywhere[name] if name in self.everywhere else self.remote[name]

    def start(self, seed: int) -> None:
        """Give every row its first value, whichever process it is on."""
        for number, spec in enumerate(self.specs.values()):
            if spec.spread:
                for tensor, (first, _) in self.shards(spec.name):
                    for rows in torch.arange(len(tensor), device=self.device).split(ROWS):
                        numbers = (rows[:, None] + first) * spec.dim + torch.arange(spec.dim, device=self.device)
                        fresh = uniform(numbers, key_of(INITIAL, seed, number)) * 2 - 1
                        tensor[rows[0] : rows[-1] + 1, : spec.dim] = (fresh * spec.spread).float()

    def shards(self, name: str) -> Iterator[tuple[torch.Tensor, tuple[int, ...]]]:
        """What this process has of a table: the rows, and the place of the first in the whole."""
        for shard in self.weights[name].local_shards():
            yield shard.tensor, tuple(shard.metadata.shard_offsets)

    @property
    def bytes(self) -> int:
        """Of the rows and states that this process holds."""
        held = [s.tensor for part in (self.weights, self.states) for t in part.values() for s in t.local_shards()]
        held += [part for table in self.everywhere.values() for part in (table.weight, table.state)]
        return sum(tensor.numel() * tensor.element_size() for tensor in held)

    def fetch(self, asked: dict[str, torch.Tensor], factor: float) -> None:
        """Have the rows sent that a step asks for, by table: (U,) rising row numbers; `factor` times the rates are what
        the backward pass will update them with."""
        from torchrec import KeyedJaggedTensor

        for group, rate in self.groups:
            group["lr"] = rate * factor
        self.optimiser.zero_grad()  # which tells the tables of it
        features = {}
        for width, names in self.names.items():
            lengths = torch.tensor([len(asked[name]) for name in names], device=self.device)
            values = torch.cat([asked[name] for name in names])
            features[str(width)] = KeyedJaggedTensor(keys=names, values=values, lengths=lengths)
        for name, rows in self.module(features).items():
            self.remote[name].ids, self.remote[name].rows = asked[name], rows[:, : self.specs[name].dim]

    def update(self, factor: float) -> None:
        """The step of what every process holds; the others' came with the backward pass."""
        for table in self.everywhere.values():
            table.update(factor)

    def state(self) -> dict[str, torch.Tensor]:
        """Everything, as torch.distributed.checkpoint takes it: spread-out tensors, to be read or written in place."""
        found = {f"{name}.weight": value for name, value in self.weights.items()}
        found |= {f"{name}.state": value for name, value in self.states.items()}
        for name, table in self.everywhere.items():
            found |= {f"{name}.weight": table.weight, f"{name}.state": table.state}
        return found

    def __str__(self) -> str:
        """The plan, a line for each table: size, how it is cut, and who has how much."""
        return _plan_table(self.specs, self.plan)


class _Collections(nn.Module):
    """TorchRec's tables, those of one width together, all looked up in one call."""

    def __init__(self, collections: dict[str, nn.Module]):
        super().__init__()
        self.of_width = nn.ModuleDict(collections)

    def forward(self, features: dict) -> dict[str, torch.Tensor]:
        sent = [module(features[width]) for width, module in self.of_width.items()]  # all on their way before one waits
        return {name: rows.values() for part in sent for name, rows in part.wait().items()}


def _collections(specs: list[TableSpec]) -> _Collections:
    from torch.distributed.optim import _apply_optimizer_in_backward
    from torchrec import EmbeddingCollection, EmbeddingConfig
    from torchrec.optim import RowWiseAdagrad

    made = {}
    for width in sorted({spec.width for spec in specs}):
        own = [spec for spec in specs if spec.width == width]
        configs = [
            EmbeddingConfig(
                name=_safe(spec.name), embedding_dim=width, num_embeddings=spec.rows, feature_names=[spec.name],
                init_fn=torch.nn.init.zeros_,
            )
            for spec in own
        ]  # fmt: skip
        made[str(width)] = EmbeddingCollection(tables=configs, device=torch.device("meta"))
        for spec in own:
            weight = made[str(width)].embeddings[_safe(spec.name)].weight
            _apply_optimizer_in_backward(RowWiseAdagrad, [weight], {"lr": spec.stored_rate, "eps": 1e-10})
    return _Collections(made)


def _safe(name: str) -> str:
    """A name that a module can have; TorchRec wants none twice in a model, and `target.items` is ours alone."""
    return "table_" + name.replace(".", "_")


def _named(key: str) -> str:
    """The table's name of a key such as of_width.64.embeddings.table_target_items.weight."""
    return key.split(".table_")[1].removesuffix(".weight").replace("_", ".")


def _plan(module, sharder, specs, sharding, device, memory):
    from torchrec.distributed.planner import EmbeddingShardingPlanner, Topology
    from torchrec.distributed.planner.storage_reservations import FixedPercentageStorageReservation
    from torchrec.distributed.planner.types import ParameterConstraints, PlannerError

    kinds = ["row_wise", "table_wise"] if sharding == "auto" else [sharding]
    world = dist.get_world_size()
    limit = {"hbm_cap" if device.type == "cuda" else "ddr_cap": memory} if memory else {}
    topology = Topology(world_size=world, compute_device=device.type, **limit)
    constraints = {
        _safe(spec.name): ParameterConstraints(sharding_types=kinds, compute_kernels=["fused"]) for spec in specs
    }
    planner = EmbeddingShardingPlanner(
        topology=topology, constraints=constraints, storage_reservation=FixedPercentageStorageReservation(0.0)
    )
    try:
        return planner.collective_plan(module, [sharder], dist.group.WORLD)
    except PlannerError as error:
        needed = sum(spec.bytes for spec in specs) / 2**20
        raise ValueError(
            f"Tables of {needed:,.0f} MB do not fit {world} processes ({sharding}): take more processes, "
            "fewer dimensions, or allow more memory."
        ) from error


def _plan_table(specs: dict[str, TableSpec], plan) -> str:
    lines = [("table", "rows", "dim", "MB", "cut", "MB of each process")]
    placed = {key: value for part in plan.plan.values() for key, value in part.items()}
    world = dist.get_world_size()
    for spec in specs.values():
        size, each = spec.bytes / 2**20, [0.0] * world
        how = "every process has it"
        if not spec.everywhere:
            own = placed[_safe(spec.name)]
            how = own.sharding_type.replace("_", "-")
            for shard in own.sharding_spec.shards:
                each[shard.placement.rank()] += size * shard.shard_sizes[0] / spec.rows
        else:
            each = [size] * world
        shown = " ".join(f"{part:,.2f}" for part in each)
        lines.append((spec.name, f"{spec.rows:,}", str(spec.dim), f"{size:,.2f}", how, shown))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


class quiet(warnings.catch_warnings):  # noqa: N801
    """Without the libraries' notes to their own developers."""

    def __enter__(self):
        super().__enter__()
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)

    def __exit__(self, *raised):
        logging.disable(logging.NOTSET)
        super().__exit__(*raised)
