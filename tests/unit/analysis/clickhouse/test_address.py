"""The sources that are in a ClickHouse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.analysis.clickhouse.address import EMBEDDED, PASSWORD, SERVER, address_of, is_address
from ssot_probe.errors import UsageError

START = 1_767_571_200 * 10**9  # 2026-01-05


def test_a_server_is_named_with_user_port_database_and_table() -> None:
    address = address_of("clickhouse://reader@ch.example:9123/audit?table=spans", {PASSWORD: "secret"})
    assert (address.scheme, address.host, address.port) == (SERVER, "ch.example", 9123)
    assert (address.user, address.password) == ("reader", "secret")
    assert (address.database, address.table, address.is_secure) == ("audit", "spans", False)


def test_what_is_not_named_is_as_the_exporter_and_the_server_have_it_by_default() -> None:
    address = address_of("clickhouse://localhost", {})
    assert (address.port, address.database, address.table) == (8123, "default", "otel_traces")
    assert (address.user, address.password) == ("", "")


def test_tls_has_a_port_of_its_own() -> None:
    assert address_of("clickhouse://ch/otel?secure=1", {}).port == 8443
    assert address_of("clickhouse://ch:9440/otel?secure=1", {}).port == 9440
    assert address_of("clickhouse://ch/otel?secure=0", {}).port == 8123


def test_times_are_of_utc_unless_they_say_otherwise() -> None:
    address = address_of("clickhouse://ch?since=2026-01-05&until=2026-01-05T02:00:00%2B01:00", {})
    assert (address.since, address.until) == (START, START + 3600 * 10**9)
    assert address_of("clickhouse://ch?since=2026-01-05T00:00:00Z", {}).since == START


def test_an_embedded_engine_has_a_directory_and_a_database() -> None:
    address = address_of("chdb:///srv/ch?database=otel&table=t", {PASSWORD: "secret"})
    assert (address.scheme, address.path) == (EMBEDDED, "/srv/ch")
    assert (address.database, address.table, address.password) == ("otel", "t", "")
    assert address_of("chdb://here/ch", {}).path == "here/ch"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("clickhouse:///otel", "names no host"),
        ("chdb://", "names no directory"),
        ("clickhouse://ch/otel?tabel=x", "'tabel' means nothing here; one of table"),
        ("clickhouse://ch/otel?since=yesterday", "since=yesterday is no time such as 2026-01-31"),
        ("clickhouse://ch/otel?since=2026-01-02&until=2026-01-01", "until is not after since"),
        ("clickhouse://ch:port/otel", "Port could not be cast"),
        ("clickhouse://ch/otel?timeout=soon", "timeout=soon is no number of seconds"),
        ("clickhouse://anna:secret@ch/otel", "leave the password out"),
    ],
)
def test_an_address_that_means_nothing_says_what_is_wrong(source: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        address_of(source, {})
    assert "secret" not in str(raised.value)


def test_a_password_shows_nowhere() -> None:
    address = address_of("clickhouse://reader@ch/otel", {PASSWORD: "secret"})
    assert "secret" not in f"{address} {address!r} {address.where}"


def test_files_and_other_kinds_of_places_are_no_addresses() -> None:
    assert is_address("clickhouse://ch")
    assert is_address("chdb:///srv")
    assert not any(map(is_address, ("clickhouse", "chdb", "/srv/chdb", "s3://clickhouse", "clickhouse:/x")))


@given(st.text(max_size=40))
def test_any_text_behind_the_kind_is_an_address_or_a_usage_error(text: str) -> None:
    for kind in (SERVER, EMBEDDED):
        try:
            address_of(f"{kind}://{text}", {})
        except UsageError:
            continue
