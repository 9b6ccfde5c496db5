"""Words that are fixed by the method and offered by the command line; nothing is imported here."""

ROLES = ("preparer", "reviewer", "approver")
"""Who signs a hand-in; a round as a whole is signed by the approver alone."""

BASES = ("market_based", "location_based")
"""How purchased electricity is counted."""
