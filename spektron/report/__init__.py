"""Reports: inert values in; terminal tables, CSV, figures and the study page out. No ray, torch or mlflow here."""

from spektron.report.figure_table import figure_table
from spektron.report.figures import draw_figure, save_figure
from spektron.report.page import study_page
from spektron.report.progress import StudyProgress
from spektron.report.tables import write_csv
from spektron.report.terminal import console_width, render_plain, render_report, render_table
from spektron.report.values import (
    Card,
    Cell,
    Column,
    Curve,
    Figure,
    Headline,
    Interval,
    Marker,
    Points,
    StudyReport,
    Table,
    VerdictStatus,
)

__all__ = [
    "Card",
    "Cell",
    "Column",
    "Curve",
    "Figure",
    "Headline",
    "Interval",
    "Marker",
    "Points",
    "StudyProgress",
    "StudyReport",
    "Table",
    "VerdictStatus",
    "console_width",
    "draw_figure",
    "figure_table",
    "render_plain",
    "render_report",
    "render_table",
    "save_figure",
    "study_page",
    "write_csv",
]
