"""The policy file of a project: where it lies, and the policy that it holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ssot_probe.errors import PolicyError
from ssot_probe.model.policy import Policy

OWN_NAME = "ssot-probe.toml"
SHARED_NAME = "pyproject.toml"
SHARED_TABLE = "tool.ssot_probe"


def find_policy_file(start_directory: str) -> str | None:
    """Return the policy file nearest to the directory, going up; None where there is none.

    The search ends at the user's home directory, if it comes by, because above it lie other people's
    directories; else at the root.

    Raises:
        PolicyError: A `pyproject.toml` on the way is broken and seems to hold a policy.
    """
    try:
        directory = os.path.abspath(start_directory)
    except OSError:  # relative to a current directory that has been deleted
        return None
    home = os.path.expanduser("~")
    while True:
        own, shared = os.path.join(directory, OWN_NAME), os.path.join(directory, SHARED_NAME)
        if os.path.isfile(own):
            return own
        if os.path.isfile(shared) and _holds_policy(shared):
            return shared
        parent = os.path.dirname(directory)
        if directory in (home, parent):
            return None
        directory = parent


def read_policy(path: str) -> Policy:
    """Read the policy of a file: the top of it, or `[tool.ssot_probe]` of a `pyproject.toml`.

    Raises:
        PolicyError: The file cannot be read, is no TOML, holds no policy, or one with mistakes.
    """
    from ssot_probe.policy_schema import parse_policy  # a service without a policy needs no schema

    data = _decoded(_content(path), path)
    section = _section(data)
    if os.path.basename(path) != SHARED_NAME:
        if section is not None:
            raise PolicyError(
                f"{path}: {SHARED_TABLE}: found a policy below the top, expected the same keys at the top, "
                f"as this file is no {SHARED_NAME}"
            )
        return parse_policy(data, path)
    if section is None:
        raise PolicyError(f"{path}: found no [{SHARED_TABLE}], expected the policy there")
    return parse_policy(section, path, at=SHARED_TABLE)  # type: ignore[arg-type]  # it checks that itself


def _holds_policy(path: str) -> bool:
    try:
        content = _content(path)
    except PolicyError:  # somebody else's file, as far as anyone can tell
        return False
    # Most services depend on ssot-probe without mentioning this table: they need no TOML parser.
    if b"ssot_probe" not in content:
        return False
    try:
        return _section(_decoded(content, path)) is not None
    except PolicyError:
        if SHARED_TABLE.encode() in content:
            raise
        return False


def _section(data: Mapping[str, object]) -> object:
    tool = data.get("tool")
    return tool.get("ssot_probe") if isinstance(tool, Mapping) else None


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error


def _decoded(content: bytes, path: str) -> dict[str, object]:
    try:
        return _toml(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError(
            f"{path}: found byte 0x{content[error.start]:02x} on line {line}, expected text in UTF-8"
        ) from error
    except RecursionError as error:
        raise PolicyError(f"{path}: not valid TOML: nested too deeply") from error
    except ImportError as error:
        raise PolicyError(
            f"{path}: before Python 3.11, TOML is read with the package tomli; install it"
        ) from error
    except ValueError as error:  # of which the decoder's own error is one
        raise PolicyError(f"{path}: not valid TOML: {error}") from error


def _toml(text: str) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    table: dict[str, object] = tomllib.loads(text)
    return table
