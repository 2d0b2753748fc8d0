"""A coroutine awaits the factory, and on another line constructs."""

# /// case
# code = "SSOT204"
# expect = [["SSOT204", "start_run"]]
# also = ["SSOT201", "SSOT203"]
# ///
# /// policy
# [[concept]]
# name = "websocket-manager"
# classes = ["WebSocketManager"]
# factories = ["app:get_manager"]
# ///
import asyncio


class WebSocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


async def get_manager(user_id):
    await asyncio.sleep(0)
    return WebSocketManager(user_id)


async def start_run(user_id):
    main_manager = await get_manager(user_id)
    spare = WebSocketManager(user_id)
    return main_manager, spare


def main():
    asyncio.run(start_run("user-10421"))


if __name__ == "__main__":
    main()
