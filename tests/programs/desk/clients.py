"""Clients of the desk: many users at once; every answer must be the user's own."""

import asyncio
import json
import sys
import time
from collections import Counter

import httpx
import websockets

done: Counter[str] = Counter()
problems: list[str] = []


def check(holds: bool, what: str) -> None:
    """Note what is wrong."""
    if not holds:
        problems.append(what)


async def hear(socket: "websockets.ClientConnection", kind: str, user: str) -> dict[str, object]:
    """Read until a message of the kind comes; none may be of another user."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), 90))
        check(message.get("owner", user) == user, f"{user} heard {message}")
        if message["type"] == kind:
            return message


async def play(client: httpx.AsyncClient, port: int, user: str, turn: int) -> None:
    """Everything that one user does."""
    headers = {"Authorization": f"Bearer token-{user}"}
    url = f"ws://127.0.0.1:{port}/ws?token=token-{user}"

    async def get(path: str) -> httpx.Response:
        response = await client.get(path, headers=headers)
        check(response.status_code == 200, f"{path}: {response.status_code} {response.text[:200]}")
        done[path] += 1
        return response

    async with websockets.connect(url, open_timeout=90, ping_interval=None) as socket:
        await hear(socket, "connected", user)
        opened = await client.post("/tickets", headers=headers, json={"title": f"{user} asks"})
        check(opened.status_code == 201 and opened.json()["owner"] == user, f"{user}: {opened.text[:200]}")
        await hear(socket, "opened", user)
        await socket.send(json.dumps({"text": "hello"}))
        await hear(socket, "echo", user)
    async with websockets.connect(url, open_timeout=90, ping_interval=None) as socket:
        missed = await hear(socket, "connected", user)
        check(int(str(missed["missed"])) >= 2, f"{user}: not the manager that they had: {missed}")
        pages = await asyncio.gather(
            get("/tickets"),
            get("/tickets.csv"),
            get("/overview"),
            get(("/preferences", "/tickets.html")[turn % 2]),
        )
        check([ticket["owner"] for ticket in pages[0].json()] == [user], f"{user}: {pages[0].text[:200]}")
        for line in pages[1].text.splitlines()[1:]:
            check(line.startswith(f"{user},"), f"{user}: {line}")
        overview = pages[2].json()
        check(overview["owner"] == overview["summary"]["owner"] == user, f"{user}: {overview}")
        check(all(draft.startswith(user) for draft in overview["drafts"]), f"{user}: {overview['drafts']}")
        printed = (await client.post("/print", headers=headers)).json()
        check(printed == {"owner": user, "lines": 1}, f"{user}: {printed}")
        if user.startswith("staff"):
            told = await client.post("/announcements", headers=headers, json={"text": "lunch"})
            check(told.json()["told"] >= 1, f"{user}: {told.text}")
        public = f"/articles/{('welcome', 'billing', 'passwords')[turn % 3]}"
        await get(public if turn % 2 else f"/rates/{('EUR', 'USD')[turn % 3 % 2]}")
    done["users"] += 1


async def main(port: int, users: int) -> int:
    """Let all users play side by side."""
    limits = httpx.Limits(max_connections=60)
    started = time.monotonic()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=120) as client:
        refused = await client.get("/tickets", headers={"Authorization": "Bearer nobody"})
        check(refused.status_code == 401, "an unknown token was accepted")
        names = [
            f"{'staff' if turn % 50 == 0 else 'member'}-{turn:04d}-{turn * 7919 % 10007}"
            for turn in range(users)
        ]
        await asyncio.gather(*(play(client, port, name, turn) for turn, name in enumerate(names)))
    print(json.dumps({"done": dict(done), "problems": problems[:20], "seconds": time.monotonic() - started}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))))
