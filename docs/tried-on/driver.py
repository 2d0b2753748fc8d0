"""What both trials share: start a server, let several users at it at once, end it, compare two runs."""

import concurrent.futures
import hashlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

USERS = ("amaryllis", "bergamot", "calendula", "delphinium", "eucalyptus", "foxglove")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(base, method, path, headers=None, body=None):
    """Return (status, header pairs, body) of one real HTTP request, redirects not followed."""
    call = urllib.request.Request(base + path, method=method, headers=headers or {}, data=body)
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(call, timeout=30) as answer:
            return answer.status, sorted(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, sorted(answer.headers.items()), answer.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def wait_for(base, process, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"server ended with {process.returncode} before it served")
        try:
            request(base, "GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("server did not come up")


def run(command, env, folder, script, port, ending=signal.SIGTERM):
    """Serve, drive, end. `script(base, user)` yields (name, method, path, headers, body) of one user."""
    base = f"http://127.0.0.1:{port}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/stderr", "wb") as errors, open(f"{folder}/stdout", "wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=env["TRIAL_CWD"], stdout=output, stderr=errors)
        try:
            wait_for(base, process)
            started = time.monotonic() - began
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(len(USERS)) as pool:
                told = list(pool.map(lambda user: _one_user(base, user, script), USERS))
            served = time.monotonic() - began
            memory = _memory(process.pid)
            began = time.monotonic()
            process.send_signal(ending)
            code = process.wait(30)
            ended = time.monotonic() - began
        finally:
            if process.poll() is None:
                process.kill()
    answers = dict(zip(USERS, told))
    result = {
        "command": command,
        "exit": code,
        "start_s": round(started, 3),
        "serve_s": round(served, 3),
        "exit_s": round(ended, 3),
        "rss_kb": memory,
        "requests": sum(len(a) for a in told),
        "cpu_s": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, 3),
        "answers": answers,
    }
    with open(f"{folder}/run.json", "w") as file:
        json.dump(result, file, indent=1)
    return result


def _one_user(base, user, script):
    return [
        (name, *_plain(request(base, method, path, headers, body)))
        for name, method, path, headers, body in script(user)
    ]


VOLATILE = ("date", "etag", "last-modified", "server", "set-cookie", "content-length")
WAVERING = [
    (re.compile(rb"Queries took [0-9.]+ms"), b"Queries took Xms"),
    (re.compile(rb'"query_ms": [0-9.]+'), b'"query_ms": X'),
    (re.compile(rb'(name="csrftoken" value=")[^"]+'), rb"\1X"),
    (re.compile(rb"<getetag>[^<]*</getetag>"), b"<getetag>X</getetag>"),
    (re.compile(rb"http://radicale.org/ns/sync/[0-9a-f]+"), b"http://radicale.org/ns/sync/X"),
    (re.compile(rb"<(?:\w+:)?getlastmodified>[^<]*"), b"<getlastmodified>X"),
    (re.compile(rb"127\.0\.0\.1:\d+"), b"127.0.0.1:PORT"),
]


def _plain(answer):
    status, headers, body = answer
    for pattern, into in WAVERING:
        body = pattern.sub(into, body)
    kept = [
        f"{name.lower()}: " + re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", value)
        for name, value in headers
        if name.lower() not in VOLATILE
    ]
    return status, kept, hashlib.sha256(body).hexdigest(), len(body)


def _memory(pid):
    """Resident kilobytes of the server and its children."""
    total = 0
    for each in [pid, *_children(pid)]:
        with open(f"/proc/{each}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return total


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        direct = [int(word) for word in file.read().split()]
    return direct + [deep for child in direct for deep in _children(child)]


def compare(one, other):
    """Name each request whose answer differs between two runs."""
    differing = []
    for user, answers in one["answers"].items():
        for mine, theirs in zip(answers, other["answers"][user], strict=True):
            if list(mine) != list(theirs):
                differing.append((user, mine, theirs))
    return differing


def main_compare(folder_one, folder_other):
    with open(f"{folder_one}/run.json") as a, open(f"{folder_other}/run.json") as b:
        one, other = json.load(a), json.load(b)
    differing = compare(one, other)
    for user, mine, theirs in differing[:10]:
        print(f"differs: {user} {mine[0]}: {mine[1]} {mine[4]} bytes, {theirs[1]} {theirs[4]} bytes")
    print(
        f"{one['requests']} requests, {len(differing)} answers differ; exit {one['exit']} / {other['exit']}"
    )
    for key in ("start_s", "serve_s", "exit_s", "rss_kb", "cpu_s"):
        print(f"  {key}: {one[key]} -> {other[key]}  x{other[key] / max(one[key], 0.001):.2f}")


if __name__ == "__main__":
    main_compare(*sys.argv[1:3])
