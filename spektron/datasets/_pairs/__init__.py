"""The way from a chemist's own files to spectra of the same samples on one axis, one step a file."""
