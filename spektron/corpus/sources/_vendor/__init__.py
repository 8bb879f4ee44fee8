"""Instrument makers' binary files, looked over before a package opens them."""
