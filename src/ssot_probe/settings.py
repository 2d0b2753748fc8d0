"""What the environment says about the probe: every `SSOT_PROBE*` and `OTEL_*` variable is read here."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple, Optional

from ssot_probe.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPORTERS = ("file", "otlp")
KEY_BYTES = 32
"""A shorter key would make it easier to try out user ids than to guess the key."""

_OFF = frozenset({"", "0", "false", "no", "off"})
_ON = frozenset({"1", "true", "yes", "on"})


class Settings(NamedTuple):
    """What the environment says. Paths are absolute, so that a later `chdir` does not move them."""

    config: str = ""  # the policy file, "" where it is to be searched for
    directory: str = ""  # where recordings go
    exporters: tuple[str, ...] = ("file",)  # of EXPORTERS, in that order
    user_key_file: str = ""
    debug: bool = False
    service_name: str = ""
    resource_attributes: tuple[tuple[str, str], ...] = ()
    otlp_endpoint: str = ""  # as written, for traces where that one is given
    sharing: bool = True  # look at what users share
    look_signal: int = 0  # the number of a signal that asks for such a look, 0 for none
    sigterm: Optional[bool] = None  # close the recording at SIGTERM; None: where paths are watched


def is_on(environ: Mapping[str, str]) -> bool:
    """Does the environment switch the probe on?"""
    return _is_yes(environ, "SSOT_PROBE")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings; a variable that is empty counts as unset.

    Raises:
        SettingsError: A variable has a value without a meaning.
    """
    endpoint = _value(environ, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or _value(
        environ, "OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    attributes = _resource_attributes(_value(environ, "OTEL_RESOURCE_ATTRIBUTES"))
    return Settings(
        config=_path(environ, "SSOT_PROBE_CONFIG"),
        directory=_path(environ, "SSOT_PROBE_DIR", default="ssot-probe-data"),
        exporters=_exporters(environ, default=EXPORTERS if endpoint else ("file",)),
        user_key_file=_path(environ, "SSOT_PROBE_USER_KEY_FILE"),
        debug=_is_yes(environ, "SSOT_PROBE_DEBUG"),
        service_name=_value(environ, "OTEL_SERVICE_NAME") or attributes.get("service.name", ""),
        resource_attributes=tuple(attributes.items()),
        otlp_endpoint=endpoint,
        sharing=_value(environ, "SSOT_PROBE_SHARING").lower() not in _OFF - {""},
        look_signal=_signal(environ, "SSOT_PROBE_LOOK_SIGNAL"),
        sigterm=_switch(environ, "SSOT_PROBE_SIGTERM") if _value(environ, "SSOT_PROBE_SIGTERM") else None,
    )


def cache_directory(environ: Mapping[str, str]) -> str:
    """Return where `scan` remembers what files say: a directory of the user's own.

    Raises:
        SettingsError: A path is relative to a directory that does not exist.
    """
    shared = _value(environ, "XDG_CACHE_HOME")
    if not os.path.isabs(shared):  # the convention says to take no notice of such a one
        shared = os.path.join("~", ".cache")
    return _path(environ, "SSOT_PROBE_CACHE", default=os.path.join(shared, "ssot-probe"))


def read_user_key(path: str) -> bytes:
    """Read the key for the hashes of users: the bytes of a file that nobody but its owner may touch.

    Raises:
        SettingsError: The file cannot be read, is open to others, or is too short.
    """
    try:
        status = os.stat(path)
        # Opening a pipe would wait for its writer, and with it the service would.
        if not stat.S_ISREG(status.st_mode):
            raise _bad_key(path, "is not a regular file; name a file that holds the key")
        mode = stat.S_IMODE(status.st_mode)
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _bad_key(path, f"is open to other users (mode {mode:04o}); run: chmod 600 {path}")
        with open(path, "rb") as file:
            key = file.read()
    except OSError as error:
        raise _bad_key(path, f"cannot be read: {error.strerror}") from error
    if len(key) < KEY_BYTES:
        raise _bad_key(
            path,
            f"holds {len(key)} bytes, {KEY_BYTES} or more are needed; "
            f"make a key with: (umask 077; head -c {KEY_BYTES} /dev/urandom > {path})",
        )
    return key


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


def _is_yes(environ: Mapping[str, str], name: str) -> bool:
    return _value(environ, name).lower() not in _OFF


def _switch(environ: Mapping[str, str], name: str) -> bool:
    """Read a switch that changes what the application sees: nobody may turn it by a slip."""
    word = _value(environ, name)
    if word.lower() not in _OFF | _ON:
        raise SettingsError(f'{name}: found "{word}", expected "1" for on or "0" for off')
    return word.lower() in _ON


def _signal(environ: Mapping[str, str], name: str) -> int:
    word = _value(environ, name).upper()
    if not word:
        return 0
    from signal import Signals

    if word not in Signals.__members__ or word in ("SIGKILL", "SIGSTOP"):
        raise SettingsError(f'{name}: found "{word}", expected the name of a signal, such as "SIGUSR2"')
    return int(Signals[word])


def _path(environ: Mapping[str, str], name: str, default: str = "") -> str:
    path = _value(environ, name) or default
    if not path:
        return ""
    try:
        return os.path.abspath(os.path.expanduser(path))
    except OSError as error:
        raise SettingsError(
            f'{name}: found "{path}", expected an absolute path, as the current directory does not exist'
        ) from error


def _exporters(environ: Mapping[str, str], default: tuple[str, ...]) -> tuple[str, ...]:
    listed = _value(environ, "SSOT_PROBE_EXPORT").lower().split(",")
    words = [word.strip() for word in listed if word.strip()]
    for word in words:
        if word not in (*EXPORTERS, "none"):
            raise _bad_export(word)
    if not words:
        return default
    if "none" not in words:
        return tuple(exporter for exporter in EXPORTERS if exporter in words)
    if len(words) > 1:
        raise SettingsError(f'SSOT_PROBE_EXPORT: "none" stands alone, found "{",".join(words)}"')
    return ()


def _bad_export(word: str) -> SettingsError:
    from difflib import get_close_matches

    hint = "".join(f', did you mean "{near}"?' for near in get_close_matches(word, (*EXPORTERS, "none"), 1))
    return SettingsError(
        f'SSOT_PROBE_EXPORT: found "{word}", expected "file", "otlp", "file,otlp" or "none"{hint}'
    )


def _bad_key(path: str, what: str) -> SettingsError:
    return SettingsError(f"SSOT_PROBE_USER_KEY_FILE: {path} {what}")


def _resource_attributes(listed: str) -> dict[str, str]:
    """Read `key=value,…`; like OpenTelemetry's own SDK, leave out what is no pair."""
    pairs = (pair.partition("=") for pair in listed.split(","))
    return {_decoded(key): _decoded(value) for key, equals, value in pairs if equals and key.strip()}


def _decoded(text: str) -> str:
    text = text.strip()
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
