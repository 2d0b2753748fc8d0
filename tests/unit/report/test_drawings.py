"""Drawings of the paths behind each SSOT303."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.analysis.build import MANAGER, Program, judged, recording_of

from ssot_probe.errors import UsageError
from ssot_probe.report.drawings import Drawn, write_drawings

GRAPH = "digraph shared {}\n"


def drawn(directory: Path, program: Program) -> Drawn:
    return write_drawings(recording_of(program), judged(program).findings, str(directory / "drawings"))


def sharing() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.shares("u-1", "u-2", verdict="mutated", drawing="digraph better_not {}\n")
    program.shares("u-1", "u-2", verdict="mixed", drawing=GRAPH)
    return program


def fake_dot(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = directory / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_a_finding_is_drawn_by_its_worst_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = drawn(tmp_path, sharing())
    (graph,) = found.graphs
    assert Path(graph).read_text(encoding="utf-8") == GRAPH
    assert Path(graph).name.startswith("SSOT303-")
    assert found.pictures == ()
    assert "not installed" in found.note


def test_graphviz_makes_a_picture_beside_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(
        tmp_path, monkeypatch, 'for a in "$@"; do case $a in -o*) echo "<svg/>" > "${a#-o}";; esac; done'
    )
    found = drawn(tmp_path, sharing())
    assert found.note == ""
    assert [Path(picture).read_text(encoding="utf-8") for picture in found.pictures] == ["<svg/>\n"]


def test_a_graphviz_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, monkeypatch, "exit 3")
    found = drawn(tmp_path, sharing())
    assert (len(found.graphs), found.pictures) == (1, ())
    assert "exit code 3" in found.note


def test_without_a_finding_nothing_is_drawn(tmp_path: Path) -> None:
    assert drawn(tmp_path, Program()).graphs == ()


def test_a_directory_that_cannot_be_made_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "drawings").write_text("a file")
    with pytest.raises(UsageError, match="--drawings"):
        drawn(tmp_path, sharing())
