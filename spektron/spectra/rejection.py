"""The exception by which a spectrum is refused on its way to becoming a `Spectrum`."""

from __future__ import annotations

__all__ = ["SpectrumRejected"]


class SpectrumRejected(ValueError):
    """What was given cannot become a spectrum; corpus sources catch this and yield a named reject.

    Parameters
    ----------
    reason : str
        A slug; `spektron.corpus.sources.REJECT_REASONS` says what each means.
    detail : str
        What was expected and what was found.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
