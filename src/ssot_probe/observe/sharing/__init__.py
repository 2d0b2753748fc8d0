"""Which objects are reachable from the instances of two users: one traversal, its evidence, its verdict."""
