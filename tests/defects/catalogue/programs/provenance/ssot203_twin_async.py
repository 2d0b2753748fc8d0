"""The allowed factory is asynchronous and awaits a helper that constructs."""

# /// case
# code = "SSOT203"
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:get_manager"]
# ///
import asyncio


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


async def connect(user_id):
    await asyncio.sleep(0.001)
    return SocketManager(user_id)


async def get_manager(user_id):
    await asyncio.sleep(0)
    return await connect(user_id)


async def serve():
    return await asyncio.gather(get_manager("user-10421"), get_manager("user-20977"))


def main():
    assert len(asyncio.run(serve())) == 2


if __name__ == "__main__":
    main()
