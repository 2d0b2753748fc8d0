"""Programs that share what they should not, each with a twin that does not, and what is said of them."""
