"""Tasks of one user wait for each other in the factory."""

# /// case
# code = "SSOT205"
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["SessionManager"]
# factories = ["app:ManagerFactory.obtain"]
# ///
import asyncio


class SessionManager:
    def __init__(self, user_id):
        self.user_id = user_id


class ManagerFactory:
    def __init__(self):
        self.made = {}
        self.lock = asyncio.Lock()

    async def obtain(self, user_id):
        async with self.lock:
            if user_id not in self.made:
                await asyncio.sleep(0.002)
                self.made[user_id] = SessionManager(user_id)
            return self.made[user_id]


async def serve():
    factory = ManagerFactory()
    return await asyncio.gather(*[factory.obtain("user-10421") for _ in range(5)])


def main():
    assert len(set(map(id, asyncio.run(serve())))) == 1


if __name__ == "__main__":
    main()
