"""The resource: what identifies a process in everything that it exports."""

from __future__ import annotations

import os
import sys

from ssot_probe.settings import Settings
from ssot_probe.version import __version__
from ssot_probe.wire.otlp_json import AttributeValue
from ssot_probe.wire.registry import ATTRIBUTES, SCHEMA_VERSION


def resource_attributes(settings: Settings, instance: str) -> dict[str, AttributeValue]:
    """Return the attributes of this process.

    Of OTEL_RESOURCE_ATTRIBUTES those are taken over that the registry knows as such: others may say more of a
    user or a host than anybody meant to record.
    """
    known = {attribute.name for attribute in ATTRIBUTES if attribute.brief.endswith("(resource)")}
    attributes: dict[str, AttributeValue] = {
        name: value for name, value in settings.resource_attributes if name in known
    }
    attributes.update(
        {
            "service.name": settings.service_name or default_service_name(),
            "service.instance.id": instance,
            "host.name": os.uname().nodename if hasattr(os, "uname") else "",
            "process.pid": os.getpid(),
            "process.runtime.name": sys.implementation.name,
            "process.runtime.version": ".".join(str(part) for part in sys.version_info[:3]),
            "telemetry.distro.name": "ssot-probe",
            "telemetry.distro.version": __version__,
            "ssot.schema.version": SCHEMA_VERSION,
        }
    )
    return attributes


def default_service_name() -> str:
    """Return a name for a service that has none: OpenTelemetry's default with the program's file name."""
    program = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    if program in ("", "-c", "-m"):
        return "unknown_service"
    if program == "__main__.py":
        program = os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0])))
    return program.removesuffix(".py")
