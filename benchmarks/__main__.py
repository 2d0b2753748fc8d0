"""`python -m benchmarks`: what the probe costs, as ratios within one run."""

from __future__ import annotations

import argparse
import platform
import sys

from benchmarks import construction, imports, startup
from benchmarks.table import Row, print_table

BENCHMARKS = {
    "construction": ("A recorded construction", construction.run, 60, 12),
    "imports": ("An import of a loaded module", imports.run, 8, 2),
    "startup": ("Start-up of a service", startup.run, 12, 3),
}


def main() -> int:
    """Run the benchmarks that are asked for. Missed goals are told, not failed on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *BENCHMARKS], help="which to run; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, under half a minute once installed"
    )
    options = parser.parse_args()
    print(f"Python {platform.python_version()}; median ratio (lowest to highest) over interleaved rounds")
    rows: list[Row] = []
    for name in options.only or BENCHMARKS:
        title, run, rounds, quick_rounds = BENCHMARKS[name]
        print(f"… {title.lower()}", file=sys.stderr)
        found = run(quick_rounds if options.quick else rounds)
        print_table(title, found)
        rows += found
    missed = [row.what for row in rows if row.verdict == "goal missed"]
    print(
        f"\n{len(missed)} goals missed" + "".join(f"\n  {what}" for what in missed)
        if missed
        else "\nall goals met"
    )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
