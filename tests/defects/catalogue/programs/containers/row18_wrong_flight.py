"""Requests that run at the same time are joined by path: bob awaits alice's answer."""

# /// case
# row = 18
# expect = [["SSOT301", "Profile"], ["SSOT303", "Profile"]]
# also = ["SSOT303"]
# ///
# /// policy
# [[concept]]
# name = "profile"
# classes = ["Profile"]
# ///
import asyncio

from traffic import arounds


class Profile:
    def __init__(self, name):
        self.name = name


flights = {}


async def fetch(user_id):
    await asyncio.sleep(0.005)
    return Profile(user_id)


async def load_profile(user_id) -> Profile:
    path = "/me"
    if path not in flights:
        flights[path] = asyncio.ensure_future(fetch(user_id))
    try:
        return await asyncio.shield(flights[path])
    finally:
        flights.pop(path, None)


async def serve():
    kept = {}
    async for _ in arounds():
        users = ("alice.moore", "bobby.brown")
        profiles = await asyncio.gather(*map(load_profile, users))
        kept.update(zip(users, profiles))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
