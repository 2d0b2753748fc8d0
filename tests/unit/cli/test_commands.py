from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from unit.analysis.build import MANAGER, Program

from ssot_probe import cli
from ssot_probe.analysis.rules import RULES
from ssot_probe.cli.report import command
from ssot_probe.wire.otlp_json import Resource, encode_spans
from ssot_probe.wire.spans import to_spans

POLICY = (
    f'[[concept]]\nname = "websocket-manager"\nclasses = ["*WebSocketManager"]\ncanonical = "{MANAGER}"\n'
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSOT_PROBE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ssot-probe.toml").write_text(POLICY)


def fragmented(dropped: tuple[str, ...] = ()) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.old:OldWebSocketManager")
    program.stop(dropped)
    return program


def clean(dropped: tuple[str, ...] = ()) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.stop(dropped)
    return program


def record(program: Program, directory: Path = Path("data")) -> str:
    directory.mkdir(exist_ok=True)
    resource: Resource = {"service.name": "chat", "service.instance.id": program.process, "process.pid": 11}
    line = encode_spans(resource, "0.1.0", to_spans(program.records))
    (directory / f"{program.process}.jsonl").write_text(line + "\n")
    return str(directory)


def run(*arguments: str) -> int:
    return cli.execute(arguments)


def python(code: str, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, wherever the package is imported from here."""
    environ = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    command_line = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command_line, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environ, check=False, timeout=60
    )


def test_a_report_of_a_clean_recording_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", record(clean()), "--fail-on", "note") == 0
    assert "No findings." in capsys.readouterr().out


def test_findings_do_not_fail_unless_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    source = record(fragmented())
    assert run("report", source) == 0
    assert "SSOT101" in capsys.readouterr().out
    assert run("report", source, "--fail-on", "error") == 1


def test_waived_findings_do_not_fail() -> None:
    Path("ssot-probe.toml").write_text(
        POLICY + '[[waiver]]\ncode = "SSOT101"\nsubject = "*"\nreason = "known"\n'
    )
    assert run("report", record(fragmented()), "--fail-on", "note") == 0


def test_lost_records_end_with_3_and_never_with_0() -> None:
    assert run("report", record(clean(dropped=("queue_full=1",)))) == 3
    assert run("report", record(clean(dropped=("queue_full=1",))), "--fail-on", "error") == 3


def test_findings_outweigh_lost_records() -> None:
    assert run("report", record(fragmented(dropped=("queue_full=1",))), "--fail-on", "error") == 1


def test_a_void_recording_ends_with_3_and_shows_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", record(Program())) == 3
    out = capsys.readouterr().out
    assert out.startswith("NO EVIDENCE")
    assert "1 process of chat" in out


def test_an_empty_place_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data").mkdir()
    assert run("report", "data") == 3
    assert "[no-evidence]" in capsys.readouterr().err


def test_what_is_no_recording_ends_with_2_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.jsonl").write_text("hello\n")
    assert run("report", "app.jsonl") == 2
    assert "app.jsonl:1: found 'hello'" in capsys.readouterr().err
    assert run("report", "nowhere") == 2
    assert run("report") == 2
    assert run("report", "data", "--format", "xml") == 2
    assert run("report", "data", "--colour") == 2
    assert run("repotr") == 2


def test_formats_to_come_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", record(clean()), "--format", "html") == 2
    assert "--format html is not there yet; use one of text, json [usage]" in capsys.readouterr().err


def test_a_bad_policy_ends_with_2() -> None:
    Path("bad.toml").write_text("concepts = 1\n")
    assert run("report", record(clean()), "--config", "bad.toml") == 2


def test_json_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", record(fragmented()), "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in report["findings"]] == ["SSOT101"]
    assert report["policy"]["found_by"] == "found from the current directory"


def test_a_report_that_is_written_to_a_file_says_where_it_lies(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", record(fragmented()), "--output", "report.txt") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"The report lies in {os.path.abspath('report.txt')}\n"
    assert "SSOT101" in Path("report.txt").read_text()
    assert run("report", "data", "--output", "missing/report.txt") == 2


def test_text_that_the_terminal_cannot_encode_is_escaped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fragmented()
    program.cls("chat.größe:GrößeWebSocketManager")
    source = record(program)
    with open("out.txt", "w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert run("report", source) == 0
    assert "Gr\\xf6\\xdfeWebSocketManager" in Path("out.txt").read_text()


def test_explain_says_everything_about_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "ssot301") == 0
    out = capsys.readouterr().out
    assert out.startswith("SSOT301 cross-user-instance (error)\n")
    for heading in (
        "What it claims",
        "What proves it",
        "Where it stays silent",
        "How to mend it",
        "In the policy",
    ):
        assert heading in out


def test_explain_knows_rules_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "duplicate-class") == 0
    assert capsys.readouterr().out.startswith("SSOT101")


def test_explain_lists_all_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in RULES]
    assert lines[0].startswith("SSOT101  error    duplicate-class")


def test_an_unknown_code_ends_with_2_and_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "SSOT3011") == 2
    assert "did you mean SSOT301?" in capsys.readouterr().err


def test_help_and_version_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert run("--version") == 0
    assert run("report", "--help") == 0
    out = capsys.readouterr().out
    assert "explain" in out
    assert "ssot-probe, version" in out


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "callback", interrupt)
    assert run("report", "data") == 130


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from ssot_probe.cli import execute; execute(['--help']);"
        "heavy = ('ssot_probe.cli.', 'ssot_probe.analysis', 'rich');"
        "sys.exit(', '.join(name for name in sys.modules if name.startswith(heavy)) or 0)"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_analyst_loads_nothing_of_the_probe() -> None:
    code = (
        "import sys, ssot_probe.cli.report, ssot_probe.cli.explain;"
        "bad = ('wrapt', 'objgraph', 'opentelemetry', 'ssot_probe.observe', 'ssot_probe.recorder',"
        " 'ssot_probe.probe', 'ssot_probe.export', 'ssot_probe.context');"
        "sys.exit(', '.join(name for name in sys.modules if name.startswith(bad)) or 0)"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_is_no_finding() -> None:
    source = record(fragmented())
    reader, writer = os.pipe()
    os.close(reader)
    done = python("from ssot_probe.cli import main; main()", "report", source, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
