"""Infers a starting policy from the records of a source tree or of a recording."""
