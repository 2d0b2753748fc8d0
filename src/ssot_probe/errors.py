"""Every error that ssot-probe raises on purpose, each with a slug and the exit code a command ends with.

The slug is printed in brackets behind the message and names the entry in `docs/messages.md`.
"""

from __future__ import annotations


class ProbeError(Exception):
    """Base of all errors of ssot-probe. The message says what is wrong and what to do about it."""

    slug = "error"
    exit_code = 2

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.slug}]"


class UsageError(ProbeError):
    """A command was called in a way that cannot work."""

    slug = "usage"


class PolicyError(ProbeError):
    """A policy file cannot be read or says something that has no meaning."""

    slug = "policy"


class SettingsError(ProbeError):
    """An environment variable has a value that has no meaning."""

    slug = "settings"


class UnreadableRecordingError(ProbeError):
    """A source is no recording: it does not exist, or no line of it is OTLP written by the probe."""

    slug = "unreadable-recording"


class NoEvidenceError(ProbeError):
    """A source is a recording place but holds no evidence: nothing may be concluded from it."""

    slug = "no-evidence"
    exit_code = 3


class MissingExtraError(ProbeError):
    """A command needs a package that is not installed."""

    slug = "missing-extra"


class PrometheusError(ProbeError):
    """A Prometheus was asked and gave no answer, or none that can be used."""

    slug = "prometheus"


class DependencyError(ProbeError):
    """A library that the probe stands on is there in a version that does not fit."""

    slug = "dependency"
