"""R object files as a stream: columns without the rest."""
