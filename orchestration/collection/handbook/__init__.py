"""The handbook: what each role does in a round, made from the company's own maps and rules."""
