"""What everything else stands on: errors, identity, settings, files, provenance. Imports nothing of ours."""
