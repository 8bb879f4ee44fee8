"""What the headings of a text table state of its spectra, and the settings where they state nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spektron.corpus.sources._csv.layout import Sheet
from spektron.spectra import AxisUnit, SpectrumRejected, parse_modality, parse_unit
from spektron.spectra.intensity import IntensityScale, parse_intensity_unit

__all__ = ["Stated", "stated_in"]

# "x unit: cm-1", "XUNITS;1/CM", "# axis unit = nm": a line of a heading that gives the axis' unit in letters. Programs
# write "xaxis;1" too, and mean what was shown.
_UNIT_LINE = re.compile(r"^\W*(x[ _-]?units?|unit of x|(x[ _-]?)?axis[ _-]?units?)\s*[:=;,\t]\s*(?P<unit>.*[^\W\d].*)$")
_MODALITY_LINE = re.compile(r"^\W*(modality|technique|method|data ?type|spectrum ?type)\s*[:=;,\t]\s*(?P<words>.+)$")
_INTENSITY_LINE = re.compile(
    r"^\W*(y[ _-]?units?|unit of y|(y[ _-]?axis|intensity)[ _-]?units?)\s*[:=;,\t]\s*(?P<unit>.*[^\W\d].*)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Unit, modality and scale of a file; each may be empty, or a word that nobody knows.

    Attributes
    ----------
    x_unit, intensity_unit : str
        In the words of the file, else of the settings.
    modality, modality_otherwise : str
        In the words of the file, and of the settings.
    raman_shift : bool
        Whether a heading calls the axis a Raman shift.
    by_row : bool
        Whether spectra are rows.
    """

    x_unit: str
    modality: str
    modality_otherwise: str
    intensity_unit: str
    raman_shift: bool
    by_row: bool

    def unit(self) -> AxisUnit:
        """Unit of the axis.

        Raises
        ------
        SpectrumRejected
            ``no-axis-unit``, ``no-axis`` or ``unknown-unit``.
        """
        return parse_unit(self.x_unit)

    def modality_of(self, cell: str) -> str:
        """Modality of a spectrum, by its own cell first.

        Raises
        ------
        SpectrumRejected
            ``unknown-modality``; ``ambiguous-modality`` where the axis is a Raman shift and something else is said.
        """
        words = cell or self.modality or ("Raman" if self.raman_shift else self.modality_otherwise)
        modality = parse_modality(words)
        if self.raman_shift and modality != "RAMAN":
            raise SpectrumRejected("ambiguous-modality", f"expected Raman on an axis of Raman shift, found {words!r}")
        return modality


def stated_in(sheet: Sheet, *, x_unit: str, modality: str, intensity_unit: str) -> Stated:
    """Gather what a file states; what it does not is as given."""
    lines = [line.strip(" \t,;\"'").casefold() for line in sheet.head]
    cells = list(sheet.headings)
    axis_cell = cells[0] if cells else ""
    intensity_cell = cells[1] if sheet.layout == "xy" and len(cells) > 1 else ""
    axis_words = axis_cell if sheet.layout != "rows" or _is_unit(axis_cell) else ""
    stated_intensity = intensity_cell if _is_scale(intensity_cell) else _line(lines, _INTENSITY_LINE, "unit")
    return Stated(
        x_unit=_axis_unit(axis_words or sheet.unit, lines) or x_unit,
        modality=_modality(lines),
        modality_otherwise=modality,
        intensity_unit=stated_intensity or intensity_unit,
        raman_shift=bool(re.search(r"raman[ _-]*shift", " ".join([axis_cell, *lines]), flags=re.IGNORECASE)),
        by_row=sheet.layout == "rows",
    )


def _axis_unit(cell: str, lines: list[str]) -> str:
    """The axis's heading where it holds a unit or says that points are counted; else a line about it."""
    if cell:
        try:
            return parse_unit(cell).value
        except SpectrumRejected as error:
            if error.reason == "no-axis":
                return cell
    return _line(lines, _UNIT_LINE, "unit")


def _modality(lines: list[str]) -> str:
    words = _line(lines, _MODALITY_LINE, "words")
    try:
        parse_modality(words)
    except SpectrumRejected as error:
        return words if error.reason == "ambiguous-modality" else ""
    return words


def _line(lines: list[str], pattern: re.Pattern[str], group: str) -> str:
    found = next((match for line in lines if (match := pattern.match(line[:1000]))), None)
    return found[group].strip(" \t,;\"'") if found else ""


def _is_unit(cell: str) -> bool:
    try:
        parse_unit(cell)
    except SpectrumRejected:
        return False
    return True


def _is_scale(cell: str) -> bool:
    return bool(cell) and parse_intensity_unit(cell) is not IntensityScale.ARBITRARY
