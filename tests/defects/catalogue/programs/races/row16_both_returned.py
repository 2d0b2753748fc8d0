"""Two requests of one user make a manager each, and both use their own."""

# /// case
# row = 16
# expect = [["SSOT205", "open_manager"], ["SSOT205", "ChatManager"]]
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
        known = ChatManager(user_id)
        await asyncio.sleep(0.002)
        managers[user_id] = known
    return known


async def serve():
    kept = []
    async for number in arounds():
        user = f"chatter-{number:04}"
        kept += await asyncio.gather(open_manager(user), open_manager(user))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
