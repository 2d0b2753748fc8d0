"""A pool gives bob a buffer that still holds alice's rows."""

# /// case
# row = 11
# expect = [["SSOT301", "RowBuffer"], ["SSOT303", "rows"], ["SSOT304", "rows"], ["SSOT303", "buffer"], ["SSOT303", "pool"]]
# ///
# /// policy
# [[concept]]
# name = "export"
# classes = ["ExportSession"]
# ///
from traffic import rounds


class RowBuffer:
    def __init__(self):
        self.rows = []


class BufferPool:
    def __init__(self, size):
        self.free = [RowBuffer() for _ in range(size)]

    def acquire(self):
        return self.free.pop()

    def release(self, buffer):
        self.free.append(buffer)


pool = BufferPool(1)


class ExportSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.buffer = pool.acquire()

    def fill(self, number):
        self.buffer.rows.append({"owner": self.user_id, "number": number})

    def close(self):
        pool.release(self.buffer)


def main():
    for number in rounds():
        for user in ("exporter-kim", "exporter-lee"):
            session = ExportSession(user)
            session.fill(number)
            session.close()


if __name__ == "__main__":
    main()
