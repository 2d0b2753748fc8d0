"""A request's context is copied into a thread that works for the same user."""

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
import contextvars
import threading
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


class AgentManager:
    def __init__(self, owner):
        self.owner = owner


def get_manager(user_id):
    return AgentManager(user_id)


async def request(user):
    current_user.set(user)
    await asyncio.to_thread(get_manager, user)
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(get_manager, user))
    thread.start()
    thread.join()


async def serve():
    await asyncio.gather(request("alice.moore"), request("bobby.brown"))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
