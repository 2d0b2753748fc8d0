"""Mouths: where spans and metrics leave the process."""
