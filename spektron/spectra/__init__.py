"""Spectra as physics: axes and units, resampling, simulation. numpy, scipy and scikit-learn only."""
