"""``spektron``: corpora, models and studies from the command line."""

from spektron.cli.app import main

__all__ = ["main"]
