"""The shape of `report --format json` as `interface.md` promises it; what is there beyond it is welcome."""

from __future__ import annotations

import re
from typing import Any

STRING, NUMBER, TRUTH = str, int, bool

EVIDENCE = {"processes": NUMBER, "records": NUMBER, "dropped": NUMBER, "blind": [Any], "complete": TRUTH}

PLACE = {"what": STRING, "file": STRING, "line": NUMBER, "thread": STRING, "task": STRING, "user": STRING}

FINDING = {
    "code": re.compile(r"SSOT\d{3}"),
    "rule": re.compile(r"[a-z]+(-[a-z]+)*"),
    "severity": re.compile(r"error|warning|note"),
    "concept": STRING,
    "subject": re.compile(r"[\w.]+(:[\w.]+)?|[\w. -]*"),
    "message": STRING,
    "count": NUMBER,
    "users": NUMBER,
    "fingerprint": re.compile(r"\S+"),
    "status": STRING,
    "evidence": [PLACE],
}

PATH = {
    "path": re.compile(r"[\w.]+:[\w.]+"),
    "class": re.compile(r"[\w.]+:[\w.]+"),
    "kind": STRING,
    "imports": NUMBER,
}

REPORT = {
    "schema": re.compile(r"ssot-probe/report/1"),
    "generated_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:\d\d)"),
    "evidence": EVIDENCE,
    "findings": [FINDING],
    "paths": [PATH],
}


def differences(value: Any, shape: Any, where: str = "report") -> list[str]:
    """Return where a value is not of the shape: nothing, where it is."""
    if shape is Any:
        return []
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        missing = [f"{where}.{key} is missing" for key in shape if key not in value]
        return missing + [
            found
            for key in shape
            if key in value
            for found in differences(value[key], shape[key], f"{where}.{key}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [
            found
            for index, item in enumerate(value)
            for found in differences(item, shape[0], f"{where}[{index}]")
        ]
    if isinstance(shape, re.Pattern):
        matches = isinstance(value, str) and shape.fullmatch(value)
        return [] if matches else [f"{where} is {value!r}, expected {shape.pattern}"]
    return [] if type(value) is shape else [f"{where} is {value!r}, expected {shape.__name__}"]
