"""``spektron transfer example``: the files that the other commands are shown with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from spektron.cli.printing import told
from spektron.core.errors import ConfigError

__all__ = ["Example"]


@dataclass(frozen=True, kw_only=True)
class Example:
    """Write the corn set as the files a chemist would have: two instruments, laboratory values, new samples."""

    out: Annotated[Path, tyro.conf.Positional]
    """Folder to write to."""
    parent: str = "m5"
    """The instrument that holds the calibration: m5, mp5 or mp6."""
    child: str = "mp6"
    """The new one."""
    standards: int = 10
    """How many samples the new one has measured too."""

    def run(self) -> int:
        """Fetch what is not here, and write."""
        from spektron.datasets import load_corn, write_pairs
        from spektron.transfer.splits import draw_splits

        corn = load_corn()
        if not 3 <= self.standards <= 50:
            raise ConfigError(f"standards: expected 3 to 50, found {self.standards}")
        split = draw_splits(corn, repeats=1)[0]
        files = write_pairs(corn, self.parent, self.child, self.out, split=split, num_standards=self.standards)
        told(
            f"{self.out}: {len(split.calibration)} samples on the parent, {self.standards} of them on the child, "
            f"{len(split.test)} new ones",
            f"spektron transfer fit --parent {files.parent} --child {files.child} --reference {files.reference} "
            f"--standards {files.standards} --out transfer",
        )
        return 0
