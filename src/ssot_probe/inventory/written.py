"""Writes an inventory as OTLP JSON lines, in the form of a recording; the file appears whole or not."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from gzip import GzipFile
from hashlib import blake2b

from ssot_probe.model.records import Record
from ssot_probe.version import __version__
from ssot_probe.wire.otlp_json import Resource, SpanData, encode_spans
from ssot_probe.wire.registry import SCHEMA_VERSION
from ssot_probe.wire.spans import to_span, to_spans

SPANS_PER_LINE = 500
"""Keeps a line below 1 MiB, which is the longest that the Collector's file receiver takes."""

FASTEST = 1
"""Level of compression: the higher ones save little more and take several times as long."""


def write_inventory(records: Sequence[Record], directory: str, name: str) -> str:
    """Write the records to `<directory>/scan-<name>.traces.jsonl.gz` and return that path.

    Compressed, it takes a tenth of the space. What was there is replaced. The last record, which says that
    the inventory is complete, comes last.

    Raises:
        OSError: the directory or the file cannot be written.
    """
    resource = resource_of(name)
    spans = _with_lasting_ids([*to_spans(records[:-1]), to_span(records[-1])], name)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    path = os.path.join(directory, f"scan-{name}.traces.jsonl.gz")
    descriptor, temporary = tempfile.mkstemp(prefix=f".scan-{name}.", suffix=".tmp", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as raw, GzipFile("", "wb", FASTEST, raw, mtime=0) as file:
            for line in _lines(resource, spans):
                file.write(f"{line}\n".encode("utf-8", "replace"))
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def resource_of(name: str) -> Resource:
    """Return what identifies an inventory: no process and no host, the same each time it is taken."""
    return {
        "service.instance.id": f"scan-{blake2b(name.encode(), digest_size=8).hexdigest()}",
        "process.runtime.name": sys.implementation.name,
        "process.runtime.version": ".".join(str(part) for part in sys.version_info[:3]),
        "telemetry.distro.name": "ssot-probe",
        "telemetry.distro.version": __version__,
        "ssot.origin": "static",
        "ssot.schema.version": SCHEMA_VERSION,
    }


def _lines(resource: Resource, spans: Sequence[SpanData]) -> Iterator[str]:
    for start in range(0, len(spans), SPANS_PER_LINE):
        yield encode_spans(resource, __version__, spans[start : start + SPANS_PER_LINE])


def _with_lasting_ids(spans: Iterable[SpanData], name: str) -> list[SpanData]:
    """Give each span ids that depend on what it says, so that reading an inventory twice adds nothing.

    And on when it was taken: of two inventories of one tree the later one counts, whole.
    """
    seen: Counter[bytes] = Counter()
    lasting = []
    for span in spans:
        said = json.dumps([name, span.start, span.name, span.attributes]).encode()
        seen[said] += 1
        digits = blake2b(said + b"#%d" % seen[said], digest_size=24).hexdigest()
        lasting.append(span._replace(trace_id=digits[:32], span_id=digits[32:]))
    return lasting
