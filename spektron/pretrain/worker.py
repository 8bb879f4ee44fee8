"""How a run is carried out. Nothing here bears identity: the same run on other hardware is the same run.

What is the same: the spectra of every batch and their masks, so results differ by rounding alone, with two exceptions.
Dropout draws other outputs with other workers or parts; and the spectra of a subset too large for memory
(`Corpus.stream`) meet in other batches with another number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass

from spektron.core.errors import ConfigError

__all__ = ["Worker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process of a run.

    Attributes
    ----------
    rank, world_size : int
        This process and how many there are. Above one, `torch.distributed` has been initialised.
    device : str
        As torch names it: ``cpu``, ``cuda``, ``cuda:1``.
    num_threads : int or None
        Threads of CPU arithmetic; None leaves torch's setting.
    accumulation : int
        Parts a worker's share of a batch is cut into, so that it fits the memory.
    compile : bool
        Compile the model with `torch.compile`: minutes at the start, for long runs.
    recompute : bool
        Compute each block again in the backward pass instead of keeping what is in it: the same numbers, for less
        memory and more time (`benchmarks/memory.py`).
    checkpoint_every : int
        Steps between checkpoints; the last step is always one. A crash costs at most these.
    """

    rank: int = 0
    world_size: int = 1
    device: str = "cpu"
    num_threads: int | None = None
    accumulation: int = 1
    compile: bool = False
    recompute: bool = False
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world_size or self.accumulation < 1 or self.checkpoint_every < 1:
            raise ConfigError(
                "expected 0 ≤ rank < world_size, accumulation ≥ 1 and checkpoint_every ≥ 1, found rank "
                f"{self.rank}, world_size {self.world_size}, accumulation {self.accumulation}, checkpoint_every "
                f"{self.checkpoint_every}"
            )

    @property
    def is_first(self) -> bool:
        """The one that evaluates and writes checkpoints."""
        return self.rank == 0

    def rows_of(self, batch_size: int) -> int:
        """Return a worker's share of a global batch.

        Raises
        ------
        ConfigError
            When the batch cannot be split evenly.
        """
        parts = self.world_size * self.accumulation
        if batch_size % parts:
            raise ConfigError(
                f"batch_size: expected a multiple of workers × accumulation = {self.world_size} × "
                f"{self.accumulation} = {parts}, found {batch_size}",
                f"for example batch_size={max(1, round(batch_size / parts)) * parts}",
            )
        return batch_size // self.world_size
