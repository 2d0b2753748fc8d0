"""What the probe costs, as ratios within one run. A goal that is missed is told, and no failure."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys

from benchmarks.alone import FULL, QUICK, run_alone
from benchmarks.table import print_table, summary

BENCHMARKS = (
    "construction",
    "paths",
    "wsgi",
    "memory",
    "delivery",
    "users",
    "jobs",
    "imports",
    "startup",
    "chat_load",
    "scan",
    "joining",
    "sharing",
    "dead",
    "clickhouse",
)


def main() -> int:
    """Run what is asked for and print one table. The exit code is 1 where a benchmark itself failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "only", nargs="*", metavar="benchmark", help=f"of {', '.join(BENCHMARKS)}; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="rougher readings, in about a minute")
    options = parser.parse_args()
    for name in options.only:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}, only {', '.join(BENCHMARKS)}")
    readings = []
    code = 0
    for name in options.only or BENCHMARKS:
        try:
            readings += run_alone(f"benchmarks.{name}", QUICK if options.quick else FULL)
        except subprocess.CalledProcessError as error:
            if error.returncode == 130:
                raise KeyboardInterrupt from None
            sys.stderr.write(f"the benchmark {name} failed\n")
            code = 1
    sys.stdout.write(f"ssot-probe on Python {platform.python_version()}, {platform.machine()}\n\n")
    print_table(readings, sys.stdout)
    sys.stdout.write(f"\n{summary(readings)}\n")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
