"""The shared vocabulary of the probe and the analyst: frozen values, standard library only."""
