"""Two users read from one manager's streams at the same time."""

# /// case
# code = "SSOT306"
# expect = [["SSOT306", "TokenManager"]]
# also = ["SSOT301", "SSOT303"]
# ///
# /// policy
# user = [{ contextvar = "__main__:current_user" }]
# [[concept]]
# name = "tokens"
# classes = ["TokenManager"]
# ///
import asyncio
from contextvars import ContextVar

current_user = ContextVar("current_user")


class TokenManager:
    def __init__(self):
        self.prompt = ""

    async def tokens(self, prompt):
        self.prompt = prompt
        for number in range(3):
            await asyncio.sleep(0.01)
            yield f"{self.prompt} {number}"


manager = TokenManager()


async def request(user):
    current_user.set(user)
    async for _ in manager.tokens(f"prompt of {user}"):
        pass


async def main():
    await asyncio.gather(request("user-10421"), request("user-20977"))


if __name__ == "__main__":
    asyncio.run(main())
