"""Finds the versions of Python that programs can be run with."""

from __future__ import annotations

import shutil
import subprocess
import sys


def interpreters() -> dict[str, str]:
    """Return this Python, and the other versions that PATH names: those need no dependencies here."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for version in ("3.10", "3.11", "3.12", "3.13"):
        path = shutil.which(f"python{version}")
        if path is not None and version not in found:
            tried = subprocess.run([path, "-c", ""], capture_output=True, check=False)
            if tried.returncode == 0:
                found[version] = path
    return found


INTERPRETERS = interpreters()
