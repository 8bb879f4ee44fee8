"""Public sources' files brought here: located, downloaded, checked against hashes, kept."""
