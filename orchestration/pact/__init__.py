"""PACT records: what one must fulfil, sent or received, and suppliers' records as factors."""
