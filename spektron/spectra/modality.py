"""Which of IR, RAMAN and NIR a publisher's words mean, and where each can be measured."""

from __future__ import annotations

import re

from spektron.spectra.rejection import SpectrumRejected

__all__ = ["PLAUSIBLE_CM1", "check_range", "parse_modality"]

# Where instruments of each modality measure, with room: beyond it stands a wrong unit or a wrong modality.
# IR from far-infrared bolometers to the 7,800 cm⁻¹ that mid-IR interferometers reach; RAMAN shifts from the edge of the
# best notch filters past the O-H and H-H (4,155) stretches; NIR from 3,030 nm down to 350 nm, because field
# instruments for soil record the visible range too (350-2500 nm).
PLAUSIBLE_CM1 = {"IR": (10.0, 8000.0), "RAMAN": (1.0, 5000.0), "NIR": (3300.0, 28600.0)}

_RAMAN = {"raman", "sers", "srs", "cars"}
_NIR = {"nir", "nirs", "nit", "ftnir", "visnir", "vnir", "swir"}
_IR = {"ir", "ftir", "mir", "midir", "mirs", "fir", "infrared", "atr", "drift", "drifts"}


def parse_modality(text: str) -> str:
    """Read a publisher's modality: ``ATR-FTIR`` is IR, ``NIT`` is NIR, ``Raman`` is RAMAN.

    Raises
    ------
    SpectrumRejected
        ``ambiguous-modality`` where several are named, ``unknown-modality`` where none is.
    """
    folded = re.sub(r"near[\s-]*(infra-?red|ir)\b", "nir", text.casefold())
    words = set(re.findall(r"[a-z]+", folded))
    found = [name for name, known in (("IR", _IR), ("RAMAN", _RAMAN), ("NIR", _NIR)) if words & known]
    if len(found) > 1:
        raise SpectrumRejected("ambiguous-modality", f"expected one of IR, RAMAN, NIR, found {text.strip()!r}")
    if not found:
        raise SpectrumRejected("unknown-modality", f"expected one of IR, RAMAN, NIR, found {text.strip()!r}")
    return found[0]


def check_range(modality: str, start_cm1: float, stop_cm1: float) -> None:
    """Refuse an axis on which no instrument of this modality measures.

    Raises
    ------
    SpectrumRejected
        ``out-of-range``.
    """
    low, high = PLAUSIBLE_CM1[modality]
    if start_cm1 < low or stop_cm1 > high:
        raise SpectrumRejected(
            "out-of-range",
            f"expected {modality} within {low:g}-{high:g} cm-1, found {start_cm1:.6g}-{stop_cm1:.6g} cm-1",
        )
