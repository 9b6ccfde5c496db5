"""Marked files that come back to their authors."""
