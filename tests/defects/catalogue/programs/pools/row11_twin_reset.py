"""The pool empties a buffer before somebody else gets it."""

# /// case
# row = 11
# lengths = ["long", "short"]
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

    def reset(self):
        self.rows.clear()


class BufferPool:
    def __init__(self, size):
        self.free = [RowBuffer() for _ in range(size)]

    def acquire(self):
        return self.free.pop()

    def release(self, buffer):
        buffer.reset()
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
        self.buffer = None


def main():
    for number in rounds():
        for user in ("exporter-kim", "exporter-lee"):
            session = ExportSession(user)
            session.fill(number)
            session.close()


if __name__ == "__main__":
    main()
