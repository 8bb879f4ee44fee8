"""Views: a spectrum as other instruments would have measured it. torch, in batches, seeded by row."""

from spektron.pretrain.views.config import ViewConfig
from spektron.pretrain.views.maker import ViewMaker

__all__ = ["ViewConfig", "ViewMaker"]
