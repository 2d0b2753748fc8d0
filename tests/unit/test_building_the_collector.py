"""`make collector`, with a Go that does nothing: what it builds is tried in tests/services."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]

GO = """\
#!/bin/sh
if [ "$1" = env ]; then
    echo {version}
    exit
fi
echo "$@" "GOTOOLCHAIN=$GOTOOLCHAIN" >> {log}
echo compiling
mkdir out
printf '#!/bin/sh\\n' > out/ssot-otelcol
chmod +x out/ssot-otelcol
exit {code}
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Builder:
    """The script, with a cache and a Go of its own."""

    def __init__(self, directory: Path) -> None:
        self.cache = directory / "cache"
        self.log = directory / "log"
        self.go = directory / "go"

    def have_go(self, version: str, code: int = 0) -> None:
        self.go.write_text(GO.format(version=version, log=self.log, code=code))
        self.go.chmod(0o755)

    def run(self, *arguments: str) -> Said:
        ran = subprocess.run(
            [sys.executable, str(ROOT / "collector" / "build.py"), *arguments],
            env={
                "PATH": os.defpath,
                "GO": str(self.go),
                "XDG_CACHE_HOME": str(self.cache),
                "HOME": "/nowhere",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(ran.returncode, ran.stdout, ran.stderr)

    @property
    def runs(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_all_that_is_printed_is_the_path_of_the_binary(builder: Builder) -> None:
    builder.have_go("go1.26.8")
    said = builder.run()

    assert said.code == 0, said.err
    (line,) = said.out.splitlines()
    assert os.access(line, os.X_OK)
    assert Path(line).is_relative_to(builder.cache)
    assert "compiling" in said.err
    assert "--config=" in builder.runs[0]
    assert builder.runs[0].endswith("GOTOOLCHAIN=")
    assert [path.name for path in Path(line).parent.iterdir()] == ["ssot-otelcol"]


def test_what_was_built_is_not_built_again_but_for_another_go(builder: Builder) -> None:
    builder.have_go("go1.26.8")
    first, second = builder.run(), builder.run()
    assert first.out == second.out
    assert len(builder.runs) == 1

    builder.have_go("go1.27.1")
    assert builder.run().out != first.out
    assert len(builder.runs) == 2


def test_the_path_can_be_asked_for_without_building(builder: Builder) -> None:
    builder.have_go("go1.26.8")
    missing = builder.run("--path")
    assert (missing.code, missing.out) == (1, "")
    assert "`make collector` builds it" in missing.err
    assert builder.runs == []

    built = builder.run().out
    builder.go.unlink()
    assert builder.run("--path") == (0, built, "")


def test_an_older_go_fetches_a_newer_one_where_it_can(builder: Builder) -> None:
    builder.have_go("go1.21.0")
    assert builder.run().code == 0
    assert builder.runs[0].endswith("GOTOOLCHAIN=go1.26.0+auto")


def test_a_go_that_is_too_old_is_refused(builder: Builder) -> None:
    builder.have_go("go1.19.8")
    said = builder.run()

    assert (said.code, said.out, builder.runs) == (1, "", [])
    assert "go1.19.8: Go 1.26 is needed" in said.err


def test_a_build_that_fails_leaves_nothing_that_could_be_taken_for_a_collector(builder: Builder) -> None:
    builder.have_go("go1.26.8", code=1)
    said = builder.run()

    assert (said.code, said.out) == (1, "")
    assert "failed" in said.err
    assert builder.run("--path").code == 1
    assert not [path for path in builder.cache.rglob("*") if path.is_file()]
