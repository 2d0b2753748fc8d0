"""What follows a verdict: bans that keep a path away, and the evidence for the change that deletes it."""
