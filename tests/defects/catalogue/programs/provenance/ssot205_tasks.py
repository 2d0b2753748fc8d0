"""Tasks of one user enter a factory class at the same time."""

# /// case
# code = "SSOT205"
# expect = [["SSOT205", "obtain"], ["SSOT205", "SessionManager"]]
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

    async def obtain(self, user_id):
        manager = self.made.get(user_id)
        if manager is None:
            await asyncio.sleep(0.005)
            manager = SessionManager(user_id)
            self.made[user_id] = manager
        return manager


async def serve():
    factory = ManagerFactory()
    return await asyncio.gather(*[factory.obtain("user-10421") for _ in range(5)])


def main():
    assert len(set(map(id, asyncio.run(serve())))) > 1


if __name__ == "__main__":
    main()
