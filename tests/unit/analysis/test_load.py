from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest
from unit.analysis.build import MANAGER, TODAY, Program, Source, policy

from ssot_probe.analysis.evidence import weigh
from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import NOT_UNDERSTOOD, REDACTED, TORN, load
from ssot_probe.analysis.recording import LASTING, Recording
from ssot_probe.errors import NoEvidenceError, UnreadableRecordingError, UsageError
from ssot_probe.model.records import ImportRecord, ProcessRecord, Record
from ssot_probe.wire.otlp_json import AttributeValue, SpanData, encode_spans
from ssot_probe.wire.spans import to_spans


def resource(process: str = "p1", pid: int = 11) -> Mapping[str, AttributeValue]:
    return {"service.name": "chat", "service.instance.id": process, "process.pid": pid}


def program(process: str = "p1") -> Program:
    made = Program(process)
    made.cls(MANAGER)
    made.cls("chat.ws.old:WebSocketManager")
    for user in ("u-1", "u-2"):
        made.gives(user, f"{process}-1")
    made.stop()
    return made


def lines_of(made: Program, per_line: int = 2) -> list[str]:
    spans = to_spans(made.records)
    parts = [spans[start : start + per_line] for start in range(0, len(spans), per_line)]
    return [encode_spans(resource(made.process), "0.1.0", part) for part in parts]


def write(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def losses(recording: Recording) -> dict[str, int]:
    return {loss.reason: loss.count for loss in recording.losses}


def app_span(span_id: str = "ab" * 8) -> SpanData:
    return SpanData("GET /", 1, 2, {}, "cd" * 16, span_id, scope="opentelemetry.instrumentation.asgi")


def test_a_directory_is_read_with_all_below_it(tmp_path: Path) -> None:
    write(tmp_path / "a" / "p1.traces.jsonl", lines_of(program("p1")))
    write(tmp_path / "b" / "deep" / "otel.json", lines_of(program("p2")))
    recording = load([str(tmp_path)])
    assert [process.identity for process in recording.processes] == ["p1", "p2"]
    assert recording.processes[0].label == "chat (pid 11)"
    assert not recording.losses
    assert not recording.skipped


def test_what_is_loaded_leads_to_the_findings_of_the_records_themselves(tmp_path: Path) -> None:
    made = program()
    loaded = load([str(write(tmp_path / "p1.jsonl", lines_of(made)))])
    found = judge(loaded, policy(), today=TODAY)
    assert {finding.code for finding in found.findings} == {"SSOT101", "SSOT103", "SSOT301"}
    assert found.evidence.is_complete
    assert found.evidence.records == len(made.records)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    text = "".join(line + "\n" for line in lines_of(program()))
    (tmp_path / "p1.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert load([str(tmp_path)]).size == len(program().records)


def test_a_compressed_file_that_ends_early_is_torn(tmp_path: Path) -> None:
    text = "".join(line + "\n" for line in lines_of(program()) * 50)
    (tmp_path / "p1.jsonl.gz").write_bytes(gzip.compress(text.encode())[:-300])
    recording = load([str(tmp_path)])
    assert TORN in losses(recording)


def test_the_same_file_and_the_same_span_count_once(tmp_path: Path) -> None:
    lines = lines_of(program())
    path = write(tmp_path / "p1.jsonl", lines)
    write(tmp_path / "collector.jsonl", lines)
    (tmp_path / "link.jsonl").symlink_to(path)
    recording = load([str(tmp_path), str(path)])
    assert recording.received["p1"] == len(program().records)
    assert weigh(recording, ()).dropped == 0


def test_a_torn_last_line_is_counted_with_its_place(tmp_path: Path) -> None:
    lines = lines_of(program())
    lines[-1] = lines[-1][:-20]
    path = write(tmp_path / "p1.jsonl", lines)
    (loss,) = load([str(tmp_path)]).losses
    assert (loss.reason, loss.count, loss.where) == (TORN, 1, f"{path}:{len(lines)}")


def test_a_message_that_was_written_behind_a_torn_one_is_read(tmp_path: Path) -> None:
    """A Collector whose disk was full goes on where it stopped, in the same line."""
    made = program()
    first, second, third, *more = lines_of(made)
    torn = first[:-40] + second[:90]
    recording = load([str(write(tmp_path / "p1.jsonl", [torn + third, *more]))])
    assert losses(recording) == {TORN: 1}
    assert recording.size == len(made.records) - 4


def test_a_line_that_lost_its_beginning_is_torn(tmp_path: Path) -> None:
    lines = lines_of(program())
    write(tmp_path / "p1.jsonl", [lines[0], lines[1][50:], *lines[2:]])
    assert losses(load([str(tmp_path)])) == {TORN: 1}


def test_bytes_that_are_no_text_are_torn_and_do_not_stop_the_reading(tmp_path: Path) -> None:
    lines = [line.encode() for line in lines_of(program())]
    lines.insert(1, b'{"resourceSpans":[\xff\xfe\x00')
    (tmp_path / "p1.jsonl").write_bytes(b"\n".join(lines))
    recording = load([str(tmp_path)])
    assert losses(recording) == {TORN: 1}
    assert recording.size == len(program().records)


def test_lines_of_others_in_a_recording_are_named_and_no_loss(tmp_path: Path) -> None:
    path = write(tmp_path / "p1.jsonl", ["hello", *lines_of(program()), '{"level": "info"}', "[1]"])
    recording = load([str(tmp_path)])
    (skipped,) = recording.skipped
    assert (skipped.file, skipped.line, skipped.count) == (str(path), 1, 3)
    assert "'hello'" in skipped.what
    assert not recording.losses


def test_files_of_others_beside_a_recording_are_named(tmp_path: Path) -> None:
    write(tmp_path / "p1.jsonl", lines_of(program()))
    write(tmp_path / "package.json", ["{", '  "name": "chat"', "}"])
    (tmp_path / "notes.txt").write_text("not looked at")
    recording = load([str(tmp_path)])
    assert [(Path(skipped.file).name, skipped.count) for skipped in recording.skipped] == [
        ("package.json", 3)
    ]
    assert not recording.losses


def test_a_file_that_is_named_as_the_probe_does_and_holds_nothing_readable_is_a_loss(tmp_path: Path) -> None:
    write(tmp_path / "p1.jsonl", lines_of(program()))
    (tmp_path / "20261122T013812-337-dad8d411.traces.jsonl").write_bytes(
        b"\x80\xfe nothing\n\x00\x81 of it\n"
    )
    recording = load([str(tmp_path)])
    assert [(loss.reason, loss.count, loss.processes) for loss in recording.losses] == [("torn_line", 2, ())]
    assert not recording.skipped


def test_spans_of_the_application_in_a_collectors_file_are_passed_over(tmp_path: Path) -> None:
    foreign = encode_spans({"service.name": "chat"}, "1", [app_span()]).replace(
        '"name":"ssot_probe"', '"name":"opentelemetry.instrumentation.asgi"'
    )
    write(tmp_path / "otel.jsonl", [foreign, *lines_of(program())])
    recording = load([str(tmp_path)])
    assert len(recording.processes) == 1
    assert not recording.skipped


def test_a_span_of_ours_that_is_not_understood_is_a_loss(tmp_path: Path) -> None:
    newer = SpanData("ssot.telepathy", 1, 2, {}, "cd" * 16, "ab" * 8)
    write(tmp_path / "p1.jsonl", [*lines_of(program()), encode_spans(resource(), "9", [newer])])
    recording = load([str(tmp_path)])
    (loss,) = recording.losses
    assert (loss.reason, loss.count) == (NOT_UNDERSTOOD, 1)
    assert "ssot.telepathy" in loss.where


@pytest.mark.parametrize("mark", ["redaction.redacted.count", "redaction.masked.count"])
def test_a_span_that_a_collector_took_something_from_is_a_loss(tmp_path: Path, mark: str) -> None:
    """A Collector whose allow-list is older than the probe, or that took a name for a secret."""
    spans = to_spans(program().records)
    changed = [span._replace(attributes={**span.attributes, mark: 1}) for span in spans[3:5]]
    lines = [encode_spans(resource(), "0.1.0", [*spans[:3], *changed, *spans[5:]])]
    recording = load([str(write(tmp_path / "traces.jsonl", lines))])
    assert [(loss.reason, loss.count, loss.processes) for loss in recording.losses] == [
        (REDACTED, 2, ("p1",))
    ]
    assert recording.size == len(program().records)


def test_an_address_that_a_collector_took_from_the_policy_is_no_loss(tmp_path: Path) -> None:
    first, *more = to_spans(program().records)
    assert first.name == "ssot.probe.process"
    masked = first._replace(attributes={**first.attributes, "redaction.masked.count": 1})
    recording = load([str(write(tmp_path / "a.jsonl", [encode_spans(resource(), "0.1.0", [masked, *more])]))])
    assert not recording.losses


def test_records_that_never_arrived_are_found_by_the_probes_own_count(tmp_path: Path) -> None:
    lines = lines_of(program())
    del lines[1]
    write(tmp_path / "p1.jsonl", lines)
    assert weigh(load([str(tmp_path)]), ()).dropped == 2


def test_the_policy_of_the_recording_survives(tmp_path: Path) -> None:
    made = Program(policy='{"concepts": []}')
    made.cls(MANAGER)
    write(tmp_path / "p1.jsonl", lines_of(made))
    ((_, record),) = load([str(tmp_path)]).of(ProcessRecord)
    assert record.policy == '{"concepts": []}'


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "p1.jsonl", lines_of(program()))
    read: list[int] = []
    load([str(path)], read.append)
    assert sum(read) == path.stat().st_size


def test_a_source_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecordingError, match=r"nowhere: does not exist"):
        load([str(tmp_path / "nowhere")])


def test_a_source_of_a_kind_that_there_is_not_names_those_that_there_are() -> None:
    with pytest.raises(
        UsageError, match="s3://: there are no sources of this kind; name files, or clickhouse:"
    ):
        load(["s3://recordings/today"])


def test_a_directory_without_a_recording_holds_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NoEvidenceError, match="holds no recording"):
        load([str(tmp_path)])


def test_empty_files_hold_no_evidence(tmp_path: Path) -> None:
    write(tmp_path / "p1.jsonl", ["", "  "])
    with pytest.raises(NoEvidenceError, match="the files are empty"):
        load([str(tmp_path)])


def test_files_without_any_otlp_are_refused_with_file_line_and_what_was_found(tmp_path: Path) -> None:
    path = write(tmp_path / "app.jsonl", ["", '{"level": "info", "message": "started"}'])
    with pytest.raises(UnreadableRecordingError) as caught:
        load([str(tmp_path)])
    assert str(caught.value).startswith(f"{path}:2: found ")
    assert '"message": "started"' in str(caught.value)


def test_otlp_of_others_alone_is_refused(tmp_path: Path) -> None:
    foreign = encode_spans({"service.name": "chat"}, "1", [app_span()]).replace('"ssot_probe"', '"asgi"')
    write(tmp_path / "otel.jsonl", [foreign])
    with pytest.raises(
        UnreadableRecordingError, match="1 spans of other instrumentation and none of the probe"
    ):
        load([str(tmp_path)])


def test_metrics_alone_hold_no_evidence(tmp_path: Path) -> None:
    write(tmp_path / "p1.metrics.jsonl", ['{"resourceMetrics":[]}'])
    with pytest.raises(NoEvidenceError, match="no span"):
        load([str(tmp_path)])


def test_a_recording_of_which_only_torn_lines_are_left_holds_no_evidence(tmp_path: Path) -> None:
    write(tmp_path / "p1.jsonl", [lines_of(program())[0][:100]])
    with pytest.raises(NoEvidenceError, match="all that is left is torn"):
        load([str(tmp_path)])


def test_records_without_any_process_record_hold_no_evidence(tmp_path: Path) -> None:
    made = program()
    made.records = [record for record in made.records if not isinstance(record, ProcessRecord)]
    write(tmp_path / "p1.jsonl", lines_of(made))
    with pytest.raises(NoEvidenceError, match="none in which a process tells"):
        load([str(tmp_path)])


STATIC = {"service.instance.id": "scan-chat", "ssot.origin": "static"}


def scan_lines(source: Source) -> list[str]:
    spans = to_spans([record for _, record in source.finished()])
    return [encode_spans(STATIC, "0.1.0", [span]) for span in spans]


def test_an_inventory_is_no_process_and_its_records_are_not_taken_for_what_ran(tmp_path: Path) -> None:
    source = Source()
    source.cls("chat.ws.never:WebSocketManager")
    source.imports("chat/jobs.py:3", MANAGER)
    write(tmp_path / "p1.traces.jsonl", lines_of(program("p1")))
    write(tmp_path / "scan-chat.traces.jsonl", scan_lines(source))
    recording = load([str(tmp_path)])
    assert [process.identity for process in recording.processes] == ["p1"]
    assert not recording.of(ImportRecord)
    assert recording.inventory is not None
    assert [record.module for _, record in recording.inventory.of(ImportRecord)] == ["chat.ws.manager"]
    assert [cls.name for cls in recording.inventory.classes] == ["chat.ws.never:WebSocketManager"]
    assert not weigh(recording, ()).dropped


def test_an_inventory_alone_is_no_evidence_of_what_runs(tmp_path: Path) -> None:
    source = Source()
    source.cls(MANAGER)
    path = write(tmp_path / "scan-chat.traces.jsonl", scan_lines(source))
    judgement = judge(load([str(path)]), policy(), today=TODAY)
    assert judgement.evidence.processes == 0
    assert judgement.evidence.void == "the source was scanned, and nothing that ran was recorded"


def test_an_inventory_that_is_cut_off_is_incomplete(tmp_path: Path) -> None:
    source = Source()
    for number in range(4):
        source.module(f"chat.part{number}")
        source.names(f"chat/part{number}.py:1", MANAGER)
    lines = scan_lines(source)
    path = write(tmp_path / "scan-chat.traces.jsonl", [*lines[:1], *lines[3:]])
    (loss,) = weigh(load([str(path)]), ()).losses
    assert (loss.reason, loss.count) == ("incomplete_inventory", 2)


def test_of_two_scans_of_a_tree_the_newer_counts(tmp_path: Path) -> None:
    older, newer = Source(), Source()
    older.cls("chat.ws.gone:WebSocketManager")
    newer.cls(MANAGER)
    newer.records = [at_a_later_time(record) for record in newer.records]
    _, done = newer.finished()[-1]
    spans = to_spans([*newer.records, at_a_later_time(done)])
    write(tmp_path / "old.traces.jsonl", scan_lines(older))
    write(tmp_path / "new.traces.jsonl", [encode_spans(STATIC, "0.1.0", spans)])
    inventory = load([str(tmp_path)]).inventory
    assert inventory is not None
    assert [cls.name for cls in inventory.classes] == [MANAGER]
    assert not inventory.losses


def at_a_later_time(record: Record) -> Record:
    assert not isinstance(record, LASTING)
    return record._replace(time=record.time + 1_000)
