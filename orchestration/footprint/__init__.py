"""From process exchanges to product footprints: the system that is solved once a period."""
