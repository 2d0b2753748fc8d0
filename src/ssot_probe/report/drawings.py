"""Writes a drawing of the paths behind each SSOT303: as a graph in the DOT language, and as a picture."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.errors import UsageError
from ssot_probe.model.finding import Finding
from ssot_probe.model.records import SharedObjectRecord
from ssot_probe.model.sharing import REFERENCES, place_of

CODE = "SSOT303"
DRAWING_SECONDS = 30
"""After which graphviz is not waited for any longer."""


class Drawn(NamedTuple):
    """What was written, and what was not."""

    graphs: tuple[str, ...]  # files in the DOT language
    pictures: tuple[str, ...]  # SVG files beside them
    note: str  # why there are fewer pictures; "" where there are not


def write_drawings(recording: Recording, findings: Iterable[Finding], directory: str) -> Drawn:
    """Write the drawings of all findings into a directory, which is made where it is missing.

    Raises:
        UsageError: it cannot be written to.
    """
    graphs: list[str] = []
    try:
        os.makedirs(directory, exist_ok=True)
        for finding in findings:
            drawing = _drawing(recording, finding) if finding.code == CODE else ""
            if drawing:
                graphs.append(os.path.join(directory, f"{finding.code}-{finding.fingerprint}.dot"))
                with open(graphs[-1], "w", encoding="utf-8") as file:
                    file.write(drawing)
    except OSError as error:
        raise UsageError(f"--drawings {directory}: cannot be written: {error.strerror}") from error
    pictures, note = _pictures(graphs)
    return Drawn(tuple(graphs), tuple(pictures), note)


def _drawing(recording: Recording, finding: Finding) -> str:
    """Return the drawing of the worst object that the finding is about."""
    found = [
        record
        for _, record in recording.of(SharedObjectRecord)
        if record.drawing
        and record.verdict in REFERENCES
        and place_of(record.paths, record.holder) == finding.subject
    ]
    worst = list(REFERENCES)
    return min(found, key=lambda record: (worst.index(record.verdict), record)).drawing if found else ""


def _pictures(graphs: Iterable[str]) -> tuple[list[str], str]:
    program = shutil.which("dot")
    if program is None:
        return [], "graphviz's `dot` is not installed, so there are no pictures beside them"
    pictures: list[str] = []
    for graph in graphs:
        picture = graph.removesuffix(".dot") + ".svg"
        command = [program, "-Tsvg", f"-o{picture}", graph]
        try:
            done = subprocess.run(command, capture_output=True, timeout=DRAWING_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return pictures, f"graphviz's `dot` did not draw {graph}: {type(error).__name__}"
        if done.returncode:
            return pictures, f"graphviz's `dot` did not draw {graph}: exit code {done.returncode}"
        pictures.append(picture)
    return pictures, ""
