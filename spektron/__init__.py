"""Scaling and hyperparameter studies of a foundation model of vibrational spectra.

The way in is the command line (``spektron --help``) or a file under ``studies/``. The packages below this one
build on each other in one direction only; ``docs/architecture.md`` draws the arrows and a test holds them.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
