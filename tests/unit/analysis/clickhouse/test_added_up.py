"""A recording that was added up where it lies says what its files say, whatever became of its spans there."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clickhouse_store import TRACES, row, write
from unit.analysis.build import MANAGER, Program, Source, policy, site

from ssot_probe.analysis.chosen_policy import ChosenPolicy
from ssot_probe.analysis.clickhouse.embedded import Embedded
from ssot_probe.analysis.join import join
from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load, work_of
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.retirement import retire
from ssot_probe.errors import MissingExtraError, NoEvidenceError, UnreadableRecordingError, UsageError
from ssot_probe.model.path_records import CALLED, PathUseRecord, WatchedPathRecord
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import ImportRecord, ModuleRecord
from ssot_probe.policy_json import policy_to_json
from ssot_probe.report.dead_view import dead_view
from ssot_probe.report.view import view_of
from ssot_probe.wire.otlp_json import AttributeValue, SpanData, encode_spans
from ssot_probe.wire.spans import to_spans

pytestmark = pytest.mark.usefixtures("engine")

TODAY = date(2026, 1, 6)
OLD = "chat.ws.old"
BY = Policy(
    packages=("chat",),
    concepts=(Concept("websocket-manager", ("*WebSocketManager*",), legacy=(OLD, f"{OLD}:unused")),),
)
Spans = list[tuple[Mapping[str, AttributeValue], SpanData]]


def service(process: str, number: int = 1) -> Program:
    """Return a program with something of nearly every kind of fact, most of it told several times."""
    made = Program(process, policy_to_json(BY))
    made._time += number  # no two processes do the same at the same nanosecond
    made.cls(MANAGER)
    made.cls(f"{OLD}:WebSocketManager", bases=(MANAGER,))
    made.asks("contextvar chat.auth:user", "silent")
    for again in range(4):
        made.imports("chat/views.py:3", f"{OLD}:WebSocketManager", count=again + 1)
        made.imports("chat/views.py:4", MANAGER, outcome="failed")
        made.constructs("chat/views.py:9", MANAGER, count=2)
        made.hands_out("chat/views.py:11", "chat.ws.manager:get_manager", MANAGER)
        made.counts(orphans=10 + again)
        made.looks(users=again + 1, users_seen=again)
        made.holds("module chat.ws.manager", "_manager", instance=f"{process}-1")
        made.watches(OLD, "unknown" if again < 2 else "module")
        made.state("alive", emitted=len(made.records))
    for user in range(3):
        made.gives(f"u-{user}", f"{process}-1")  # one instance for all of them
        made.gives(f"u-{user + number}", f"{process}-{user + 10}")  # and one for each
    made.reaches("u-0", "u-1", instance=f"{process}-1")
    made.asks("contextvar chat.auth:user", "answered")
    for _ in range(2):
        made.overlaps("u-0", "u-1", instance=f"{process}-1")
        made.races("u-0")
        made.runs_with("u-0", "u-1")
    for thread in range(3):
        made.turns("u-0", thread, instance=f"{process}-1")
        made.turns("u-1", thread, instance=f"{process}-{thread + 20}")
    made.is_blind_to("imports of chat.x", "it was loaded before")
    made.add(used(made.now()))
    made.add(used(made.now()))
    made.stop()
    return made


def used(time: int) -> PathUseRecord:
    by, defined = site("chat/views.py:20", "serve"), site("chat/ws/old.py:3", "total")
    return PathUseRecord(
        *(OLD, CALLED, f"{OLD}:total", "", "application", True, "MainThread", 3, False, time, time, "d1"),
        *(defined, by),
    )


def resource_of(process: str) -> Mapping[str, AttributeValue]:
    return {
        "service.name": "chat",
        "service.instance.id": process,
        "process.pid": 11,
        "host.name": "h1",
        "deployment.environment.name": "staging",
    }


def spans_of(*programs: Program) -> Spans:
    return [(resource_of(made.process), span) for made in programs for span in to_spans(made.records)]


def file_of(directory: Path, spans: Spans) -> str:
    path = directory / "recording.jsonl"
    path.write_text("".join(encode_spans(resource, "0", [span]) + "\n" for resource, span in spans))
    return str(path)


def said(recording: Recording, since: date | None = None) -> tuple[Any, Any]:
    """Return what a report and the verdicts say, as JSON would hold it."""
    chosen = ChosenPolicy(BY, "", "a test")
    now = datetime(2026, 1, 6)
    report = view_of(judge(recording, BY, today=TODAY), chosen, now)
    legacy = BY.concepts[0].legacy
    verdicts = retire(recording, BY, join(recording), paths=legacy, since=since, today=TODAY)
    return json.loads(json.dumps(report)), json.loads(json.dumps(dead_view(verdicts, chosen, now, None, ())))


def test_it_says_what_the_files_say(tmp_path: Path) -> None:
    spans = spans_of(service("p1"), service("p2", 2))
    from_files = load([file_of(tmp_path, spans)])
    added_up = load([write(tmp_path / "store", spans)])

    assert said(added_up) == said(from_files)
    assert added_up.received == from_files.received
    assert added_up.processes == from_files.processes
    assert (added_up.span, added_up.last_of) == (from_files.span, from_files.last_of)
    codes = {finding["code"] for finding in said(added_up)[0]["findings"]}
    assert codes >= {"SSOT108", "SSOT205", "SSOT301", "SSOT304", "SSOT306"}


def test_spans_that_were_written_twice_and_in_any_order_count_once(tmp_path: Path) -> None:
    spans = spans_of(service("p1"), service("p2", 2))
    once = said(load([file_of(tmp_path, spans)]))
    mixed = spans * 2
    random.Random(7).shuffle(mixed)
    assert said(load([write(tmp_path / "store", mixed, per_insert=40)])) == once


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_whatever_arrived_of_a_recording_in_whatever_order_says_what_files_of_it_say(
    data: st.DataObject,
) -> None:
    whole = spans_of(service("p1"), service("p2", 2))
    arrived = data.draw(st.lists(st.sampled_from(range(len(whole))), min_size=40, unique=True))
    spans = [whole[number] for number in arrived]
    repeated = data.draw(st.lists(st.sampled_from(spans), max_size=20))
    with TemporaryDirectory() as name:
        store = write(Path(name) / "store", [*spans, *repeated], per_insert=data.draw(st.integers(10, 200)))
        try:
            expected = load([file_of(Path(name), [*spans, *repeated])])
        except NoEvidenceError:
            with pytest.raises(NoEvidenceError):
                load([store])
            return
        added_up = load([store])
    assert added_up.received == expected.received
    assert added_up.losses == expected.losses
    assert said(added_up) == said(expected)


def test_a_single_repetition_among_many_spans_counts_once(tmp_path: Path) -> None:
    spans = spans_of(service("p1"))
    repeated = next(pair for pair in spans if pair[1].name == "ssot.import")
    assert said(load([write(tmp_path / "store", [*spans, repeated])])) == said(
        load([file_of(tmp_path, spans)])
    )


def test_a_fact_that_was_told_a_thousand_times_comes_back_as_one(tmp_path: Path) -> None:
    made = Program("p1")
    for _ in range(1000):
        made.imports("chat/views.py:3", MANAGER, count=3)
    made.stop()
    spans = spans_of(made)
    added_up = load([write(tmp_path / "store", spans)])
    ((_, record),) = added_up.of(ImportRecord)
    assert record.count == 3000
    assert added_up.size == len(made.records)
    assert not added_up.losses
    assert record.last - record.first > 900 * 10**9


def test_what_happened_on_another_day_is_told_apart(tmp_path: Path) -> None:
    day = 86_400 * 10**9
    made = Program("p1", policy_to_json(BY))
    made.watches(OLD, "module")
    start = made.now()
    for number in range(6):
        made.add(used(start + number * day // 2))
    made.stop()
    spans = spans_of(made)
    from_files, added_up = load([file_of(tmp_path, spans)]), load([write(tmp_path / "store", spans)])
    assert len(added_up.of(PathUseRecord)) == 3
    for since in (None, date(2026, 1, 6), date(2026, 1, 7), date(2026, 1, 9)):
        assert said(added_up, since) == said(from_files, since)


def test_only_the_first_and_the_newest_word_of_a_watched_path_come_back(tmp_path: Path) -> None:
    made = Program("p1", policy_to_json(BY))
    for number in range(100):
        made.add(WatchedPathRecord(OLD, "module", "f", "", "d", 1, "", 0, 0, 0, number, made.now()))
    made.stop()
    spans = spans_of(made)
    added_up = load([write(tmp_path / "store", spans)])
    assert sorted(record.called for _, record in added_up.of(WatchedPathRecord)) == [0, 99]
    assert said(added_up) == said(load([file_of(tmp_path, spans)]))


def test_losses_are_found_where_the_spans_lie(tmp_path: Path) -> None:
    made = service("p1")
    spans = [pair for pair in spans_of(made) if pair[1].name != "ssot.binding"]
    added_up = load([write(tmp_path / "store", spans * 2)])
    report = said(added_up)[0]["evidence"]
    assert report["dropped_by_reason"] == {"missing_from_recording": 2}
    assert report["complete"] is False
    assert report == said(load([file_of(tmp_path, spans)]))[0]["evidence"]


def test_a_process_that_told_nothing_of_itself_is_no_evidence(tmp_path: Path) -> None:
    spans = [pair for pair in spans_of(service("p1")) if pair[1].name != "ssot.probe.process"]
    with pytest.raises(NoEvidenceError, match="none in which a process tells"):
        load([write(tmp_path / "store", spans)])


def test_records_of_a_later_version_and_masked_ones_are_lost_and_counted(tmp_path: Path) -> None:
    made = service("p1")
    (last,) = to_spans(made.records[-1:])
    unknown = [last._replace(name="ssot.new", span_id=f"{number:016x}") for number in range(3)]
    masked = [
        span._replace(attributes={**span.attributes, "ssot.count": "***", "redaction.masked.count": 1})
        for span in to_spans(made.records)
        if span.name == "ssot.import"
    ]
    others = [span for _, span in spans_of(made) if span.name != "ssot.import"]
    spans: Spans = [(resource_of("p1"), span) for span in (*others, *unknown, *masked)]
    added_up, from_files = load([write(tmp_path / "store", spans)]), load([file_of(tmp_path, spans)])
    assert {(loss.reason, loss.count) for loss in added_up.losses} == {
        ("not_understood", 3),
        ("not_understood", len(masked)),
        ("redacted", len(masked)),
    }
    assert added_up.losses == from_files.losses
    assert added_up.received == from_files.received


def test_lists_that_differ_in_length_are_lost_and_counted(tmp_path: Path) -> None:
    spans = spans_of(service("p1"))
    torn: Spans = [
        (resource, span._replace(attributes={**span.attributes, "ssot.path.kinds": ()}))
        if span.name == "ssot.paths"
        else (resource, span)
        for resource, span in spans
    ]
    added_up = load([write(tmp_path / "store", torn)])
    assert [loss.reason for loss in added_up.losses] == ["not_understood"]
    assert added_up.losses == load([file_of(tmp_path, torn)]).losses


def test_spans_of_other_instrumentation_are_nobodys_evidence(tmp_path: Path) -> None:
    spans = spans_of(service("p1"))
    other: Spans = [(resource, span._replace(scope="fastapi", span_id="ff" * 8)) for resource, span in spans]
    assert said(load([write(tmp_path / "both", [*spans, *other])])) == said(load([file_of(tmp_path, spans)]))
    with pytest.raises(NoEvidenceError, match="holds no span of the probe: was it switched on"):
        load([write(tmp_path / "others", other)])


def test_a_time_chooses_whole_processes(tmp_path: Path) -> None:
    early, late = service("p1"), service("p2")
    later: Spans = [
        (resource, span._replace(start=span.start + 9 * 86_400 * 10**9, end=span.end + 9 * 86_400 * 10**9))
        for resource, span in spans_of(late)
    ]
    source = write(tmp_path / "store", [*spans_of(early), *later])
    recording = load([f"{source}&since=2026-01-10"])
    assert [process.identity for process in recording.processes] == ["p2"]
    assert not recording.losses
    first = load([f"{source}&until=2026-01-10"])
    assert [process.identity for process in first.processes] == ["p1"]
    with pytest.raises(NoEvidenceError, match="no span of the probe from that time"):
        load([f"{source}&since=2026-03-01"])


def test_a_store_and_files_of_other_processes_are_read_together(tmp_path: Path) -> None:
    both = spans_of(service("p1"), service("p2", 2))
    file = file_of(tmp_path, spans_of(service("p2", 2)))
    store = write(tmp_path / "store", spans_of(service("p1")))
    (tmp_path / "both").mkdir()
    together, from_files = load([store, file]), load([file_of(tmp_path / "both", both)])
    assert together.received == from_files.received
    assert together.size == from_files.size
    assert said(together)[0]["findings"] == said(from_files)[0]["findings"]


def test_a_process_in_two_sources_would_count_twice_and_is_refused(tmp_path: Path) -> None:
    spans = spans_of(service("p1"))
    store = write(tmp_path / "store", spans)
    with pytest.raises(UsageError, match="in another source: its records would count twice"):
        load([store, file_of(tmp_path, spans)])


def test_a_scan_is_not_added_up(tmp_path: Path) -> None:
    spans = spans_of(service("p1"))
    scan = Program("scan-chat")
    scan.records.clear()
    scan.imports("chat/views.py:3", f"{OLD}:WebSocketManager", outcome="declared", origin="static")
    told: Spans = [
        ({"service.instance.id": "scan-chat", "ssot.origin": "static"}, span)
        for span in to_spans(scan.records)
    ]
    added_up = load([write(tmp_path / "store", [*spans, *told])])
    from_files = load([file_of(tmp_path, [*spans, *told])])
    assert [process.identity for process in added_up.processes] == ["p1"]
    assert added_up.size == from_files.size
    assert added_up.received == from_files.received


def test_a_scan_alone_is_read_as_such(tmp_path: Path) -> None:
    resource = {"service.instance.id": "scan-chat", "ssot.origin": "static"}
    records = [record for _, record in Source().finished()]
    spans: Spans = [(resource, span) for span in to_spans(records)]
    added_up, from_files = load([write(tmp_path / "store", spans)]), load([file_of(tmp_path, spans)])
    assert added_up.inventory is not None
    assert from_files.inventory is not None
    assert added_up.inventory.losses == from_files.inventory.losses
    assert added_up.inventory.size == from_files.inventory.size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("    ScopeName String CODEC(ZSTD(1)),\n", ""), "older than May 2023"),
        (("SpanAttributes Map(LowCardinality(String), String)", "SpanAttributes JSON"), "`json: true`"),
    ],
)
def test_an_older_layout_is_refused_in_words(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    ddl = "\n".join(line for line in TRACES.replace(*change).splitlines() if "INDEX" not in line)
    source = write(
        tmp_path / "store", [], ddl=ddl.replace("ttl_only_drop_parts = 1", "ttl_only_drop_parts = 1")
    )
    with pytest.raises(UnreadableRecordingError, match=message):
        load([source])


def test_a_directory_table_or_database_that_is_not_there(tmp_path: Path) -> None:
    source = write(tmp_path / "store", [])
    with pytest.raises(UnreadableRecordingError, match="there is no such directory"):
        load([f"chdb://{tmp_path}/elsewhere"])
    with pytest.raises(UnreadableRecordingError, match="has no table 'spans'"):
        load([f"{source}&table=spans"])
    with pytest.raises(UnreadableRecordingError, match="there is no database 'audit'"):
        load([f"chdb://{tmp_path}/store?database=audit"])
    with pytest.raises(NoEvidenceError, match="holds no span of the probe"):
        load([source])


def test_a_module_that_stands_twice_in_one_span_is_one_record(tmp_path: Path) -> None:
    made = service("p1")
    module = next(record for record in made.records if isinstance(record, ModuleRecord))
    made.records[2:2] = [module, module]
    spans = spans_of(made)
    added_up, from_files = load([write(tmp_path / "store", spans)]), load([file_of(tmp_path, spans)])
    assert (added_up.size, added_up.received) == (from_files.size, from_files.received)


def test_what_arrives_while_questions_are_asked_is_in_none_of_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the newest sign of life would speak of records that were not counted, and they would be missed."""
    made = service("p1")
    spans = spans_of(made)
    source = write(tmp_path / "store", spans)
    once = said(load([source]))
    more = Program("p2")
    more.stop()
    made.records.clear()
    made.imports("chat/views.py:3", MANAGER, count=99)
    made.state("alive", emitted=1000)
    late = iter([[*spans_of(made), *((resource_of("p3"), span) for span in to_spans(more.records))]])
    ask = Embedded.rows

    def interrupted(self: Embedded, sql: str, bound: Mapping[str, str]) -> Iterator[list[Any]]:
        yield from ask(self, sql, bound)
        if "groupArray(process)" in sql:  # the first question for facts has been answered
            for arriving in late:
                rows = "\n".join(json.dumps(row(*span)) for span in arriving)
                self._session.query(f"INSERT INTO otel.otel_traces FORMAT JSONEachRow {rows}")

    monkeypatch.setattr(Embedded, "rows", interrupted)
    assert said(load([source])) == once
    monkeypatch.undo()
    assert said(load([source])) != once


def test_a_clock_that_is_years_ahead_takes_nothing_away(tmp_path: Path) -> None:
    years = 5 * 365 * 86_400 * 10**9
    ahead: Spans = [
        (resource, span._replace(start=span.start + years, end=span.end + years))
        for resource, span in spans_of(service("p2", 2))
    ]
    spans = [*spans_of(service("p1")), *ahead]
    added_up, from_files = load([write(tmp_path / "store", spans)]), load([file_of(tmp_path, spans)])
    assert said(added_up) == said(from_files)


def test_the_queries_of_the_documents_run(tmp_path: Path) -> None:
    from chdb.session import Session

    write(tmp_path / "store", spans_of(service("p1")))
    text = (Path(__file__).parents[4] / "docs" / "clickhouse.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    session = Session(str(tmp_path / "store"))
    try:
        answers = [session.query(query, "JSONCompactEachRow").bytes() for query in queries]
    finally:
        session.close()
    assert len(answers) == 4
    assert all(answers)
    assert json.loads(answers[0].splitlines()[0]) == [MANAGER, "p1-1", 3]


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    store = write(tmp_path / "store", spans_of(service("p1")))
    steps: list[int] = []
    load([store], steps.append)
    assert sum(steps) == work_of([store])


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb.session", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ssot-probe\[clickhouse\]'"):
        load([f"chdb://{tmp_path}"])


def test_what_is_added_up_leads_to_policies_of_its_own_too(tmp_path: Path) -> None:
    """Nobody knows the policy when the spans are added up: any may judge them."""
    spans = spans_of(service("p1"), service("p2", 2))
    from_files, added_up = load([file_of(tmp_path, spans)]), load([write(tmp_path / "store", spans)])
    for isolation in ("process", "user", "user+thread", "request"):
        by = policy(Concept("websocket-manager", ("*",), isolation=isolation))
        assert judge(added_up, by, today=TODAY).findings == judge(from_files, by, today=TODAY).findings
