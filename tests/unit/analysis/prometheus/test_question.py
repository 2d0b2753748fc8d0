"""The question that a Prometheus is asked, and the names in it."""

from __future__ import annotations

import re
from pathlib import Path

from ssot_probe.analysis.prometheus.question import question

PAGE = (Path(__file__).parents[4] / "docs" / "prometheus.md").read_text(encoding="utf-8")


def test_it_is_about_the_hours_that_it_was_given() -> None:
    asked = question(30)
    assert set(re.findall(r"\[(\d+h)", asked)) == {"30h"}
    assert "[30h:15m]" in asked


def test_no_window_is_so_short_that_it_has_no_step() -> None:
    assert "[1h:1m]" in question(1)


def test_the_page_for_those_who_keep_an_answer_has_the_same_question() -> None:
    assert question(720) in PAGE
