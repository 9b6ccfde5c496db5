"""The warehouse folder: where things lie, and how files are written whole."""
