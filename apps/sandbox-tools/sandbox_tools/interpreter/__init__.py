"""The program in which a session's code runs."""
