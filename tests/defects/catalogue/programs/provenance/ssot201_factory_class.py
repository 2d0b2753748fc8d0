"""A factory class and an asynchronous function both hand out the concept."""

# /// case
# code = "SSOT201"
# expect = [["SSOT201", "SessionFactory", "open_session"]]
# also = ["SSOT204"]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["UserSession"]
# ///
import asyncio


class UserSession:
    def __init__(self, user_id):
        self.user_id = user_id


class SessionFactory:
    def create(self, user_id):
        return UserSession(user_id)


async def open_session(user_id):
    await asyncio.sleep(0)
    return UserSession(user_id)


def main():
    first = SessionFactory().create("user-10421")
    second = asyncio.run(open_session("user-20977"))
    assert first is not second


if __name__ == "__main__":
    main()
