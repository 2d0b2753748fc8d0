"""A task for bob is started inside of alice's request and runs in a copy of her context."""

# /// case
# code = "SSOT304"
# expect = [["SSOT304"]]
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
pending = ["bobby.brown"]


class AgentManager:
    def __init__(self, owner):
        self.owner = owner


async def get_manager(user_id):
    await asyncio.sleep(0)
    return AgentManager(user_id)


async def work_off():
    while pending:
        await get_manager(pending.pop())


async def request(user):
    current_user.set(user)
    await get_manager(user)
    await asyncio.create_task(work_off())


def main():
    asyncio.run(request("alice.moore"))


if __name__ == "__main__":
    main()
