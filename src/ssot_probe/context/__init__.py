"""Who: the user, thread and task at the moment of an event."""
