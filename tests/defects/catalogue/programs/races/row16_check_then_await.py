"""Two requests of one user look, wait, and make a manager each."""

# /// case
# row = 16
# expect = [["SSOT205", "get_manager"], ["SSOT205", "ChatManager"]]
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:get_manager"]
# ///
import asyncio

from traffic import arounds


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id


managers = {}


async def get_manager(user_id):
    if user_id not in managers:
        await asyncio.sleep(0.002)  # asks the database who that is
        managers[user_id] = ChatManager(user_id)
    return managers[user_id]


async def serve():
    async for number in arounds():
        user = f"chatter-{number:04}"
        await asyncio.gather(get_manager(user), get_manager(user))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
