from __future__ import annotations

from ssot_probe.inventory.configuration import read_configuration


def test_a_policy_of_ours_in_a_shared_file_uses_nothing_that_it_names() -> None:
    text = b"""
[tool.other]
plugin = "shop.plugins"
[[tool.ssot_probe.concept]]
legacy = ["shop.old"]
[tool.ssot_probe.dead]
entry_points = ["shop.app:main"]
[project.scripts]
shop = "shop.app:main"
"""
    assert [(found.line, found.text) for found in read_configuration(text).texts] == [
        (3, "shop.plugins"),
        (9, "shop.app:main"),
    ]
