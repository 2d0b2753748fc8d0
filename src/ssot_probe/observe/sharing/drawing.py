"""Draws the paths to one shared object in the DOT language, with the names of types and of steps only."""

from __future__ import annotations

from collections.abc import Sequence


def draw(ways: Sequence[tuple[str, Sequence[str]]], type_name: str, verdict: str) -> str:
    """Draw one box for where each way begins, the steps as labels, and the shared object at their ends.

    Args:
        ways: for each, what its first box says, and its steps, the first of which is a type or a module.
        type_name: of the shared object.
        verdict: on it.
    """
    lines = ["digraph shared {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines.append(f"  shared [label={_quoted(type_name, verdict)}, style=filled, fillcolor=lightpink];")
    for number, (title, steps) in enumerate(ways):
        start = f"way{number}"
        lines.append(f"  {start} [label={_quoted(*([steps[0]] if steps else []), title)}];")
        label = "".join(steps[1:])
        lines.append(f"  {start} -> shared [label={_quoted(label)}];")
    lines.append("}")
    return "\n".join(lines) + "\n"


def _quoted(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines if line]
    return '"' + "\\n".join(escaped) + '"'
