"""The study page (being written)."""

from spektron.report.values import StudyReport


def study_page(report: StudyReport) -> str:
    """One self-contained HTML file."""
    return f"<!doctype html><title>{report.study}</title>"
