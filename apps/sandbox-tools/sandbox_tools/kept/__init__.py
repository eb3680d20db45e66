"""Processes that are kept: what they print is collected, and nothing of theirs outlives them."""
