"""What a corpus says of itself: the data card, and the tables of the command line."""
