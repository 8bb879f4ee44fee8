"""Methods of transfer by the names that benchmarks and commands know them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from spektron.core.errors import ConfigError
from spektron.transfer.classical import (
    CORAL,
    DIPLS,
    DS,
    EPO,
    PDS,
    SBC,
    SST,
    Auto,
    ChildCalibration,
    CorrectedPLS,
    DifferenceAugmentedPLS,
    DifferenceAugmentedRidge,
    GlobalPLS,
    JointYPLS,
    MeanShift,
    Preprocessed,
    Recalibration,
    ResidualRidge,
)
from spektron.transfer.preprocessing import PREPROCESSING, PreprocessingName

__all__ = ["CALIBRATIONS", "method_named"]

CALIBRATIONS: Mapping[str, Callable[[], ChildCalibration]] = MappingProxyType(
    {
        "none": CorrectedPLS,
        "mean": lambda: CorrectedPLS(MeanShift()),
        "ds": lambda: CorrectedPLS(DS()),
        "pds": lambda: CorrectedPLS(PDS()),
        "pds_5_1": lambda: CorrectedPLS(PDS(window=5, rank=1)),
        "sst": lambda: CorrectedPLS(SST()),
        "coral": lambda: CorrectedPLS(CORAL()),
        "sbc": SBC,
        "epo": EPO,
        "recalibration": Recalibration,
        "global_pls": GlobalPLS,
        "difference_pls": DifferenceAugmentedPLS,
        "dipls": DIPLS,
        "joint_y_pls": JointYPLS,
        "residual_ridge": ResidualRidge,
        "difference_ridge": DifferenceAugmentedRidge,
        "auto": Auto,
    }
)
"""Name → a calibration for the child with settings that are chosen from the data, but where the name has numbers."""


def method_named(name: str) -> ChildCalibration:
    """Make a method by name.

    Parameters
    ----------
    name : str
        One of `CALIBRATIONS`, after a preprocessing and a plus if there is one: ``pds``, ``sg1+difference_ridge``.

    Raises
    ------
    ConfigError
        For another name.
    """
    before, plus, after = name.rpartition("+")
    if after not in CALIBRATIONS or (plus and before not in PREPROCESSING):
        raise ConfigError(
            f"expected a method of {', '.join(CALIBRATIONS)}, found {name!r}",
            f"a preprocessing may go before it: {', '.join(f'{one}+' for one in PREPROCESSING)}",
        )
    calibration = CALIBRATIONS[after]()
    if not plus:
        return calibration
    preprocessing: PreprocessingName = next(one for one in PREPROCESSING if one == before)
    return Preprocessed(preprocessing, calibration)
