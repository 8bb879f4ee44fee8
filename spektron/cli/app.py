"""``spektron``: its commands, put together."""

from __future__ import annotations

from tyro.extras import SubcommandApp

from spektron.cli.corpus import Build, Fetch, Info, Report, Verify
from spektron.cli.inspect import Attend, Reconstruct
from spektron.cli.model import Embed, Export, Package, Show
from spektron.cli.study import List, ReplayStep, Run
from spektron.cli.transfer import Fit
from spektron.cli.transfer_apply import Apply
from spektron.cli.transfer_example import Example
from spektron.study.command import guarded

__all__ = ["main"]


def main() -> int:
    """Entry point of ``spektron``."""
    app, corpus, model, study, transfer = (SubcommandApp() for _ in range(5))
    for name, command in {"fetch": Fetch, "build": Build, "info": Info, "report": Report, "verify": Verify}.items():
        corpus.command(name=name)(command)
    models = {"export": Export, "show": Show, "embed": Embed, "package": Package}
    for name, ask in {**models, "reconstruct": Reconstruct, "attend": Attend}.items():
        model.command(name=name)(ask)
    for name, run in {"run": Run, "list": List}.items():
        study.command(name=name)(run)
    for name, move in {"example": Example, "fit": Fit, "apply": Apply}.items():
        transfer.command(name=name)(move)
    app.command(corpus, name="corpus", help="Fetch spectra, build corpora, look at them, check them.")
    app.command(model, name="model", help="Export trained models, ask them, look into them, pack them to be served.")
    app.command(study, name="study", help="Run studies.")
    app.command(transfer, name="transfer", help="Move a calibration to another instrument, and predict with it.")
    app.command(name="replay")(ReplayStep)
    chosen = app.cli(prog="spektron", description="Scaling studies of a foundation model of vibrational spectra.")
    return guarded(chosen.run)
