"""Two users read from one manager's streams, one after the other: the second's was made before, and waits."""

# /// case
# code = "SSOT306"
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


async def request(user, before):
    current_user.set(user)
    stream = manager.tokens(f"prompt of {user}")
    await before
    async for _ in stream:
        pass


async def main():
    nothing = asyncio.sleep(0)
    first = asyncio.create_task(request("user-10421", nothing))
    await asyncio.gather(first, request("user-20977", first))


if __name__ == "__main__":
    asyncio.run(main())
