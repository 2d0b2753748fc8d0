"""Ears: one interpreter event in, one fact out. Nothing here judges or raises into the host."""
