"""A shop with modules that are legacy, and one that is not."""
