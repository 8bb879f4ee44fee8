"""Commands of the command line that are too many for one file. What they need is imported when they run."""
