"""What was counted in the processes of a fleet, whether their recordings are at hand or not."""

from __future__ import annotations

from typing import NamedTuple


class FleetProcess(NamedTuple):
    """A process that a Prometheus knows, as far as the labels of a series tell."""

    identity: str  # `service.instance.id`; "" where the answer does not tell processes apart
    service: str = ""
    environment: str = ""
    role: str = ""
    host: str = ""
    pid: str = ""

    @property
    def label(self) -> str:
        """What a report calls it."""
        details = [self.environment, self.role, self.host, f"pid {self.pid}" if self.pid else ""]
        told = ", ".join(detail for detail in details if detail)
        name = self.service or "a process"
        return f"{name} ({told})" if told else name


class UseCount(NamedTuple):
    """Uses of a watched path, or imports of a module, more than none."""

    name: str  # of the path or module
    rung: str  # "" where the answer does not say it, and of imports
    process: FleetProcess
    count: int  # type: ignore[assignment]


class Watchers(NamedTuple):
    """Processes of one kind that watched a path, used or not."""

    path: str
    service: str
    environment: str
    processes: int  # 0 where the answer does not say how many


class FleetCounts(NamedTuple):
    """The answer of a Prometheus."""

    source: str  # address or file
    asked_at: int  # nanoseconds since the epoch
    uses: tuple[UseCount, ...] = ()
    imports: tuple[UseCount, ...] = ()
    watchers: tuple[Watchers, ...] = ()
    processes: tuple[FleetProcess, ...] = ()
    lossy: tuple[FleetProcess, ...] = ()  # those that lost records
    oldest: int = 0  # what it remembers since, nanoseconds since the epoch; 0 where that is not said
