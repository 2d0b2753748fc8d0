"""A cached factory without a key, asked in tasks of two users."""

# /// case
# code = "SSOT301"
# expect = [["SSOT301", "ChatManager"]]
# also = ["SSOT303"]
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:get_manager"]
# ///
import asyncio
from contextvars import ContextVar
from functools import lru_cache

current_user = ContextVar("current_user")


class ChatManager:
    def __init__(self):
        self.rooms = []


@lru_cache
def get_manager():
    return ChatManager()


async def request(user):
    current_user.set({"user_id": user})
    await asyncio.sleep(0)
    return get_manager().rooms


async def serve():
    await asyncio.gather(request(10421), request(20977))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
