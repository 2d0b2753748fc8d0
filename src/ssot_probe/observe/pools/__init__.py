"""Pools: who had a resource before, and what they left on it."""
