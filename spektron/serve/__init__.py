"""A pretrained model behind a server: what comes in is checked row by row, what goes out is what `embed` says.

A wall of its own, because this and `spektron.study` are the only packages that know MLflow, and a server needs nothing
of a study: no Ray, no Optuna, no ledger. Nothing is imported here, so that the rest can be asked for piece by piece.
"""
