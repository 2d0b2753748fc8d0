"""Ears: one interpreter event in, one fact out. Nothing here judges, and nothing here raises into the host."""
