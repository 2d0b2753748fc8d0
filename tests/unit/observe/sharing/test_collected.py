"""Which variables of a script only gather what its work gives back."""

from __future__ import annotations

import pytest

from ssot_probe.observe.sharing.collected import is_only_filled


def is_filled(text: str) -> bool:
    namespace: dict[str, object] = {"__name__": "__main__", "results": []}
    exec(compile(text, "script.py", "exec"), namespace)
    return is_only_filled("results", namespace)


@pytest.mark.parametrize(
    "text",
    [
        "def work(user):\n    results.append((user, 1))",
        "def work(user):\n    with lock:\n        results.append(f'{user} is done')",
        "async def work(user):\n    results.append(await serve(user))",
        "def work(user):\n    results[user] = serve(user)",
        "def work(user):\n    for each in serve(user):\n        results.put(each)",
        "def work(user):\n    submit(user).then(lambda job: results.append(job.result()))",
        "from threading import Thread\nclass Client(Thread):\n"
        "    def run(self):\n        results.append(self.user)",
        "def work(user):\n    results.append(user)\ndef main():\n    work('alice')\n    print(results)",
        "def work(user):\n    results.append(user)\n"
        "def everybody():\n    [work(user) for user in 'ab']\n"
        "def main():\n    everybody()\n    print(results)",
    ],
)
def test_what_functions_of_a_script_only_add_to_is_out_of_their_reach(text: str) -> None:
    assert is_filled(text)


@pytest.mark.parametrize(
    "text",
    [
        "def work(user):\n    results.append(user)\n    return len(results)",
        "def work(user):\n    results.append(user)\ndef show(page):\n    return results",
        "def work(user):\n    results.append(user)\ndef show():\n    return results",
        "def work(user):\n    results.append(user)\ndef both(user):\n    work(user)\n    return results",
        "def work(user):\n    results['last'] = results.get('last', 0)",
        "def work(user):\n    return results.pop()",
        "def work(user):\n    results.append(results)",
        "def work(user):\n    serve(user, results.append, results)",
        "class Cart:\n    def add(self, item):\n        results.append(item)",
        "def main():\n    print(results)",
        "def work(user):\n    pass",
    ],
)
def test_what_work_reads_or_a_class_keeps_is_within_reach(text: str) -> None:
    assert not is_filled(text)
