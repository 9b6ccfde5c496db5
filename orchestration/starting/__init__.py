"""A company's first hour: drafted maps, imported factors, a folder to begin with."""
