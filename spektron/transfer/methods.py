"""Methods of transfer by the names that benchmarks and commands know them by."""

from __future__ import annotations

import difflib
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
from spektron.transfer.hybrid import Hybrid, Pooled
from spektron.transfer.neural_methods import NEURAL, Measured
from spektron.transfer.preprocessing import PREPROCESSING, PreprocessingName

__all__ = ["CALIBRATIONS", "NEURAL", "Measured", "check_method", "method_named"]

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
        "hybrid_kernel": lambda: Hybrid(DifferenceAugmentedRidge(), Pooled(), "direct"),
    }
)
"""Name → a calibration for the child with settings that are chosen from the data, but where the name has numbers."""


def check_method(name: str, *, networks: bool = True) -> None:
    """Refuse a name that no method has, without making one.

    Parameters
    ----------
    name : str
    networks : bool
        Whether those of `NEURAL` are wanted.

    Raises
    ------
    ConfigError
        Says which names there are, and which one may have been meant.
    """
    before, plus, after = name.rpartition("+")
    known = (*CALIBRATIONS, *(NEURAL if networks else ()))
    if (not plus and name in known) or (plus and after in CALIBRATIONS and before in PREPROCESSING):
        return
    preprocessed = (f"{one}+{method}" for one in PREPROCESSING for method in CALIBRATIONS)
    near = difflib.get_close_matches(name.casefold(), [*known, *preprocessed], n=1)
    of = f"the first {len(CALIBRATIONS)}" if networks else "each"
    raise ConfigError(
        f"expected a method of {', '.join(known)}, found {name!r}",
        (f"did you mean {near[0]}? " if near else "")
        + f"a preprocessing may go before {of}: {', '.join(f'{one}+' for one in PREPROCESSING)}",
    )


def method_named(name: str, measured: Measured | None = None) -> ChildCalibration:
    """Make a method by name.

    Parameters
    ----------
    name : str
        One of `CALIBRATIONS`, after a preprocessing and a plus if there is one: ``pds``, ``sg1+difference_ridge``; or
        one of `NEURAL`, which say themselves what is done first.
    measured : Measured, optional
        The axis and the model that those of `NEURAL` need.

    Raises
    ------
    ConfigError
        For another name, or one of `NEURAL` without an axis.
    """
    check_method(name)
    if name in NEURAL:
        if measured is None:
            raise ConfigError(
                f"{name} is a network, and expects the axis of the spectra, found none",
                "give measured=Measured(wavenumber_cm1=…, model=FOLDER)",
            )
        return NEURAL[name](measured)
    before, plus, after = name.rpartition("+")
    calibration = CALIBRATIONS[after]()
    if not plus:
        return calibration
    preprocessing: PreprocessingName = next(one for one in PREPROCESSING if one == before)
    return Preprocessed(preprocessing, calibration)
