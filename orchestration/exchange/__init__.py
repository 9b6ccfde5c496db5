"""Product footprints in the form that companies exchange: PACT version 3."""
