"""Text tables of any spreadsheet or instrument: their characters, their layout, their records."""
