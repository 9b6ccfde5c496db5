"""The published marts for people who ask in SQL and for BI tools."""
