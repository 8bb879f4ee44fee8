"""Standards drawn at random: what any choice has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from spektron.transfer.preprocessing import PreprocessingName
from spektron.transfer.selection._selection import Array, Rows, StandardSelection

__all__ = ["Random"]


class Random(StandardSelection):
    """Draw without replacement, every sample as likely. Nested, for one `random_state`.

    Parameters
    ----------
    num_standards : int
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}
        Of no effect.
    random_state : int, RandomState or None
    """

    def __init__(
        self, num_standards: int = 10, *, preprocessing: PreprocessingName = "raw", random_state: Any = None
    ) -> None:
        super().__init__(num_standards, preprocessing=preprocessing)
        self.random_state = random_state

    def _select(self, x: Array, y: Any) -> Rows:
        drawn: Rows = check_random_state(self.random_state).permutation(len(x))[: self.num_standards].astype(np.intp)
        return drawn
