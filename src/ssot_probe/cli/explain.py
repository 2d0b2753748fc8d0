"""`ssot-probe explain`: what a finding means, how it is proved, how to mend it."""

from __future__ import annotations

from difflib import get_close_matches

import click

from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.rules import RULES
from ssot_probe.errors import UsageError


@click.command(short_help="Say what a finding means, how it is proved, how to mend it.")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain the finding with this CODE, such as SSOT301; without one, list them all."""
    if code is None:
        click.echo("\n".join(_summary(rule) for rule in RULES))
        return
    click.echo(explanation(_rule(code)))


def explanation(rule: Rule) -> str:
    """Return everything that a rule says about itself."""
    parts = [
        f"{rule.code} {rule.name} ({rule.severity.label})",
        _section("What it claims", rule.claim),
        _section("What proves it", rule.proof),
        _section("Where it stays silent", rule.silent),
        _section("How to mend it", rule.fix),
    ]
    if rule.example:
        lines = rule.example.replace("\n", "\n    ")
        parts.append(f"In the policy\n    {lines}")
    return "\n\n".join(parts)


def _rule(code: str) -> Rule:
    by_name = {name: rule for rule in RULES for name in (rule.code, rule.name.upper())}
    found = by_name.get(code.upper())
    if found is None:
        near = "".join(f"; did you mean {name}?" for name in get_close_matches(code.upper(), by_name, 1, 0.4))
        raise UsageError(f"there is no finding {code!r}{near} `ssot-probe explain` lists them all")
    return found


def _summary(rule: Rule) -> str:
    return (
        f"{rule.code}  {rule.severity.label:<8} {rule.name:<20} {rule.claim.partition('. ')[0].rstrip('.')}"
    )


def _section(heading: str, content: str) -> str:
    return f"{heading}\n{click.wrap_text(content, 100, '    ', '    ')}"
