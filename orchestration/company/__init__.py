"""The data folder: its tables and their checks, rounds, maps and units."""
