"""Whether a path that somebody wants to delete is dead, and what that is known from."""
