"""`python -m ssot_probe` is the command `ssot-probe`."""

from ssot_probe.cli import main

if __name__ == "__main__":
    main()
