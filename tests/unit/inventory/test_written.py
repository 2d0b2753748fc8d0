from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from support.children import read_spans
from unit.inventory import trees
from unit.inventory.trees import Scanned, scan

from ssot_probe.analysis.load import load
from ssot_probe.inventory import written
from ssot_probe.inventory.written import write_inventory
from ssot_probe.model.records import ModuleRecord, ProcessRecord, Record
from ssot_probe.wire.registry import ATTRIBUTES
from ssot_probe.wire.spans import from_span

FILES = {
    "a.py": "class A: ...\ndef make() -> A: ...\nA()\nfrom b import *\nimport_module = __import__(x)\n",
    "b.py": "import a as z, json\ny = 'a.A'\nclass B(z.A): ...\n",
    "bad.py": "(",
}


def text_of(path: Path) -> bytes:
    """Return what the file holds, uncompressed."""
    return gzip.decompress(path.read_bytes())


@pytest.fixture
def scanned(tmp_path: Path) -> Scanned:
    return scan(tmp_path / "tree", FILES)


def read(path: str) -> list[Record]:
    spans = read_spans(text_of(Path(path)).splitlines())
    return [record for _, span in spans for record in from_span(span)]


def test_what_is_written_is_read_back(tmp_path: Path, scanned: Scanned) -> None:
    path = write_inventory(scanned.inventory.records, str(tmp_path / "new" / "out"), "shop")
    assert path == str(tmp_path / "new" / "out" / "scan-shop.traces.jsonl.gz")
    assert set(read(path)) == set(scanned.inventory.records)
    assert len(read(path)) == len(scanned.inventory.records)


def test_the_last_record_says_how_many_there_are(tmp_path: Path, scanned: Scanned) -> None:
    records = read(write_inventory(scanned.inventory.records, str(tmp_path), "shop"))
    last = records[-1]
    assert isinstance(last, ProcessRecord)
    assert (last.state, last.observers, last.emitted) == ("scanned", ("static",), len(records) - 1)


def test_the_resource_names_no_process_host_or_directory(tmp_path: Path, scanned: Scanned) -> None:
    path = Path(write_inventory(scanned.inventory.records, str(tmp_path), "shop"))
    for resource, _ in read_spans(text_of(path).splitlines()):
        assert resource["ssot.origin"] == "static"
        assert str(resource["service.instance.id"]).startswith("scan-")
        assert set(resource) <= {attribute.name for attribute in ATTRIBUTES}
        assert not {"process.pid", "host.name", "service.name"} & set(resource)
    assert str(tmp_path) not in text_of(path).decode()


def test_a_second_inventory_replaces_the_first_and_is_the_same(tmp_path: Path, scanned: Scanned) -> None:
    first = Path(write_inventory(scanned.inventory.records, str(tmp_path), "shop")).read_bytes()
    second = Path(write_inventory(scanned.inventory.records, str(tmp_path), "shop")).read_bytes()
    assert first == second
    assert len(list(tmp_path.glob("*.jsonl.gz"))) == 1


def test_of_two_inventories_of_a_tree_that_did_not_change_the_later_one_counts_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    for hour, place in enumerate(("first", "second")):
        monkeypatch.setattr(trees, "TIME", trees.TIME + hour * 3_600_000_000_000)
        records = scan(tmp_path / "tree", FILES).inventory.records
        write_inventory(records, str(tmp_path / place), "shop")
        taken.append(records)
    both = load([str(tmp_path / "second"), str(tmp_path / "first"), str(tmp_path / "first")]).inventory
    assert both is not None
    assert not both.losses
    modules = [record for _, record in both.of(ModuleRecord)]
    assert sorted(modules) == sorted(record for record in taken[-1] if isinstance(record, ModuleRecord))


def test_every_span_has_ids_of_its_own(tmp_path: Path, scanned: Scanned) -> None:
    records = [*scanned.inventory.records[:-1]] * 2 + [scanned.inventory.records[-1]]
    path = Path(write_inventory(records, str(tmp_path), "shop"))
    ids = [(span.trace_id, span.span_id) for _, span in read_spans(text_of(path).splitlines())]
    assert len(ids) == len(set(ids))
    assert {(len(trace), len(span)) for trace, span in ids} == {(32, 16)}


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, scanned: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(write_inventory(scanned.inventory.records, str(tmp_path), "shop"))
    before = path.read_bytes()

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(written, "encode_spans", full)
    with pytest.raises(OSError, match="No space"):
        write_inventory(scanned.inventory.records, str(tmp_path), "shop")
    assert path.read_bytes() == before
    assert [name for name in os.listdir(tmp_path) if name != "tree"] == [path.name]


def test_names_that_are_no_text_are_written_all_the_same(tmp_path: Path) -> None:
    scanned = scan(tmp_path, {"a.py": b"x = '\\udcff.a'\n", "b\udcff.py": "import a\n"})
    assert read(write_inventory(scanned.inventory.records, str(tmp_path / "out"), "shop"))


def test_lines_stay_below_what_a_collector_takes(tmp_path: Path) -> None:
    scanned = scan(tmp_path / "tree", {"a.py": "class A: ...\n" + "A()\n" * 3000})
    path = Path(write_inventory(scanned.inventory.records, str(tmp_path), "shop"))
    assert max(map(len, text_of(path).splitlines())) < 1024 * 1024
