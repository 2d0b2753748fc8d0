"""The second request finds the first one's manager when it comes back, and returns that one."""

# /// case
# row = 16
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:open_manager"]
# ///
import asyncio

from traffic import arounds


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id


managers = {}


async def open_manager(user_id):
    known = managers.get(user_id)
    if known is None:
        made = ChatManager(user_id)
        await asyncio.sleep(0.002)
        known = managers.setdefault(user_id, made)
    return known


async def serve():
    async for number in arounds():
        user = f"chatter-{number:04}"
        await asyncio.gather(open_manager(user), open_manager(user))
        del managers[user]  # who has left


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
