"""What the probe costs, as ratios within one run: `make bench`."""
