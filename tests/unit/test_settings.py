"""Settings: what the environment says, and what it must not say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssot_probe.errors import SettingsError
from ssot_probe.settings import Settings, from_environment, is_on, read_user_key

KEY = bytes(range(32))


def key_file(directory: Path, content: bytes = KEY, mode: int = 0o600) -> str:
    path = directory / "user.key"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("word", ["", "0", "false", "no", "off", "FALSE", "Off", " 0 ", "\tno\n", "  "])
def test_the_probe_is_off_for_every_way_to_say_no(word: str) -> None:
    assert not is_on({"SSOT_PROBE": word})


def test_the_probe_is_off_where_nobody_mentions_it() -> None:
    assert not is_on({"SSOT_PROBE_DEBUG": "1"})


@pytest.mark.parametrize("word", ["1", "true", "yes", "on", " 1 ", "2", "enabled"])
def test_the_probe_is_on_for_everything_else(word: str) -> None:
    assert is_on({"SSOT_PROBE": word})


def test_an_empty_environment_means_a_recording_below_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_environment({}) == Settings(
        config="",
        directory=str(tmp_path / "ssot-probe-data"),
        exporters=("file",),
        user_key_file="",
        debug=False,
        service_name="",
        resource_attributes=(),
        otlp_endpoint="",
    )


def test_a_full_environment_is_understood() -> None:
    environ = {
        "SSOT_PROBE": "1",
        "SSOT_PROBE_CONFIG": "/etc/chat/ssot-probe.toml",
        "SSOT_PROBE_DIR": "/var/lib/ssot",
        "SSOT_PROBE_EXPORT": "otlp",
        "SSOT_PROBE_USER_KEY_FILE": "/run/secrets/user-key",
        "SSOT_PROBE_DEBUG": "1",
        "OTEL_SERVICE_NAME": "chat",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,ssot.role=web",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
    }
    assert from_environment(environ) == Settings(
        config="/etc/chat/ssot-probe.toml",
        directory="/var/lib/ssot",
        exporters=("otlp",),
        user_key_file="/run/secrets/user-key",
        debug=True,
        service_name="chat",
        resource_attributes=(("service.name", "other"), ("ssot.role", "web")),
        otlp_endpoint="http://collector:4318",
    )


def test_variables_that_are_empty_count_as_unset() -> None:
    names = [
        "SSOT_PROBE_CONFIG",
        "SSOT_PROBE_DIR",
        "SSOT_PROBE_EXPORT",
        "SSOT_PROBE_USER_KEY_FILE",
        "SSOT_PROBE_DEBUG",
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ]
    assert from_environment(dict.fromkeys(names, " ")) == from_environment({})


def test_paths_stay_where_they_were_when_the_service_changes_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = from_environment(
        {"SSOT_PROBE_DIR": "out", "SSOT_PROBE_CONFIG": "policy.toml", "SSOT_PROBE_USER_KEY_FILE": "../key"}
    )
    monkeypatch.chdir("/")
    assert settings.directory == str(tmp_path / "out")
    assert settings.config == str(tmp_path / "policy.toml")
    assert settings.user_key_file == str(tmp_path.parent / "key")


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_environment({"SSOT_PROBE_DIR": "~/out"}).directory == str(tmp_path / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="a current directory cannot be removed there")
def test_a_relative_directory_below_a_removed_current_directory_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(
        SettingsError, match='SSOT_PROBE_DIR: found "ssot-probe-data", expected an absolute path'
    ):
        from_environment({})
    assert from_environment({"SSOT_PROBE_DIR": "/out"}).directory == os.path.abspath("/out")


@pytest.mark.parametrize(
    ("words", "exporters"),
    [
        ("file", ("file",)),
        ("otlp", ("otlp",)),
        ("file,otlp", ("file", "otlp")),
        ("otlp,file", ("file", "otlp")),
        (" File , OTLP ,", ("file", "otlp")),
        ("file,file", ("file",)),
        ("none", ()),
        (",", ("file",)),
    ],
)
def test_export_names_the_exporters(words: str, exporters: tuple[str, ...]) -> None:
    assert from_environment({"SSOT_PROBE_EXPORT": words}).exporters == exporters


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_otlp_joins_the_default_when_an_endpoint_is_set(name: str) -> None:
    settings = from_environment({name: "http://collector:4317"})
    assert settings.exporters == ("file", "otlp")
    assert settings.otlp_endpoint == "http://collector:4317"


@pytest.mark.parametrize(("words", "exporters"), [("file", ("file",)), ("none", ())])
def test_otlp_does_not_join_what_was_asked_for(words: str, exporters: tuple[str, ...]) -> None:
    environ = {"SSOT_PROBE_EXPORT": words, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}
    assert from_environment(environ).exporters == exporters


def test_the_endpoint_for_traces_is_the_nearer_one() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://all:4318",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces:4318/v1/traces",
    }
    assert from_environment(environ).otlp_endpoint == "http://traces:4318/v1/traces"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "flie",
            'SSOT_PROBE_EXPORT: found "flie", expected "file", "otlp", "file,otlp" or "none", '
            'did you mean "file"?',
        ),
        ("file,oltp", 'found "oltp"'),
        ("file,oltp", 'did you mean "otlp"?'),
        ("clickhouse", 'found "clickhouse", expected "file", "otlp", "file,otlp" or "none" ['),
        ("none,file", 'SSOT_PROBE_EXPORT: "none" stands alone, found "none,file"'),
    ],
)
def test_an_unknown_exporter_is_an_error_that_names_the_nearest(words: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment({"SSOT_PROBE_EXPORT": words})
    assert message in str(caught.value)


@pytest.mark.parametrize(("word", "debug"), [("1", True), ("0", False), ("off", False)])
def test_debug_is_switched_like_the_probe(word: str, debug: bool) -> None:
    assert from_environment({"SSOT_PROBE_DEBUG": word}).debug is debug


def test_the_service_name_comes_from_its_own_variable_else_from_the_resource() -> None:
    resource = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=from-resource"}
    assert from_environment(resource).service_name == "from-resource"
    assert from_environment({**resource, "OTEL_SERVICE_NAME": "own"}).service_name == "own"


@pytest.mark.parametrize(
    ("listed", "attributes"),
    [
        ("ssot.role=web,deployment.environment.name=staging", None),
        (" a = 1 , b=2 ", (("a", "1"), ("b", "2"))),
        ("team=caf%C3%A9%2C%20left%3Dright", (("team", "café, left=right"),)),
        ("a%2Cb=c", (("a,b", "c"),)),
        ("formula=e=mc2", (("formula", "e=mc2"),)),
        ("empty=", (("empty", ""),)),
        ("a=1,a=2", (("a", "2"),)),
        ("nonsense,=no-key, ,ok=1", (("ok", "1"),)),
        ("percent=100%", (("percent", "100%"),)),
        ("bytes=%ff", (("bytes", "\N{REPLACEMENT CHARACTER}"),)),
    ],
)
def test_resource_attributes_are_decoded_and_malformed_ones_left_out(
    listed: str, attributes: tuple[tuple[str, str], ...] | None
) -> None:
    if attributes is None:
        attributes = (("ssot.role", "web"), ("deployment.environment.name", "staging"))
    assert from_environment({"OTEL_RESOURCE_ATTRIBUTES": listed}).resource_attributes == attributes


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_file_gives_its_bytes(tmp_path: Path, mode: int) -> None:
    assert read_user_key(key_file(tmp_path, KEY + b"\n", mode)) == KEY + b"\n"


@pytest.mark.skipif(os.name != "posix", reason="modes of files mean something on POSIX only")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    with pytest.raises(SettingsError) as caught:
        read_user_key(path)
    message = str(caught.value)
    assert message.startswith(f"SSOT_PROBE_USER_KEY_FILE: {path} is open to other users (mode {mode:04o})")
    assert f"run: chmod 600 {path}" in message


def test_a_short_key_is_refused_with_a_way_to_make_a_good_one(tmp_path: Path) -> None:
    path = key_file(tmp_path, KEY[:31])
    with pytest.raises(SettingsError) as caught:
        read_user_key(path)
    assert "holds 31 bytes, 32 or more are needed" in str(caught.value)
    assert f"head -c 32 /dev/urandom > {path}" in str(caught.value)


def test_a_missing_key_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere cannot be read: No such file"):
        read_user_key(str(tmp_path / "nowhere"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_key_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SettingsError, match="is not a regular file"):
            read_user_key(str(path))


def test_no_error_repeats_the_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_user_key(key_file(tmp_path, b"hunter2"))
    assert "hunter2" not in str(caught.value)


def test_reading_the_usual_environment_loads_nothing_heavy() -> None:
    import ssot_probe.settings

    source_tree = Path(ssot_probe.settings.__file__).parents[1]
    program = (
        "import sys; from ssot_probe.settings import from_environment;"
        "from_environment({'OTEL_RESOURCE_ATTRIBUTES': 'service.name=chat', 'SSOT_PROBE_EXPORT': 'file'});"
        "heavy = {'asyncio', 'dataclasses', 'difflib', 'inspect', 'json', 'logging', 'pathlib', 'urllib'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(source_tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
