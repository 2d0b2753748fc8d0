from __future__ import annotations

from ssot_probe.analysis.inference.likeness import likeness, method_weights


def test_names_of_many_words_say_more_and_names_that_all_have_say_less() -> None:
    classes = [{"get", "emit_agent_event", "add_item"}, *({"add_item"} for _ in range(9))]
    weights = method_weights(classes)
    assert weights["get"] < weights["add_item"] < weights["emit_agent_event"]


def test_classes_are_alike_by_the_weight_that_they_share() -> None:
    first, second = frozenset({"get", "put", "emit_agent_event"}), frozenset({"get", "emit_agent_event"})
    found = likeness(first, second, method_weights([first, second]))
    assert found.shared == ("emit_agent_event", "get")
    assert 0.8 < found.share < 0.9


def test_classes_without_methods_are_not_alike() -> None:
    assert likeness(frozenset(), frozenset(), {}).share == 0.0
