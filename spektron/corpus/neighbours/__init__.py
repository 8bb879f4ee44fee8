"""Spectra that are the same measurement or calculation met twice: found among millions, joined in groups."""
