"""Carbonloom: ingest, gate, transformation and publication of a company's carbon accounts."""
