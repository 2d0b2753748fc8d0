"""The one question that a Prometheus is asked: who used which path, and who watched it."""

from __future__ import annotations

from ssot_probe.wire.prometheus_names import label_name, metric_named

USES, IMPORTS = metric_named("ssot.path.uses"), metric_named("ssot.imports")
OBSERVED, DROPPED = metric_named("ssot.probe.observed.duration"), metric_named("ssot.probe.dropped")

PATH, RUNG = label_name("ssot.path.name"), label_name("ssot.path.rung")
MODULE, REASON = label_name("ssot.import.name"), label_name("error.type")
SERVICE, ENVIRONMENT = label_name("service.name"), label_name("deployment.environment.name")
ROLE, HOST, PID = label_name("ssot.role"), label_name("host.name"), label_name("process.pid")
INSTANCE, EXPORTED_INSTANCE = "instance", "exported_instance"
"""The process; where the scrape does not honour labels, `instance` is the Collector's."""

KIND = "ssot_asked"
"""The label that tells the parts of the answer from each other."""

OF_USES, OF_IMPORTS, OF_DROPPED, OF_PROCESSES, OF_WATCHERS, OF_OLDEST = (
    "uses",
    "imports",
    "dropped",
    "processes",
    "watchers",
    "oldest",
)

_PROCESS = ", ".join((SERVICE, ENVIRONMENT, ROLE, HOST, PID, INSTANCE, EXPORTED_INSTANCE))

_STEPS = 120
"""At how many moments it is tried how far back the memory reaches."""


def question(hours: int) -> str:
    """Return the question about so many hours until now.

    It asks for counts of single processes only where they are more than 0: there are as many series as there
    were processes, times paths.
    """
    window, step = f"{hours}h", f"{max(1, hours * 60 // _STEPS)}m"
    parts = {
        OF_USES: f"max by ({_PROCESS}, {PATH}, {RUNG}) (max_over_time({USES}[{window}])) > 0",
        OF_IMPORTS: f"sum by ({_PROCESS}, {MODULE}) (max_over_time({IMPORTS}[{window}])) > 0",
        OF_DROPPED: f'sum by ({_PROCESS}) (max_over_time({DROPPED}{{{REASON}!="none"}}[{window}])) > 0',
        OF_PROCESSES: f"max by ({_PROCESS}) (max_over_time({OBSERVED}[{window}]))",
        OF_WATCHERS: f"count by ({SERVICE}, {ENVIRONMENT}, {PATH}) "
        f"(max by ({_PROCESS}, {PATH}) (max_over_time({USES}[{window}])))",
        OF_OLDEST: f"min(min_over_time(timestamp({OBSERVED})[{window}:{step}]))",
    }
    return "\nor\n".join(
        f'label_replace({expression}, "{KIND}", "{kind}", "", "")' for kind, expression in parts.items()
    )
