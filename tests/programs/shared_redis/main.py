"""Two users of one pool of Redis connections. The first loses patience between a request and its reply."""

import asyncio
import json
import sys

PORT, LIBRARY = int(sys.argv[1]), sys.argv[2]
sys.path.insert(0, LIBRARY)

import redis
from redis.asyncio import ConnectionPool, Redis

import ssot_probe

ALICE, BOB = "alice-history-1187", "bob-history-2293"


async def wait_for_mail(client, user):
    with ssot_probe.bind_user(user):
        return await client.blpop(f"mail:{user}", timeout=20)  # asks


async def history(client, user):
    with ssot_probe.bind_user(user):
        return await client.get(f"history:{user}")  # gets another's


async def main():
    pool = ConnectionPool(host="127.0.0.1", port=PORT, decode_responses=True)
    client, outside = Redis(connection_pool=pool), Redis(port=PORT)
    for user in (ALICE, BOB):
        await client.delete(f"mail:{user}")
        await client.set(f"history:{user}", f"chats of {user}")

    impatient = asyncio.create_task(wait_for_mail(client, ALICE))
    await asyncio.sleep(0.1)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    reading = asyncio.create_task(history(client, BOB))
    await asyncio.sleep(0.1)
    await outside.rpush(f"mail:{ALICE}", f"a letter to {ALICE}")
    got = await reading

    print(json.dumps({"version": redis.__version__, "bob_got": got}))
    for each in (pool, outside.connection_pool):
        await each.disconnect()


asyncio.run(main())
