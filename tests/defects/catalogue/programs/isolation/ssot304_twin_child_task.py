"""A child task of alice's request works for her, in a copy of her context."""

# /// case
# code = "SSOT304"
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "agent"
# classes = ["AgentManager"]
# factories = ["app:get_manager"]
# ///
import asyncio
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


class AgentManager:
    def __init__(self, owner):
        self.owner = owner


async def get_manager(user_id):
    await asyncio.sleep(0)
    return AgentManager(user_id)


async def request(user):
    current_user.set(user)
    await get_manager(user)
    await asyncio.create_task(get_manager(user))


async def serve():
    await asyncio.gather(request("alice.moore"), request("bobby.brown"))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
