"""Serve notes.db with Datasette and let six users read and write at once.

python drive.py FOLDER [on|off] [--policy FILE] [--ending TERM|INT] [--count] [-- SERVER COMMAND]

A server command may say {port} and {db}.
"""

import argparse
import os
import pathlib
import shutil
import signal
import sqlite3
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import driver  # noqa: E402


def script(user):
    token = {"Authorization": f"Bearer {user}-token"}
    for number in range(8):
        form = f"slug={user}-{number}&body=secret+of+{user}+{number}".encode()
        kind = {**token, "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        yield f"write {number}", "POST", "/notes/add_note?_json=1", kind, form
        yield f"mine {number}", "GET", "/notes/mine.json?_shape=array", token, None
        yield (
            f"table {number}",
            "GET",
            f"/notes/notes.json?owner={user}&_sort=slug&_shape=objects",
            token,
            None,
        )
        yield f"page {number}", "GET", f"/notes/notes?owner={user}&_sort=slug&_nofacet=1", token, None
        yield f"private {number}", "GET", "/notes/private.json?_shape=array", token, None
        yield f"sql {number}", "GET", f"/notes.json?sql=select+{number}+as+n&_shape=array", token, None
        yield f"actor {number}", "GET", "/-/actor.json", token, None
    yield "home", "GET", "/-/settings.json", token, None
    yield "logout", "GET", "/-/logout", token, None
    yield "missing", "GET", "/notes/nothing", token, None
    yield "plugins", "GET", "/-/versions.json?x=1", token, None


def database(folder):
    path = folder / "notes.db"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript(
        "create table notes (owner text, slug text, body text, primary key (owner, slug)) without rowid;"
        "create table private (id integer primary key, body text);"
        "insert into private (body) values ('for two users only');"
    )
    db.commit()
    db.close()
    return path


if __name__ == "__main__":
    words = sys.argv[1:]
    server = words[words.index("--") + 1 :] if "--" in words else None
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("probe", choices=["on", "off"])
    parser.add_argument("--policy")
    parser.add_argument("--ending", default="TERM")
    parser.add_argument("--count", action="store_true", help="count calls without the probe")
    options = parser.parse_args(words[: words.index("--")] if server else words)
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("metadata.json", "plugins", "asgi.py", "trial_actor.py"):
        source = HERE / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    if options.count:
        shutil.copy(HERE / "count.py", folder / "plugins")
    port = driver.free_port()
    db = database(folder)
    server = server or [
        "datasette",
        "serve",
        "{db}",
        "-p",
        "{port}",
        "-m",
        "metadata.json",
        "--plugins-dir",
        "plugins",
        "--secret",
        "not-a-secret",
    ]
    scripts = pathlib.Path(sys.executable).parent
    command = [word.format(db=db, port=port) for word in server]
    command[0] = str(scripts / command[0])
    env = {k: v for k, v in os.environ.items() if not k.startswith("SSOT_")}
    env.update(TRIAL_CWD=str(folder), PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(folder))
    if options.probe == "on":
        env.update(SSOT_PROBE="1", SSOT_PROBE_DEBUG="1")
        if options.policy:
            env["SSOT_PROBE_CONFIG"] = str(pathlib.Path(options.policy).resolve())
    result = driver.run(command, env, folder, script, port, getattr(signal, f"SIG{options.ending}"))
    print({k: v for k, v in result.items() if k != "answers"})
