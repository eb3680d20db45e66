"""The Python side of Tech Renaissance."""
