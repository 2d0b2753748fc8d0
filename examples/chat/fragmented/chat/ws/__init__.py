"""WebSocket side of the service; see canonical_imports for the names to use."""
