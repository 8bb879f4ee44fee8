"""Batches out of a corpus: in which order, in memory or through Ray Data, mixed of several kinds."""
