"""May a path be deleted? What was used of it, whose silence counts, and what that silence proves."""
