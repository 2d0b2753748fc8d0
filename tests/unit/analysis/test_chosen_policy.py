from __future__ import annotations

from pathlib import Path

import pytest
from unit.analysis.build import MANAGER, Program, concept, recording_of

from ssot_probe.analysis.chosen_policy import choose_policy
from ssot_probe.errors import PolicyError
from ssot_probe.model.policy import Policy
from ssot_probe.policy_json import policy_to_json

TEXT = '[[concept]]\nname = "{name}"\nclasses = ["*Manager"]\n'


def recorded(*names: str) -> Program:
    program = Program(policy=policy_to_json(Policy()))
    program.records.clear()
    for name in names:
        program.state(
            "started", policy=policy_to_json(Policy(concepts=(concept(name),), source=f"{name}.toml"))
        )
    program.cls(MANAGER)
    return program


def written(directory: Path, name: str) -> str:
    path = directory / f"{name}.toml"
    path.write_text(TEXT.format(name=name))
    return str(path)


def chosen(program: Program, config: str | None, environ: dict[str, str], directory: Path) -> tuple[str, str]:
    found = choose_policy(recording_of(program), config, environ, str(directory))
    return "".join(concept.name for concept in found.policy.concepts), found.found_by


def test_each_place_wins_over_the_next(tmp_path: Path) -> None:
    program = recorded("recorded")
    environ = {"SSOT_PROBE_CONFIG": written(tmp_path, "environ")}
    written(tmp_path, "ssot-probe")
    config = written(tmp_path, "config")
    assert chosen(program, config, environ, tmp_path) == ("config", "named by --config")
    assert chosen(program, None, environ, tmp_path) == ("environ", "named by SSOT_PROBE_CONFIG")
    assert chosen(program, None, {}, tmp_path) == ("ssot-probe", "found from the current directory")
    (tmp_path / "ssot-probe.toml").unlink()
    assert chosen(program, None, {}, tmp_path) == ("recorded", "in force while recording")


def test_the_earliest_recorded_policy_counts_and_others_are_told(tmp_path: Path) -> None:
    name, found_by = chosen(recorded("first", "second"), None, {}, tmp_path)
    assert (name, found_by) == ("first", "in force while recording, the first of 2 different ones")


def test_without_any_policy_concepts_are_inferred(tmp_path: Path) -> None:
    assert chosen(recorded(), None, {}, tmp_path) == ("", "none: concepts are inferred from class names")


def test_a_named_policy_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        chosen(recorded(), str(tmp_path / "none.toml"), {}, tmp_path)
