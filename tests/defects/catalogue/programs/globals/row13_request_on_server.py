"""The server object, made once, keeps the request it is serving, as MicroPie did."""

# /// case
# row = 13
# expect = [["SSOT303", "server"], ["SSOT303", "request"]]
# ///
# /// policy
# user = [{ contextvar = "app:user_of_request" }]
# [[concept]]
# name = "session"
# classes = ["WebSession"]
# ///
import asyncio
from contextvars import ContextVar

from traffic import arounds

user_of_request = ContextVar("user_of_request", default=None)


class WebSession:
    def __init__(self, name):
        self.name = name


class Server:
    def __init__(self):
        self.request = None
        self.sessions = {}

    async def handle(self, request):
        user_of_request.set(request["user"])
        self.request = request
        if request["user"] not in self.sessions:
            self.sessions[request["user"]] = WebSession(request["user"])
        await asyncio.sleep(0.001)
        return self.request["user"]


server = Server()


async def serve():
    async for number in arounds():
        users = ("surfer-maya", "surfer-kian")
        await asyncio.gather(*(server.handle({"user": user, "path": f"/{number}"}) for user in users))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
