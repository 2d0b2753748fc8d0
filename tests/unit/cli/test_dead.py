"""`ssot-probe dead`: what it prints, and what it ends with."""

from __future__ import annotations

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from unit.analysis.build import Source
from unit.analysis.retirement.fleet import OLD, Worker, terms

from ssot_probe.cli import execute as run
from ssot_probe.model.records import Record
from ssot_probe.policy_json import policy_to_json
from ssot_probe.wire.otlp_json import AttributeValue, encode_spans
from ssot_probe.wire.spans import to_spans

POLICY = f"""\
packages = ["chat"]
[[concept]]
name = "managers"
classes = ["*Manager"]
legacy = ["{OLD}"]
[dead]
environments = ["production"]
roles = ["web"]
min_days = 7
cycles = ["week"]
"""


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory with a policy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SSOT_PROBE_CONFIG", raising=False)
    Path("ssot-probe.toml").write_text(POLICY)


def record(*workers: Worker, source: Source | None = None, name: str = "data") -> str:
    """Write recordings, and return their directory."""
    directory = Path(name)
    directory.mkdir()
    for worker in workers:
        about = worker.about
        _write(
            directory / f"{worker.name}.traces.jsonl",
            {
                "service.name": about.service,
                "service.instance.id": worker.name,
                "process.pid": about.pid,
                "deployment.environment.name": about.environment,
                "ssot.role": about.role,
            },
            worker.records,
        )
    if source is not None:
        resource: dict[str, AttributeValue] = {"service.instance.id": source.name, "ssot.origin": "static"}
        _write(directory / "scan.traces.jsonl", resource, [record for _, record in source.finished()])
    return str(directory)


def _write(file: Path, resource: dict[str, AttributeValue], records: list[Record]) -> None:
    file.write_text(encode_spans(resource, "1", to_spans(records)) + "\n")


def scanned(*imports: tuple[str, str]) -> Source:
    source = Source(policy=policy_to_json(terms()))
    for module in ("chat.app", OLD):
        source.module(module)
    for place, target in imports:
        source.imports(place, target, inside="monthly")
    return source


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    run(["dead", *arguments, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_path_without_any_use_has_its_verdict_grade_and_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["dead", record(Worker().stops(), source=scanned())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"NEVER-LOADED        A  {OLD}  [managers]"
    assert lines[1].startswith("  Nobody looked for it")
    assert lines[2] == "  uses       resolved 0, loaded 0, constructed 0, called 0"
    assert "1 path: 1 NEVER-LOADED." in lines
    assert lines[-1].startswith("void")


def test_json_has_the_promised_shape(capsys: pytest.CaptureFixture[str]) -> None:
    view = json_of(capsys, record(Worker().stops(), source=scanned(("chat/jobs.py:4", OLD))))
    assert view["schema"] == "ssot-probe/dead/1"
    evidence = view["evidence"]
    assert (evidence["processes"], evidence["days"], evidence["roles"], evidence["void"]) == (
        1,
        40,
        ["web"],
        [],
    )
    (path,) = view["paths"]
    assert (path["path"], path["verdict"], path["grade"]) == (OLD, "INSUFFICIENT", "D")
    assert path["uses"] == {"resolved": 0, "loaded": 0, "constructed": 0, "called": 0}
    assert path["first_seen"] is None
    assert path["last_seen"] is None
    assert path["witnesses"] == []
    (importer,) = path["static_importers"]
    assert (importer["file"], importer["line"], importer["executed"]) == ("chat/jobs.py", 4, False)
    assert path["missing"] == ["chat/jobs.py:4 imports chat.ws.old and did not run (not loaded)"]
    assert path["sentence"].startswith("No use of it was seen")


def test_a_live_path_shows_its_first_and_last_witness(capsys: pytest.CaptureFixture[str]) -> None:
    source = record(Worker().uses("chat/a.py:1").uses("chat/b.py:2", days=3).stops())
    assert run(["dead", source, "--why", OLD]) == 0
    out = capsys.readouterr().out
    assert "first      chat/a.py:1  calls chat.ws.old:serve, 2026-01-05 09:00:00Z" in out
    assert "last       chat/b.py:2  calls chat.ws.old:serve, 2026-01-08 09:00:00Z" in out
    assert "for a user, thread MainThread, chat (pid 11)" in out


def test_who_would_load_a_path_that_nobody_used_is_told_from_the_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = record(Worker().stops(), source=scanned(("chat/jobs.py:4", OLD)))
    assert run(["dead", source, "--why", OLD]) == 0
    out = capsys.readouterr().out
    assert "imports    nothing that ran leads to it, no entry point and no script" in out
    assert "importer   chat/jobs.py:4  imports chat.ws.old (not loaded)" in out


def test_what_leads_from_a_module_that_ran_to_a_path_that_nobody_used_is_told_link_by_link(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = scanned(("chat/jobs.py:4", OLD), ("chat/app.py:7", "chat.jobs"))
    assert run(["dead", record(Worker().stops(), source=source), "--why", OLD]) == 0
    out = capsys.readouterr().out
    assert "imports    chat.app ran, and leads to it:" in out
    assert "chat/app.py:7  chat.app imports chat.jobs, not at the top of its module" in out
    assert f"chat/jobs.py:4  chat.jobs imports {OLD}, not at the top of its module" in out


# What a change deletes


DIFF = """\
diff --git a/chat/ws/old.py b/chat/ws/old.py
--- a/chat/ws/old.py
+++ b/chat/ws/old.py
@@ -1,8 +1,2 @@
-def serve():
-    return 1
-
-def close():
-    return 2
-
 def stays():
     return 3
"""


def watched_source(*functions: str) -> Source:
    source = scanned()
    source.defines(OLD, OLD, 0, kind="module")
    for line, name in enumerate(functions, 1):
        source.defines(OLD, f"{OLD}:{name}", line)
    return source


def test_every_name_that_a_diff_deletes_has_its_verdict_in_one_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = Worker(watched=()).watches(OLD, "module").imports("chat/v.py:3", f"{OLD}:serve,close")
    source = record(worker.uses().stops(), source=watched_source("serve", "close", "stays"))
    Path("change.diff").write_text(DIFF)
    assert run(["dead", source, "--diff", "change.diff"]) == 0
    out = capsys.readouterr().out
    assert f"LIVE                E  {OLD}:serve\n" in out
    assert f"LOADED-BUT-UNUSED   D  {OLD}:close\n" in out
    assert "2 paths: 1 LIVE, 1 LOADED-BUT-UNUSED." in out


def test_a_method_is_judged_without_asking_its_class_to_go(capsys: pytest.CaptureFixture[str]) -> None:
    Path("names").write_text(f"{OLD}:Manager.send\n")
    unheard = "Manager.close: it is in C; Manager.sender: it is in C"
    worker = (
        Worker(watched=()).watches(OLD, "module", unheard=unheard).imports("chat/v.py:3", f"{OLD}:Manager")
    )
    source = watched_source("Manager", "Manager.send")
    assert run(["dead", record(worker.stops(), source=source), "--names", "names"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("LOADED-BUT-UNUSED")
    assert "have to go first" not in out


def test_what_cannot_be_heard_of_a_function_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("names").write_text(f"{OLD}:serve\n")
    for unheard in (
        "serve: it is in C",
        "close: in C; serve.inner: in C",
        "<lambda>: it is in C",
    ):
        worker = Worker(watched=()).watches(OLD, "module", unheard=unheard)
        source = record(worker.imports("chat/v.py:3", OLD).stops(), source=watched_source("serve"))
        assert run(["dead", source, "--names", "names"]) == 0
        assert capsys.readouterr().out.startswith("INSUFFICIENT"), unheard
        rmtree(source)


def test_a_diff_is_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(DIFF.encode())))
    source = record(Worker().stops(), source=watched_source("serve", "close"))
    assert run(["dead", source, "--diff", "-"]) == 0
    assert "2 paths: 2 NEVER-LOADED." in capsys.readouterr().out


def test_a_name_that_source_does_not_know_as_code_of_a_loaded_module_says_what_to_watch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("names").write_text(f"{OLD}:LIMIT\nchat.elsewhere  # gone\n")
    worker = Worker(watched=()).watches(OLD, "module").imports("chat/v.py:3", OLD)
    assert run(["dead", record(worker.stops(), source=watched_source("serve")), "--names", "names"]) == 3
    out = capsys.readouterr().out
    assert f"name {OLD}:LIMIT in the policy as legacy" in out
    assert "2 paths: 2 NO-EVIDENCE." in out


def test_a_definition_that_a_diff_does_not_place_has_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    hunk = "@@ -40,3 +40,1 @@\n-    def serve(self):\n-        return 1\n     x = 1\n"
    Path("change.diff").write_text(DIFF.partition("@@")[0] + hunk)
    assert run(["dead", record(Worker().stops(), source=watched_source()), "--diff", "change.diff"]) == 3
    assert "chat/ws/old.py:40 deletes serve" in capsys.readouterr().out


def test_a_change_that_deletes_nothing_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    Path("change.diff").write_text("")
    assert run(["dead", record(Worker().stops()), "--diff", "change.diff"]) == 0
    assert "The diff is empty: nothing is deleted, unless" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_diff_says_that_it_is_one(capsys: pytest.CaptureFixture[str], content: str) -> None:
    source = record(Worker().stops())
    Path("change.diff").write_text(content)
    assert run(["dead", source, "--diff", "change.diff"]) == 0
    assert "The diff is empty" in capsys.readouterr().err


def test_nothing_shows_who_reads_a_deleted_constant_but_who_imports_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("change.diff").write_text(DIFF.partition("@@")[0] + "@@ -1,2 +1,1 @@\n-LIMIT = 5\n x = 1\n")
    worker = Worker(watched=()).watches(OLD, "module").imports("chat/v.py:3", f"{OLD}:LIMIT")
    source = watched_source("serve")
    source.imports("chat/v.py:3", f"{OLD}:LIMIT")
    assert run(["dead", record(worker.stops(), source=source), "--diff", "change.diff"]) == 3
    out = capsys.readouterr().out
    assert f"NO-EVIDENCE         E  {OLD}:LIMIT\n" in out
    assert "as nothing shows who reads a constant; search the source for its name." in out
    assert "importer   chat/v.py:3  imports LIMIT from chat.ws.old (executed)" in out


def test_a_constant_of_a_module_that_was_never_loaded_is_dead_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("change.diff").write_text(DIFF.partition("@@")[0] + "@@ -1,2 +1,1 @@\n-LIMIT = 5\n x = 1\n")
    assert run(["dead", record(Worker().stops(), source=watched_source()), "--diff", "change.diff"]) == 0
    assert capsys.readouterr().out.startswith("NEVER-LOADED")


def test_deleted_files_that_are_no_python_code_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    gone = "diff --git a/page.html b/page.html\ndeleted file mode 100644\n--- a/page.html\n+++ /dev/null\n"
    Path("change.diff").write_text(gone + "@@ -1 +0,0 @@\n-<p>\n")
    source = record(Worker().stops())
    assert run(["dead", source, "--diff", "change.diff"]) == 0
    told = capsys.readouterr()
    assert "The change deletes no Python code: page.html cannot be judged." in told.err
    assert "Not judged: 1 deleted file, as no recording tells who reads one.\n  page.html\n" in told.out
    assert json_of(capsys, source, "--diff", "change.diff")["not_judged"] == ["page.html"]


# What follows a verdict


def test_a_ban_for_ruff_names_what_is_not_used_and_tells_why_the_rest_is_not_banned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("ssot-probe.toml").write_text(POLICY.replace(f'"{OLD}"', f'"{OLD}", "chat.ws.used"'))
    watched = (OLD, "chat.ws.used")
    source = record(Worker(watched=watched).uses(path="chat.ws.used").stops(), source=scanned())
    assert run(["dead", source, "--emit", "ruff"]) == 0
    out = capsys.readouterr().out
    assert f'"{OLD}".msg = "Retired (' in out
    assert "# chat.ws.used is not banned: LIVE." in out
    assert run(["dead", source, "--emit", "ruff", "--output", "ruff.toml"]) == 0
    assert "[lint.flake8-tidy-imports.banned-api]" in Path("ruff.toml").read_text()


def test_a_contract_and_an_evidence_block_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    source = record(Worker().stops(), source=scanned())
    assert run(["dead", source, "--emit", "import-linter"]) == 0
    assert f"[importlinter:contract:retired-{OLD}]" in capsys.readouterr().out
    assert run(["dead", source, "--emit", "markdown", "--path", OLD]) == 0
    out = capsys.readouterr().out
    assert "| `chat.ws.old` | NEVER-LOADED |" in out
    assert "- To see it again: `ssot-probe dead data --path chat.ws.old`" in out


def test_code_that_was_used_and_that_the_scan_does_not_know_is_published_and_voids_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = record(Worker().uses(origin="tooling").stops(), source=watched_source("close"))
    view = json_of(capsys, source)
    assert view["evidence"]["code"]["unmatched"] == 1
    assert run(["dead", source]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 used piece of code is not in the scanned source" in out
    known = record(Worker().uses(origin="tooling").stops(), source=watched_source("serve"), name="known")
    assert run(["dead", known]) == 0
    assert "the one used piece of code is in the scanned source" in capsys.readouterr().out
    assert run(["dead", source, "--path", f"{OLD}:close"]) == 3
    assert "was used, and the scanned source does not define it" in capsys.readouterr().out


def test_a_path_that_the_scan_was_not_told_of_asks_for_another_scan(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = Source(policy=policy_to_json(terms("chat.ws.older")))
    source.module("chat.app")
    assert run(["dead", record(Worker().stops(), source=source)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("INSUFFICIENT        D")
    assert "scan again with this policy" in out


@pytest.mark.parametrize(
    "worker",
    [
        Worker(),  # killed
        Worker(control="missed").stops(),
        Worker(environment="staging").stops(),
        Worker(watched=()).stops(),  # of another version, or by another policy
        Worker(watched=()).watches(OLD, "absent").stops(),
    ],
)
def test_what_proves_nothing_ends_with_3(worker: Worker) -> None:
    assert run(["dead", record(worker)]) == 3


def test_an_inventory_alone_or_an_empty_one_ends_with_3() -> None:
    assert run(["dead", record(source=scanned())]) == 3
    Path("data").rename("before")
    assert run(["dead", record(Worker().stops(), source=Source())]) == 3


def test_an_empty_directory_ends_with_3() -> None:
    Path("data").mkdir()
    assert run(["dead", "data"]) == 3


@pytest.mark.parametrize("content", [None, "", '{"resourceSpans":['])
def test_json_is_written_though_there_is_nothing_to_judge_by(
    capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    Path("data").mkdir()
    if content is not None:
        Path("data/x.traces.jsonl").write_text(content)
    assert run(["dead", "data", "--format", "json"]) == 3
    told = capsys.readouterr()
    view = json.loads(told.out)
    (problem,) = view["problems"]
    assert problem.startswith("data: ")
    assert problem in told.err
    ((path, verdict, sentence),) = [(row["path"], row["verdict"], row["sentence"]) for row in view["paths"]]
    assert (path, verdict) == (OLD, "NO-EVIDENCE")
    assert sentence == "Nothing is known about it, as nothing was recorded."
    assert run(["dead", "data"]) == 3
    assert capsys.readouterr().out == ""


def test_json_is_written_without_any_policy_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir(exist_ok=True)
    Path("ssot-probe.toml").unlink(missing_ok=True)
    assert run(["dead", "data", "--format", "json"]) == 3
    view = json.loads(capsys.readouterr().out)
    assert (view["paths"], len(view["problems"])) == ([], 1)


def test_the_footer_tells_all_that_makes_silence_worthless(capsys: pytest.CaptureFixture[str]) -> None:
    source = record(Worker().is_blind_to(OLD, "it is in C").stops())
    assert [doubt["cause"] for doubt in json_of(capsys, source)["evidence"]["void"]] == [f"{OLD}: it is in C"]
    assert run(["dead", source]) == 3
    out = capsys.readouterr().out
    assert f"void         1 cause\n             chat (pid 11): {OLD}: it is in C\n" in out
    assert "to do" not in out


def test_what_to_do_about_processes_that_never_said_that_they_ended_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["dead", record(Worker(listed=2), Worker("p2", number=2, listed=2))]) == 3
    assert capsys.readouterr().out.count("SSOT_PROBE_SIGTERM=0") == 1


def test_a_witness_says_where_its_count_is_a_lower_bound_and_its_line_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = record(Worker().uses("chat/v.py:0", count=32, is_at_least=True).uses(origin="test").stops())
    assert run(["dead", source]) == 0
    out = capsys.readouterr().out
    assert "chat/v.py  calls chat.ws.old:serve, at least 32 times, 2026" in out
    assert "also by    tests\n" in out
    assert [one["line"] for one in json_of(capsys, source)["paths"][0]["witnesses"]] == [None]
    assert run(["dead", source, "--emit", "markdown"]) == 0
    assert "chat/v.py calls chat.ws.old:serve, at least 32 times, 2026" in capsys.readouterr().out


def test_a_record_format_of_a_later_version_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    source = record(Worker().stops())
    file = Path(source, "p1.traces.jsonl")
    later = '{"key":"ssot.schema.version","value":{"intValue":"99"}},'
    file.write_text(file.read_text().replace('"attributes":[', f'"attributes":[{later}', 1))
    assert run(["dead", source]) == 3
    assert "it was recorded in format 99" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--path", "chat/ws/old.py"), "is no path"),
        (("--path", "chat.ws."), "is no path"),
        (("--why", "a:b:c"), "is no path"),
        (("--since", "yesterday"), "is no day"),
        (("--path", OLD, "--why", OLD), "leave --path away"),
        (("--path", OLD, "--names", "x"), "--path and --names ask for different paths"),
        (("--names", "nowhere"), "--names nowhere: cannot be read"),
        (("--names", "ssot-probe.toml"), "line 1"),
        (("--diff", "ssot-probe.toml"), "is no diff"),
        (("--emit", "ruff", "--format", "json"), "leave --why and --format away"),
        (("--emit", "xml"), "xml"),
        (("--config", "nowhere.toml"), "nowhere.toml"),
        (("--output", "no/such/directory/x"), "cannot be written"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(["dead", record(Worker().stops()), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_source_that_is_not_there_ends_with_2() -> None:
    assert run(["dead", "nowhere"]) == 2


def test_a_policy_without_legacy_paths_ends_with_2_unless_one_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("ssot-probe.toml").write_text('packages = ["chat"]\n')
    source = record(Worker().stops())
    assert run(["dead", source]) == 2
    assert "name one with --path" in capsys.readouterr().err
    assert run(["dead", source, "--path", OLD]) == 0


def test_a_path_that_no_process_watched_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead", record(Worker().stops()), "--path", "chat.ws.never"]) == 3
    assert "name it in the policy as legacy, and record again" in capsys.readouterr().out


def test_only_what_happened_since_a_day_counts_where_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = record(Worker(listed=2, days=3), Worker("p2", first=10, number=2, listed=2).stops())
    assert run(["dead", source]) == 3
    assert run(["dead", source, "--since", "2026-01-15"]) == 0
    assert "since 2026-01-15" in capsys.readouterr().out


def test_verdicts_that_are_written_to_a_file_say_where_it_lies(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead", record(Worker().stops()), "--output", "verdicts.txt"]) == 0
    assert "verdicts.txt" in capsys.readouterr().err
    assert OLD in Path("verdicts.txt").read_text()


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ssot_probe.cli.dead.load", interrupted)
    assert run(["dead", record(Worker().stops())]) == 130
