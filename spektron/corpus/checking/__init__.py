"""Whether a corpus is what was built: file by file, record by record."""
