"""Differential fuzzing of the native ways in C against the general ones; `make fuzz`, and the corpus in `make test`."""
