"""Writes the hand-ins of the invented example company; run `python -m raw_data.make_example`."""
