"""Memory: what waits between an event and its export, bounded and counted."""
