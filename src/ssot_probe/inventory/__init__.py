"""Reads a source tree without running it, into the records that a recording holds: facts, names, records."""
