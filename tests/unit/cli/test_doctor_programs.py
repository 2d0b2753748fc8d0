from __future__ import annotations

import pytest

from ssot_probe.cli.doctor.programs import checks_of


@pytest.mark.parametrize(
    ("command", "state", "word"),
    [
        ("gunicorn -k eventlet x:app", "note", "eventlet"),
        ("gunicorn --worker-class=eventlet x:app", "note", "eventlet"),
        ("gunicorn -e SSOT_PROBE=1 x:app", "fail", "--env"),
        ("gunicorn --env=SSOT_PROBE=1 x:app", "fail", "--env"),
        ("uvicorn x:app --workers 2", "note", "SSOT_PROBE_USER_KEY_FILE"),
        ("uvicorn x:app --reload --reload-include *.jsonl", "note", "SSOT_PROBE_DIR"),
        ("celery -A x worker -P eventlet", "note", "eventlet"),
        ("celery -A x worker --time-limit 30", "note", "--soft-time-limit"),
        ("uwsgi --module x:app --master", "blind", "--lazy-apps"),
        ("uwsgi --module x:app --no-site", "fail", "import ssot_probe.auto"),
        ("uwsgi --ini x.ini", "note", "not read"),
        ("uwsgi x.ini", "note", "not read"),
        ("pytest tests", "note", "pytest --ssot-probe"),
        ("mod_wsgi-express start-server x.wsgi", "blind", "WSGIApplicationGroup"),
    ],
)
def test_what_a_program_leaves_unseen_is_told(command: str, state: str, word: str) -> None:
    name, *options = command.split()

    assert any(check.state == state and word in check.what for check in checks_of(name, options))


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn -k gthread --preload -e OTHER=1 x:app",
        "uvicorn x:app --reload",
        "uvicorn x:app --workers 1",
        "uwsgi --module x:app --master --lazy-apps",
        "celery -A x beat",
        "shop --workers 2",
    ],
)
def test_of_what_leaves_nothing_unseen_nothing_is_said(command: str) -> None:
    name, *options = command.split()

    assert list(checks_of(name, options)) == []
