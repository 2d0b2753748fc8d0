"""`ssot-probe dead --prometheus`: counts of a whole fleet beside recordings; they can only take away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.analysis.prometheus.answers import NOW, answer, sample
from unit.analysis.retirement.fleet import OLD, Worker
from unit.cli.test_dead import json_of, record, scanned, service  # noqa: F401  # a fixture

from ssot_probe.cli import execute as run

HERE = {"service_name": "chat", "deployment_environment_name": "production", "ssot_role": "web"}
THERE = {**HERE, "instance": "elsewhere", "process_pid": "99"}
RECORDED = "web-1"


def use(count: int, rung: str = "called", path: str = OLD, **labels: str) -> dict[str, Any]:
    return sample(str(count), ssot_path_name=path, ssot_path_rung=rung, **(labels or THERE))


def watched(processes: int = 2, path: str = OLD, **labels: str) -> dict[str, Any]:
    return sample(str(processes), "watchers", ssot_path_name=path, **{**HERE, **labels})


def known(identity: str, **labels: str) -> dict[str, Any]:
    return sample("3600", "processes", instance=identity, **{**HERE, **labels})


def counted(*samples: dict[str, Any]) -> str:
    Path("answer.json").write_text(answer(*samples))
    return "answer.json"


def silent() -> str:
    """A recording by which the path may be deleted with the best grade."""
    return record(Worker(RECORDED).stops(), source=scanned())


def judged(capsys: pytest.CaptureFixture[str], source: str, *samples: dict[str, Any]) -> dict[str, Any]:
    (path,) = json_of(capsys, source, "--prometheus", counted(*samples))["paths"]
    return dict(path)


def test_zeros_change_nothing_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    before = json_of(capsys, source)
    after = json_of(capsys, source, "--prometheus", counted(watched(), known(RECORDED)))
    (without,), (with_zeros,) = before["paths"], after["paths"]
    assert without["fleet"] is None
    assert before["evidence"]["fleet"] is None
    fleet = with_zeros.pop("fleet")
    without.pop("fleet")
    assert with_zeros == without
    assert (without["verdict"], without["grade"]) == ("NEVER-LOADED", "A")
    assert fleet["known"]
    assert fleet["processes"] == 2
    assert fleet["uses"] == {"resolved": 0, "loaded": 0, "constructed": 0, "called": 0}
    assert after["evidence"]["fleet"]["source"] == "answer.json"


@pytest.mark.parametrize("rung", ["resolved", "loaded", "constructed", "called"])
def test_a_use_where_nobody_recorded_keeps_a_path_from_being_dead(
    capsys: pytest.CaptureFixture[str], rung: str
) -> None:
    path = judged(capsys, silent(), watched(), use(3, rung), known("elsewhere"))
    assert (path["verdict"], path["grade"]) == ("INSUFFICIENT", "D")
    assert path["uses"][rung] == 0, "the recordings' own counts stay what they are"
    assert path["fleet"]["uses"][rung] == 3
    assert path["missing_details"][0]["kind"] == "fleet"
    assert "Prometheus counted 3 " in path["sentence"]
    assert "in chat (production, web, pid 99)" in path["sentence"]


def test_a_use_in_another_service_or_environment_counts_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    for labels in ({"service_name": "worker"}, {"deployment_environment_name": "dev"}):
        path = judged(capsys, source, watched(), use(1, **{**THERE, **labels}))
        assert path["verdict"] == "INSUFFICIENT"


def test_an_import_of_its_module_where_nobody_recorded_is_a_load(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    imported = sample("2", "imports", ssot_import_name=OLD, **THERE)
    assert judged(capsys, source, watched(), imported)["verdict"] == "INSUFFICIENT"
    other = sample("2", "imports", ssot_import_name="chat.ws.manager", **THERE)
    assert judged(capsys, source, watched(), other)["verdict"] == "NEVER-LOADED"


def test_uses_of_other_paths_are_not_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    path = judged(capsys, silent(), watched(), use(1, path=f"{OLD}er"), use(1, path="chat.ws"))
    assert path["verdict"] == "NEVER-LOADED"


def test_uses_of_what_lies_in_a_path_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    for path in (f"{OLD}.deep", f"{OLD}:Manager"):
        assert judged(capsys, source, watched(), use(1, path=path))["verdict"] == "INSUFFICIENT"


def test_uses_that_the_recordings_tell_are_judged_by_them(capsys: pytest.CaptureFixture[str]) -> None:
    tested = Worker(RECORDED).uses("tests/test_old.py:1", origin="test").stops()
    source = record(tested, source=scanned())
    (before,) = json_of(capsys, source)["paths"]
    path = judged(capsys, source, watched(), use(1, **{**HERE, "instance": RECORDED}))
    assert path["verdict"] == before["verdict"] == "LIVE-NON-APP"
    assert path["fleet"]["beyond"] == []


def test_a_count_above_that_of_the_recording_is_a_use_that_it_does_not_tell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = judged(capsys, silent(), watched(), use(1, **{**HERE, "instance": RECORDED}))
    assert path["verdict"] == "INSUFFICIENT"
    assert path["fleet"]["beyond"][0]["count"] == 1


def test_a_sum_over_all_processes_is_a_use_of_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    total = sample("4", None, ssot_path_name=OLD, ssot_path_rung="called")
    assert judged(capsys, silent(), total)["verdict"] == "INSUFFICIENT"


def test_a_load_elsewhere_does_not_disprove_that_what_is_loaded_is_unused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = Worker(RECORDED).watches(OLD, kind="module").loads(OLD).stops()
    source = record(loaded, source=scanned())
    (before,) = json_of(capsys, source)["paths"]
    assert before["verdict"] == "LOADED-BUT-UNUSED"
    assert judged(capsys, source, watched(), use(5, "loaded"))["verdict"] == "LOADED-BUT-UNUSED"
    assert judged(capsys, source, watched(), use(1, "called"))["verdict"] == "INSUFFICIENT"


def test_a_path_that_prometheus_does_not_know_keeps_its_verdict_and_loses_its_a(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = silent()
    for strangers in (
        watched(path="chat.ws.other"),
        watched(service_name="billing"),
        watched(deployment_environment_name="dev"),
    ):
        path = judged(capsys, source, strangers)
        assert (path["verdict"], path["grade"]) == ("NEVER-LOADED", "B")
        assert not path["fleet"]["known"]
        assert path["fleet"]["gaps"] == ["Prometheus knows nothing of it in chat"]
        assert "safe to delete" not in path["sentence"]


def test_processes_without_a_recording_cost_the_a_even_where_they_count_0(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost = sample("3", "dropped", **{**HERE, "instance": "elsewhere"})
    path = judged(capsys, silent(), watched(), known(RECORDED), known("elsewhere"), lost)
    assert (path["verdict"], path["grade"]) == ("NEVER-LOADED", "B")
    assert path["fleet"]["unrecorded"] == 1
    assert path["fleet"]["gaps"] == ["1 process without a recording here lost records"]


def test_what_the_counts_do_not_reach_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    forgotten = sample(str(NOW - 20 * 86_400), "oldest")
    assert judged(capsys, source, watched(), forgotten)["fleet"]["gaps"] == [
        "it remembers nothing before 2026-01-27"
    ]
    early = watched()
    early["value"][0] = NOW - 20 * 86_400
    assert judged(capsys, source, early)["fleet"]["gaps"] == [
        "it was asked on 2026-01-27 00:00:00Z, before the recordings end"
    ]


def test_what_is_known_to_be_used_stays_so_whatever_the_counts_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = record(Worker(RECORDED).uses("chat/a.py:1").stops())
    assert judged(capsys, source, watched())["verdict"] == "LIVE"


def test_the_text_says_it_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    assert run(["dead", source, "--prometheus", counted(watched(5), known("a"), known("b"))]) == 0
    out = capsys.readouterr().out
    assert "  fleet      no use; 5 processes that count watched it (2 left no recording here)" in out
    assert "grade B    processes: 2 processes that Prometheus knows left no recording here" in out
    assert "fleet        answer.json, which knows 2 processes, asked 2026-02-16 00:00:00Z" in out


def test_a_ban_is_not_written_for_what_somebody_used_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    run(["dead", silent(), "--prometheus", counted(watched(), use(1)), "--emit", "markdown"])
    out = capsys.readouterr().out
    assert "This verdict does not support a deletion" in out
    assert "--prometheus answer.json" in out
    assert "- Counts of the fleet: answer.json, 2026-02-16 00:00:00Z" in out


def test_no_answer_is_wrong_use_and_nothing_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    source = silent()
    Path("page.html").write_text("<html>")
    for where, slug in (
        ("page.html", "prometheus"),
        ("missing.json", "usage"),
        ("http://anna:secret@127.0.0.1:1", "usage"),
        ("http://127.0.0.1:1", "prometheus"),
    ):
        assert run(["dead", source, "--prometheus", where]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.rstrip().endswith(f"[{slug}]")
        assert "secret" not in said.err


def test_the_answer_is_written_as_json_that_can_be_read_again(capsys: pytest.CaptureFixture[str]) -> None:
    path = judged(capsys, silent(), watched(), use(2))
    assert json.loads(json.dumps(path))["fleet"]["beyond"] == [
        {"path": OLD, "rung": "called", "count": 2, "process": "chat (production, web, pid 99)"}
    ]
