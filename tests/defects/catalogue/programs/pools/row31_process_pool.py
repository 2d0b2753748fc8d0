"""A pool that everybody may share, and a connection that goes back to it with a reply unread."""

# /// case
# row = 31
# expect = [["SSOT304", "Connection"], ["SSOT301", "Connection"], ["SSOT303", "Connection"]]
# ///
# /// policy
# [[concept]]
# name = "connection"
# classes = ["CacheConnection"]
# isolation = "process"
# [[concept]]
# name = "profile"
# classes = ["ProfileService"]
# ///
import asyncio

from traffic import arounds


class CacheConnection:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def request(self, line):
        self.writer.write(line.encode() + b"\n")
        await self.writer.drain()
        return (await self.reader.readline()).decode().strip()


class ConnectionPool:
    def __init__(self):
        self.free = []

    async def acquire(self):
        if self.free:
            return self.free.pop()
        return CacheConnection(*await asyncio.open_connection("127.0.0.1", PORT))

    def release(self, connection):
        self.free.append(connection)


pool = ConnectionPool()
PORT = 0


class ProfileService:
    def __init__(self, user_id):
        self.user_id = user_id

    async def load(self):
        connection = await pool.acquire()
        try:
            return await connection.request(f"GET {self.user_id}")
        finally:
            pool.release(connection)


async def answer(reader, writer):
    while line := await reader.readline():
        await asyncio.sleep(0.005)
        writer.write(line)
    writer.close()


async def serve():
    global PORT
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    PORT = server.sockets[0].getsockname()[1]
    services = [ProfileService(user) for user in ("patient-0815", "patient-4711")]
    async for _ in arounds():
        impatient = asyncio.create_task(services[0].load())
        await asyncio.sleep(0.002)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        await services[1].load()
    for connection in pool.free:
        connection.writer.close()
    server.close()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
