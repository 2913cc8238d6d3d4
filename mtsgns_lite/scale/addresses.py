"""Random numbers by address: whichever process asks, the same address gives the same number.

A run on two processes can then be compared with a run on one, and goes on after a failure as if nothing had been,
with no state of a generator to keep (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
"""

from __future__ import annotations

import numpy as np
import torch


def generator_at(*address: int) -> torch.Generator:
    """A generator for one place, such as (seed, epoch, block, stripe): whole numbers."""
    return torch.Generator().manual_seed(key_of(*address))


def key_of(*address: int) -> int:
    """One whole number, from 0 up to and without 2^63, for an address."""
    words = [len(address), *(part % 2**64 for part in address)]  # numpy takes (1, 2) and (1, 2, 0) for one
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0]) >> 1


def mix(numbers: torch.Tensor, key: int) -> torch.Tensor:
    """Whole numbers in, as many that look random out: the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    x = numbers * -7046029254386353131 + key  # 0x9E3779B97F4A7C15, as int64 has it; overflow wraps
    x = (x ^ _right(x, 30)) * -4658895280553007687  # 0xBF58476D1CE4E5B9
    x = (x ^ _right(x, 27)) * -7723592293110705685  # 0x94D049BB133111EB
    return x ^ _right(x, 31)


def uniform(numbers: torch.Tensor, key: int) -> torch.Tensor:
    """A float64 in [0, 1) for each of the whole numbers."""
    return _right(mix(numbers, key), 11).double() / 2**53


def _right(x: torch.Tensor, places: int) -> torch.Tensor:
    """Shift right without carrying the sign along."""
    return (x >> places) & ((1 << (64 - places)) - 1)


class Shuffle:
    """The numbers 0 .. size - 1 in another order, any part of which can be asked for, and which takes no memory.

    A Feistel network permutes a square number of places; what falls beyond `size` is sent through again until it
    does not (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
    """

    ROUNDS = 4

    def __init__(self, size: int, *address: int):
        self.size = size
        self.half = max(1, ((size - 1).bit_length() + 1) // 2)  # bits of each half
        self.keys = [key_of(*address, number) for number in range(self.ROUNDS)]

    def __call__(self, places: torch.Tensor) -> torch.Tensor:
        """(n,) places in the new order, each below `size` -> (n,) which number stands there."""
        found = self._network(places)
        beyond = torch.nonzero(found >= self.size).ravel()
        while len(beyond):
            found[beyond] = self._network(found[beyond])
            beyond = beyond[found[beyond] >= self.size]
        return found

    def _network(self, x: torch.Tensor) -> torch.Tensor:
        mask = (1 << self.half) - 1
        left, right = x >> self.half, x & mask
        for key in self.keys:
            left, right = right, left ^ (mix(right, key) & mask)
        return (left << self.half) | right
