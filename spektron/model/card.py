"""The model card: what a folder of weights is, what it was trained on, and how it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spektron.model.flops import num_parameters
from spektron.model.reconstruction import MaskedReconstructor
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS

__all__ = ["render_model_card"]


def render_model_card(
    model: MaskedReconstructor, trained_axis_cm1: Mapping[str, tuple[float, float]], about: Mapping[str, Any]
) -> str:
    """Text of the folder's `README.md`; everything in it stands in `config.json`, so it holds no time and no path."""
    config = model.encoder.config
    ranges = "\n".join(
        f"| {name} | {trained_axis_cm1[name][0]:,.0f} | {trained_axis_cm1[name][1]:,.0f} |"
        if name in trained_axis_cm1
        else f"| {name} | not trained on | |"
        for name in MODALITIES
    )
    single = {key: value for key, value in about.items() if not isinstance(value, Mapping)}
    several = "".join(_section(key, about[key]) for key in sorted(about.keys() - single.keys()))
    return f"""# Encoder of vibrational spectra

{num_parameters(model):,} parameters: {config.layers} blocks (`{config.backbone}`) × {config.dim} × {config.heads}
heads over windows {", ".join(config.scales)}, merged by `{config.merge}`. It was trained to reconstruct hidden regions
of IR, Raman and NIR spectra. Input: {config.in_channels} × {NUM_POINTS} intensities
on a uniform axis, both ends in cm⁻¹, the modality. Output: an
embedding of {config.dim} numbers for each spectrum, and what lies under a mask.

```python
from spektron.model import Pretrained

model = Pretrained.from_pretrained(FOLDER)
embedding = model.embed(spectra)        # .values (spectra, {config.dim}); .outside: beyond the trained range
```

## Trained on

| modality | from, cm⁻¹ | to, cm⁻¹ |
| --- | --- | --- |
{ranges}

Outside these ranges `embed` warns, and marks the spectra.

## What is known of it

{_table(single) if single else "Nothing is stated."}
{several}{_section("encoder", config.model_dump(mode="json"))}"""


def _section(name: str, values: Mapping[str, Any]) -> str:
    flat = not any(isinstance(value, Mapping | list) for value in values.values())
    told = _table(values) if flat and values else f"```json\n{json.dumps(values, indent=1)}\n```"
    return f"""
## {_cell(name).replace("_", " ").capitalize()}

{told}
"""


def _table(values: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| {_cell(key)} | {_cell(values[key])} |" for key in sorted(values))
    return f"| | |\n| --- | --- |\n{rows}"


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")
