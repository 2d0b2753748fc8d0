from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.cli.doctor.shell import last_command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python a.py", ["python", "a.py"]),
        ("python a.py; python b.py", ["python", "b.py"]),
        ("exec python a.py || python b.py", ["exec", "python", "a.py"]),
        ("python 'a b.py' \"c d\"", ["python", "a b.py", "c d"]),
        ("python a.py > log 2>&1 < /dev/null", ["python", "a.py"]),
        ("python a.py | tee log", ["python", "a.py"]),
        ("python a.py &\nwait", ["python", "a.py"]),
        ("python \\\n  a.py", ["python", "a.py"]),
        ("if test -f x; then python a.py; fi", ["python", "a.py"]),
        ("{ python a.py; }", ["python", "a.py"]),
        ("(cd / && python a.py)", ["python", "a.py"]),
        ("python a.py # and that's it\n", ["python", "a.py"]),
        ("# don't\npython a.py\n", ["python", "a.py"]),
        ("set -e; cd /srv; echo $HOME; python a.py", ["python", "a.py"]),
        ("gunicorn -b :${PORT:-80} -w ${WORKERS-2} $NAME", ["gunicorn", "-b", ":80", "-w", "2", "shop"]),
    ],
)
def test_the_program_that_stays_is_found(text: str, words: list[str]) -> None:
    found = last_command(text, (), {"NAME": "shop"})

    assert found is not None
    assert list(found.words) == words


@pytest.mark.parametrize("text", ["", "echo x", "cd /", "'", "A=1", "# python a.py", ";;&&"])
def test_a_text_without_a_program_has_none(text: str) -> None:
    assert last_command(text, (), {}) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=2 python a.py", "2"),
        ("A=2; python a.py", "2"),
        ("export A=2 B=3; python a.py", "2"),
        ("A=2 true; python a.py", "1"),
        ("unset A; python a.py", None),
        ("export A=$A$A; python a.py", "11"),
    ],
)
def test_variables_are_those_that_the_program_gets(text: str, value: str | None) -> None:
    found = last_command(text, (), {"A": "1"})

    assert found is not None
    assert found.environment.get("A") == value


def test_arguments_stand_where_the_text_names_them() -> None:
    found = last_command('exec "$@" --last', ("python", "a b.py"), {})

    assert found is not None
    assert found.words == ("exec", "python", "a b.py", "--last")


@given(st.text(alphabet="ab$@{}()'\"\\;|&<>=# \n:-", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    last_command(text, ("x",), {"a": "b"})
