"""`ssot-probe report`, on recordings that processes really made."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from process.project import POLICY, Outcome, Project, end, finish, line_of, wait_until
from process.report_shape import REPORT, differences

OLD = """\
class OrderManager:
    def __init__(self, user_id):
        self.user_id = user_id
"""

PROGRAM = """\
from shop.manager import get_manager
from shop.old import OrderManager

get_manager("anna")
OrderManager("bert")
"""

STRICT = POLICY + 'canonical = "shop.manager:OrderManager"\nlegacy = ["shop.old"]\n'

EXPECTED = {"SSOT101", "SSOT103", "SSOT108", "SSOT203"}
"""Two classes of one name, a legacy import, and a construction past the factory."""

BLIND = {"SSOT903"} if sys.version_info < (3, 11) else set()
"""Python 3.10 does not tell of every import, which is a note in every report."""


@pytest.fixture
def troubled(shop: Project) -> Project:
    """The shop with two managers, recorded once."""
    shop.write({"shop/old.py": OLD, "prog.py": PROGRAM, "ssot-probe.toml": STRICT})
    assert shop.run("prog.py")[:3] == (0, "", "")
    return shop


def report(project: Project, *arguments: str, **options: Any) -> Outcome:
    return project.ssot_probe("report", *(arguments or (str(project.recordings),)), **options)


def json_of(project: Project, *arguments: str, **options: Any) -> dict[str, Any]:
    outcome = report(project, *(arguments or (str(project.recordings),)), "--format", "json", **options)
    assert outcome.err == ""
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def codes(view: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in view["findings"]}


def comparable(view: dict[str, Any]) -> dict[str, Any]:
    """Return the report without the moment of its making."""
    return {key: value for key, value in view.items() if key != "generated_at"}


def test_findings_are_shown_and_do_not_fail_the_command(troubled: Project) -> None:
    outcome = report(troubled)

    assert outcome.code == 0, outcome.err
    assert set(re.findall(r"SSOT\d{3}", outcome.out)) >= EXPECTED
    assert "shop/old.py:1" in outcome.out
    assert "prog.py:2" in outcome.out


def test_json_has_the_promised_shape(troubled: Project) -> None:
    view = json_of(troubled)

    assert differences(view, REPORT) == []
    assert codes(view) >= EXPECTED
    assert view["evidence"]["complete"] is True
    assert (view["evidence"]["processes"], view["evidence"]["dropped"]) == (1, 0)


def test_the_json_of_a_clean_recording_has_the_promised_shape(shop: Project) -> None:
    shop.run("prog.py")

    view = json_of(shop)

    assert differences(view, REPORT) == []
    assert codes(view) <= BLIND


def test_the_checker_of_the_shape_sees_what_is_wrong(troubled: Project) -> None:
    view = json_of(troubled)
    view["findings"][0]["code"] = "301"
    view["evidence"]["complete"] = 1
    del view["paths"][0]["kind"]

    assert differences(view, REPORT) == [
        "report.evidence.complete is 1, expected bool",
        r"report.findings[0].code is '301', expected SSOT\d{3}",
        "report.paths[0].kind is missing",
    ]


def test_a_user_id_is_nowhere(troubled: Project) -> None:
    policy = 'user = [{ argument = "user_id" }]\n' + STRICT
    troubled.write({"ssot-probe.toml": policy, "prog.py": PROGRAM + "print('made')\n"})
    troubled.run("prog.py")

    view = json_of(troubled)

    raw = "".join(path.read_text() for path in troubled.recordings.iterdir()) + json.dumps(view)
    assert "anna" not in raw
    assert "bert" not in raw


@pytest.mark.parametrize(("level", "code"), [("error", 1), ("warning", 1), ("note", 1)])
def test_findings_fail_the_command_where_that_is_asked_for(troubled: Project, level: str, code: int) -> None:
    assert report(troubled, str(troubled.recordings), "--fail-on", level).code == code


@pytest.mark.parametrize("level", ["error", "warning", "note"])
def test_a_clean_recording_never_fails_the_command(shop: Project, level: str) -> None:
    shop.run("prog.py")

    assert report(shop, str(shop.recordings), "--fail-on", level).code == (level == "note" and bool(BLIND))


def test_an_empty_directory_is_missing_evidence(shop: Project) -> None:
    outcome = report(shop, str(shop.home))

    assert (outcome.code, outcome.out) == (3, "")
    assert str(shop.home) in outcome.err
    assert "Traceback" not in outcome.err


def test_empty_files_are_missing_evidence(shop: Project) -> None:
    (shop.home / "empty.traces.jsonl").touch()

    assert report(shop, str(shop.home)).code == 3


@pytest.mark.parametrize("content", [None, "", '{"resourceSpans":['])
def test_json_is_written_though_nothing_is_there_to_judge(shop: Project, content: str | None) -> None:
    if content is not None:
        (shop.home / "x.traces.jsonl").write_text(content)

    outcome = report(shop, str(shop.home), "--format", "json", "--fail-on", "note")

    assert outcome.code == 3
    found = json.loads(outcome.out)
    assert differences(found, REPORT) == []
    (problem,) = found["problems"]
    assert problem in outcome.err
    assert found["evidence"]["void"]
    assert not found["evidence"]["complete"]


def test_a_recording_without_any_first_party_module_is_missing_evidence(shop: Project) -> None:
    shop.run("-c", "pass")

    outcome = report(shop)

    assert outcome.code == 3
    assert report(shop, str(shop.recordings), "--fail-on", "error").code == 3


@pytest.mark.parametrize("name", ["missing", "missing/deeper", "missing.jsonl", ""])
def test_a_path_that_does_not_exist_is_unreadable_input(shop: Project, name: str) -> None:
    outcome = report(shop, str(shop.home / name) if name else "")

    assert (outcome.code, outcome.out) == (2, "")
    assert name in outcome.err
    assert "Traceback" not in outcome.err


def test_no_source_is_wrong_use(shop: Project) -> None:
    assert shop.ssot_probe("report").code == 2


@pytest.mark.parametrize(
    "text",
    ['{"level": "info", "message": "started"}\n', "[1, 2]\n", "no json at all\n", "1\n", "\x00\x01\n"],
    ids=["log", "list", "text", "number", "binary"],
)
def test_a_file_of_something_else_is_unreadable_input(shop: Project, text: str) -> None:
    (shop.home / "app.jsonl").write_text(text * 3)

    outcome = report(shop, str(shop.home / "app.jsonl"))

    assert (outcome.code, outcome.out) == (2, "")
    assert "app.jsonl" in outcome.err


def test_spans_of_other_instrumentation_are_unreadable_input(shop: Project) -> None:
    span = {"name": "GET /", "traceId": "0" * 32, "spanId": "0" * 16}
    scope = {"scope": {"name": "opentelemetry.instrumentation.asgi"}, "spans": [span]}
    line = json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]})
    (shop.home / "traces.jsonl").write_text(line + "\n")

    assert report(shop, str(shop.home)).code == 2


def test_foreign_files_beside_a_recording_do_not_hide_it(troubled: Project) -> None:
    (troubled.recordings / "app.jsonl").write_text('{"level": "info"}\n')
    (troubled.recordings / "notes.txt").write_text("nothing\n")

    view = json_of(troubled)

    assert codes(view) >= EXPECTED


@pytest.fixture
def torn(troubled: Project) -> Project:
    """The recording, with a last line that the disk took in part only."""
    (path,) = troubled.recordings.glob("*.traces.jsonl")
    with path.open("ab") as file:
        file.write(b'{"resourceSpans":[{"resource":{"attributes":[{"key":"service.na')
    return troubled


def test_a_torn_last_line_shows_the_findings_says_so_and_is_missing_evidence(torn: Project) -> None:
    outcome = report(torn)

    assert outcome.code == 3
    assert set(re.findall(r"SSOT\d{3}", outcome.out)) >= EXPECTED
    assert "torn" in outcome.out
    (path,) = torn.recordings.glob("*.traces.jsonl")
    assert f"{path.name}:{len(path.read_bytes().splitlines())}" in outcome.out


def test_a_torn_last_line_is_told_in_json(torn: Project) -> None:
    outcome = report(torn, str(torn.recordings), "--format", "json")

    view = json.loads(outcome.out)
    assert outcome.code == 3
    assert differences(view, REPORT) == []
    assert codes(view) >= EXPECTED
    assert view["evidence"]["complete"] is False
    assert view["evidence"]["dropped"] >= 1


def test_findings_come_before_missing_evidence_where_they_fail_the_command(torn: Project) -> None:
    assert report(torn, str(torn.recordings), "--fail-on", "error").code == 1


def test_a_recording_of_which_only_a_torn_line_is_left_is_missing_evidence(troubled: Project) -> None:
    (path,) = troubled.recordings.glob("*.traces.jsonl")
    path.write_bytes(path.read_bytes().splitlines()[0][:-100])

    outcome = report(troubled)

    assert (outcome.code, outcome.out) == (3, "")
    assert "torn" in outcome.err


def test_several_recordings_are_one_report(troubled: Project, tmp_path: Path) -> None:
    first = troubled.recordings.rename(tmp_path / "first")
    troubled.run("-m", "shop")

    view = json_of(troubled, str(first), str(troubled.recordings))

    assert view["evidence"]["processes"] == 2
    assert codes(view) >= EXPECTED


def test_a_recording_named_twice_counts_once(troubled: Project, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(troubled.recordings, copy)
    once = json_of(troubled)

    twice = json_of(troubled, str(troubled.recordings), str(troubled.recordings), f"{troubled.recordings}/.")
    copied = json_of(troubled, str(troubled.recordings), str(copy))

    assert comparable(twice) == comparable(copied) == comparable(once)


def test_the_recording_of_a_killed_process_is_usable(troubled: Project) -> None:
    shutil.rmtree(troubled.recordings)
    troubled.write({"prog.py": PROGRAM + "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"})
    process = troubled.start([troubled.python, "prog.py"])
    line_of(process.stdout, "ready")
    wait_until(lambda: troubled.recorded().calls("shop.old:OrderManager"), "the construction is in the file")
    end(process, signal.SIGKILL)

    view = json_of(troubled)

    assert codes(view) >= EXPECTED
    assert view["evidence"]["dropped"] == 0
    (label,) = view["evidence"]["unclosed"]
    assert str(process.pid) in label
    assert report(troubled).code == 0


def test_a_recording_can_be_read_while_it_is_written(troubled: Project) -> None:
    shutil.rmtree(troubled.recordings)
    troubled.write({"prog.py": PROGRAM + "print('ready', flush=True)\ninput()\n"})
    process = troubled.start([troubled.python, "prog.py"], stdin=subprocess.PIPE)
    line_of(process.stdout, "ready")
    files = troubled.recordings.glob
    wait_until(lambda: any(file.stat().st_size for file in files("*.traces.jsonl")), "something is told")

    wait_until(lambda: codes(json_of(troubled)) >= EXPECTED, "the findings are there")
    view = json_of(troubled)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.close()
    process.stdin = None

    assert finish(process).code == 0
    assert view["evidence"]["unclosed"]
    assert json_of(troubled)["evidence"]["unclosed"] == []


def test_the_policy_in_force_while_recording_judges_from_another_directory(troubled: Project) -> None:
    view = json_of(troubled, str(troubled.recordings), cwd=troubled.home)

    assert codes(view) >= EXPECTED
    assert view["policy"]["source"] == "ssot-probe.toml"


def test_another_policy_can_judge_the_same_recording(troubled: Project) -> None:
    troubled.write({"mild.toml": POLICY.replace("classes", "max_classes = 9\nclasses")})

    view = json_of(troubled, str(troubled.recordings), "--config", "mild.toml")

    assert not codes(view) & {"SSOT101", "SSOT108"}


@pytest.mark.parametrize("text", ["colour = 1\n", "packages = [\n", None], ids=["key", "syntax", "missing"])
def test_a_policy_that_cannot_be_read_is_wrong_use(troubled: Project, text: str | None) -> None:
    if text is not None:
        troubled.write({"bad.toml": text})

    outcome = report(troubled, str(troubled.recordings), "--config", "bad.toml")

    assert (outcome.code, outcome.out) == (2, "")
    assert "bad.toml" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_report_goes_to_a_file_where_that_is_asked_for(troubled: Project, form: str) -> None:
    shown = report(troubled, str(troubled.recordings), "--format", form)

    outcome = report(troubled, str(troubled.recordings), "--format", form, "--output", "report.out")

    written = (troubled.root / "report.out").read_text()
    if form == "json":
        assert comparable(json.loads(written)) == comparable(json.loads(shown.out))
    else:
        assert written == shown.out
    assert (outcome.code, outcome.out) == (0, "")
    assert "report.out" in outcome.err


@pytest.mark.parametrize("target", ["missing/report.json", "."])
def test_an_output_that_cannot_be_written_is_wrong_use(troubled: Project, target: str) -> None:
    outcome = report(troubled, str(troubled.recordings), "--output", target)

    assert (outcome.code, outcome.out) == (2, "")
    assert "Traceback" not in outcome.err


def test_an_unknown_format_is_wrong_use(troubled: Project) -> None:
    outcome = report(troubled, str(troubled.recordings), "--format", "xml")

    assert outcome.code == 2
    assert "json" in outcome.err


def test_the_reader_may_go_away(troubled: Project) -> None:
    shell = ["sh", "-c", f'({troubled.command} report {troubled.recordings}; echo "code $?" >&2) | head -n 1']

    outcome = troubled.execute(shell, probe=False)

    assert len(outcome.out.splitlines()) == 1
    assert outcome.err in ("code 0\n", "code 141\n")


def test_the_reader_may_be_gone_before_the_first_line(troubled: Project) -> None:
    for command in (["report", str(troubled.recordings)], ["explain"], ["explain", "SSOT301"]):
        read, write = os.pipe()
        os.close(read)
        try:
            outcome = troubled.ssot_probe(*command, stdout=write)
        finally:
            os.close(write)

        assert (outcome.code, outcome.err) == (141, ""), command


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is of Linux")
def test_a_full_standard_output_is_told_in_one_line(troubled: Project) -> None:
    with open("/dev/full", "w") as full:
        outcome = troubled.ssot_probe("report", str(troubled.recordings), stdout=full)

    assert outcome.code not in (0, 1, 3)
    assert "Traceback" not in outcome.err


def test_the_output_is_the_same_in_every_encoding(troubled: Project) -> None:
    plain = report(troubled)

    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "LC_ALL": "C"}, {"PYTHONUTF8": "1"}):
        outcome = report(troubled, environment=environment)
        assert (outcome.code, outcome.err) == (0, ""), environment
        assert re.findall(r"SSOT\d{3}", outcome.out) == re.findall(r"SSOT\d{3}", plain.out)


def test_nothing_is_recorded_of_the_analyst_itself(troubled: Project) -> None:
    before = sorted(troubled.recordings.iterdir())

    report(troubled, probe=True)

    assert sorted(troubled.recordings.iterdir()) == before
