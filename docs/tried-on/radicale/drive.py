"""Serve calendars and address books with Radicale and let six users read and write at once.

python drive.py FOLDER [on|off] [--policy FILE] [--ending TERM|INT] [-- SERVER COMMAND with {port}]
"""

import argparse
import base64
import os
import pathlib
import shutil
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import driver  # noqa: E402

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//trial//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20240101T000000Z
DTSTART:20240102T100000Z
DTEND:20240102T110000Z
SUMMARY:appointment {uid}
END:VEVENT
END:VCALENDAR
"""
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{uid};;;;\r\nFN:{uid}\r\nEND:VCARD\r\n"
QUERY = b"""<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/>
</C:comp-filter></C:filter></C:calendar-query>"""
BOOK = b"""<?xml version="1.0"?><D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set>
<D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"""


def script(user):
    word = base64.b64encode(f"{user}:{user}-password".encode()).decode()
    mine = {"Authorization": f"Basic {word}"}
    ics, vcf = {**mine, "Content-Type": "text/calendar"}, {**mine, "Content-Type": "text/vcard"}
    deep = {**mine, "Depth": "1"}
    other = driver.USERS[(driver.USERS.index(user) + 1) % len(driver.USERS)]
    yield "root", "PROPFIND", "/", mine, None
    yield "principal", "PROPFIND", f"/{user}/", mine, None
    yield "calendar", "MKCALENDAR", f"/{user}/cal/", mine, None
    yield "book", "MKCOL", f"/{user}/book/", mine, BOOK
    for number in range(8):
        uid = f"{user}-{number}"
        yield f"event {number}", "PUT", f"/{user}/cal/{number}.ics", ics, EVENT.format(uid=uid).encode()
        yield f"card {number}", "PUT", f"/{user}/book/{number}.vcf", vcf, CARD.format(uid=uid).encode()
        yield f"read {number}", "GET", f"/{user}/cal/{number}.ics", mine, None
        yield f"list {number}", "PROPFIND", f"/{user}/cal/", deep, None
        yield f"query {number}", "REPORT", f"/{user}/cal/", deep, QUERY
        yield f"foreign {number}", "GET", f"/{other}/cal/{number}.ics", mine, None
    yield "drop", "DELETE", f"/{user}/cal/0.ics", mine, None
    yield "stranger", "PROPFIND", f"/{user}/", {}, None
    yield "wrong password", "PROPFIND", f"/{user}/", {"Authorization": "Basic eDp5"}, None
    yield "web", "GET", "/.web/", mine, None


if __name__ == "__main__":
    words = sys.argv[1:]
    server = words[words.index("--") + 1 :] if "--" in words else None
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("probe", choices=["on", "off"])
    parser.add_argument("--policy")
    parser.add_argument("--ending", default="TERM")
    options = parser.parse_args(words[: words.index("--")] if server else words)
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = driver.free_port()
    (folder / "config").write_text((HERE / "config").read_text().format(port=port, folder=folder))
    (folder / "users").write_text("".join(f"{user}:{user}-password\n" for user in driver.USERS))
    scripts = pathlib.Path(sys.executable).parent
    command = [word.format(port=port) for word in server or ["radicale", "--config", "config"]]
    command[0] = str(scripts / command[0])
    env = {k: v for k, v in os.environ.items() if not k.startswith("SSOT_")}
    env.update(TRIAL_CWD=str(folder), PYTHONDONTWRITEBYTECODE="1", RADICALE_CONFIG=str(folder / "config"))
    if options.probe == "on":
        env.update(SSOT_PROBE="1", SSOT_PROBE_DEBUG="1")
        if options.policy:
            env["SSOT_PROBE_CONFIG"] = str(pathlib.Path(options.policy).resolve())
    result = driver.run(command, env, folder, script, port, getattr(signal, f"SIG{options.ending}"))
    print({k: v for k, v in result.items() if k != "answers"})
