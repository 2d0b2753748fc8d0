"""A thread-local buffer without anything of a user."""

# /// case
# row = 25
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "store"
# classes = ["PageRenderer"]
# ///
import threading
from concurrent.futures import ThreadPoolExecutor

from traffic import rounds

_scratch = threading.local()


class PageRenderer:
    def __init__(self, user_id):
        self.user_id = user_id

    def render(self):
        if not hasattr(_scratch, "buffer"):
            _scratch.buffer = bytearray(128)
            _scratch.rendered = 0
        _scratch.rendered += 1
        return len(_scratch.buffer)


def request(user_id):
    return PageRenderer(user_id).render()


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            for user in ("reader-munich", "reader-boston"):
                pool.submit(request, user).result()


if __name__ == "__main__":
    main()
