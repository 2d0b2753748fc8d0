"""The first attempt fails after it made a manager; the retry makes another."""

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


async def open_manager(user_id, attempt):
    if user_id not in managers:
        made = ChatManager(user_id)
        await asyncio.sleep(0.001)
        if attempt == 1:
            raise ConnectionError(user_id)
        managers[user_id] = made
    return managers[user_id]


async def serve():
    async for number in arounds():
        user = f"chatter-{number:04}"
        try:
            await open_manager(user, 1)
        except ConnectionError:
            await open_manager(user, 2)
        del managers[user]  # who has left


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
