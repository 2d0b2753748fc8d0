"""Writes what the code knows into the documentation: findings, telemetry, the Collector's allow-list.

`python docs/generate.py` writes; `python docs/generate.py --check` says what is out of date and fails.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ssot_probe.analysis.rules import RULES
from ssot_probe.wire.registry import ATTRIBUTES, METRICS, SPANS

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "      # begin generated {}: docs/generate.py\n"
END = "      # end generated\n"


def findings_page() -> str:
    """Return the page that explains every finding, as the rules explain themselves."""
    lines = ["# Findings", "", "Generated from the rules; `ssot-probe explain CODE` prints the same.", ""]
    lines += ["| code | finding | severity |", "|---|---|---|"]
    lines += [
        f"| [{rule.code}](#{rule.code.lower()}) | {rule.name} | {rule.severity.label} |" for rule in RULES
    ]
    for rule in RULES:
        lines += ["", f'## <a id="{rule.code.lower()}"></a>{rule.code} {rule.name}', ""]
        lines += [f"**Claim.** {rule.claim}", "", f"**Proof.** {rule.proof}", ""]
        lines += [f"**Silent.** {rule.silent}", "", f"**Mending it.** {rule.fix}"]
        if rule.example:
            lines += ["", "```toml", rule.example, "```"]
    return "\n".join(lines) + "\n"


def telemetry_page() -> str:
    """Return the page that lists every name on the wire."""
    lines = [
        "# Telemetry",
        "",
        "Generated from `src/ssot_probe/wire/registry.py`: everything that the probe sends.",
        "",
    ]
    lines += ["## Spans", "", "Each is of kind INTERNAL and the root of its own trace.", ""]
    lines += ["| span | what it says |", "|---|---|"]
    lines += [f"| `{span.name}` | {span.brief} |" for span in SPANS]
    lines += ["", "## Metrics", "", "All cumulative over the life of a process.", ""]
    lines += ["| metric | instrument | unit | attributes | what it counts |", "|---|---|---|---|---|"]
    for metric in METRICS:
        attributes = ", ".join(f"`{name}`" for name in metric.attributes) or "none"
        lines += [
            f"| `{metric.name}` | {metric.instrument} | {metric.unit} | {attributes} | {metric.brief} |"
        ]
    lines += ["", "## Attributes", "", "| attribute | type | what it says |", "|---|---|---|"]
    lines += [f"| `{attribute.name}` | {attribute.type} | {attribute.brief} |" for attribute in ATTRIBUTES]
    return "\n".join(lines) + "\n"


def collector_configuration(current: str) -> str:
    """Return the Collector's configuration with the registry's names as all that passes."""
    keys = "".join(f"      - {attribute.name}\n" for attribute in ATTRIBUTES)
    text = _generated(current, "spans", _only("span", [span.name for span in SPANS]))
    text = _generated(text, "metrics", _only("metric", [metric.name for metric in METRICS]))
    return _generated(text, "attributes", keys)


def _generated(current: str, what: str, lines: str) -> str:
    """Return the text with these lines between the marks of what they are."""
    begin = BEGIN.format(what)
    before, rest = current.split(begin)
    return f"{before}{begin}{lines}{END}{rest.split(END, 1)[1]}"


def _only(signal: str, names: list[str]) -> str:
    """Return a statement that takes every other name away."""
    listed = ",\n".join(f'          "{name}"' for name in names)
    return (
        f'      - |\n        set({signal}.name, "unknown") where not ContainsValue([\n{listed}\n'
        f"        ], {signal}.name)\n"
    )


def pages() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with what it should hold."""
    yield ROOT / "docs" / "findings.md", findings_page()
    yield ROOT / "docs" / "telemetry.md", telemetry_page()
    configuration = ROOT / "collector-config.yaml"
    yield configuration, collector_configuration(configuration.read_text(encoding="utf-8"))


def main() -> int:
    """Write or check, and say what changed."""
    stale = [
        (path, text)
        for path, text in pages()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
