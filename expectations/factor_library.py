"""Rules for factor libraries."""

RULES = ()
