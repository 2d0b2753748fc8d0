"""What a Prometheus counted over a whole fleet: the question, how it is asked, and what the answer says."""
