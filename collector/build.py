"""Builds the OpenTelemetry Collector that builder.yaml names, once for each manifest and version of Go.

The last line of the output is the path of the binary, all else goes to stderr. `--path` builds nothing: it
prints the path of the binary where there is one already, and fails where there is none.

Environment: GO names the `go` to use; XDG_CACHE_HOME is where the binary is kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

MANIFEST = Path(__file__).resolve().parent / "builder.yaml"
NAME = "ssot-otelcol"
BUILDER = "go.opentelemetry.io/collector/cmd/builder"

NEEDED = (1, 26)
"""The oldest Go that the release compiles with."""

FETCHES = (1, 21)
"""Since when Go fetches a newer one of itself where a module asks for it."""

PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
"""Where `go` is apart from PATH."""


class NotBuiltError(Exception):
    """There is no Collector, and why."""


def built() -> Path | None:
    """Return the binary that was built last from this manifest, if any was."""
    found = [path for path in _cache().glob(f"{_digest()}-*/{NAME}") if os.access(path, os.X_OK)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def build() -> Path:
    """Return the binary of this manifest and this Go; builds it where it is not there yet.

    Raises:
        NotBuiltError: Go is missing or too old, or the build failed.
    """
    go = _go()
    version = _version(go)
    binary = _cache() / f"{_digest()}-{version}" / NAME
    if os.access(binary, os.X_OK):
        _say("built before")
        return binary
    environment = {**os.environ, "PATH": f"{Path(go).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment.pop("GOFLAGS", None)  # such as -mod=vendor
    if _numbers(version) < FETCHES:
        raise NotBuiltError(
            f"{go} is {version}: Go {_text(NEEDED)} is needed, or one from {_text(FETCHES)} on"
        )
    if _numbers(version) < NEEDED:
        environment["GOTOOLCHAIN"] = f"go{_text(NEEDED)}.0+auto"
    release = re.search(r"^  version: (\S+)$", MANIFEST.read_text(encoding="utf-8"), re.MULTILINE)
    if release is None:
        raise NotBuiltError(f"{MANIFEST}: does not say its version")
    _say(f"building release {release[1]} with {version}; a first build takes some minutes")
    started = monotonic()
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=binary.parent) as directory:
        manifest = Path(directory) / "builder.yaml"
        text = MANIFEST.read_text(encoding="utf-8")
        manifest.write_text(text.replace("dist:\n", f"dist:\n  output_path: {directory}/out\n"))
        command = [go, "run", f"{BUILDER}@v{release[1]}", f"--config={manifest}", "--ldflags=-s -w"]
        ended = subprocess.run(command, cwd=directory, env=environment, stdout=sys.stderr, check=False)
        if ended.returncode:
            raise NotBuiltError("the OpenTelemetry Collector Builder failed: see above")
        os.replace(Path(directory) / "out" / NAME, binary)
    _say(f"took {monotonic() - started:.0f} s")
    return binary


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ssot-probe" / "collector"


def _digest() -> str:
    return hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:16]


def _go() -> str:
    found = os.environ.get("GO") or shutil.which("go")
    for place in (found, *PLACES):
        if place and os.access(place, os.X_OK):
            return place
    raise NotBuiltError(
        f"Go is missing: the Collector is built with Go {_text(NEEDED)} or newer (https://go.dev/dl); set GO "
        "to where `go` is, if it is neither on PATH nor in /usr/local/go"
    )


def _version(go: str) -> str:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/")
    if said.returncode:
        raise NotBuiltError(f"{go} does not run: {said.stderr.strip()}")
    return said.stdout.split()[0]


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"go(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else NEEDED  # a development version


def _text(numbers: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in numbers)


def _say(text: str) -> None:
    print(f"collector: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Build, or look up."""
    if sys.argv[1:] == ["--path"]:
        found = built()
        if found is None:
            _say("not built; `make collector` builds it")
            return 1
        print(found)
        return 0
    try:
        print(build())
    except NotBuiltError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
