"""A thread-local that no policy names holds the last user's language and id when the next one is served."""

# /// case
# row = 25
# expect = [["SSOT304", "_active"], ["SSOT303", "_active"]]
# ///
# /// policy
# [[concept]]
# name = "store"
# classes = ["PageRenderer"]
# ///
import threading
from concurrent.futures import ThreadPoolExecutor

from traffic import rounds

_active = threading.local()


class PageRenderer:
    def __init__(self, user_id):
        self.user_id = user_id

    def activate(self, language):
        if language:
            _active.translation = {"language": language, "for": self.user_id}

    def render(self):
        return getattr(_active, "translation", {}).get("language", "en")


def request(user_id, language):
    renderer = PageRenderer(user_id)
    renderer.activate(language)
    return renderer.render()


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            pool.submit(request, "reader-munich", "de").result()
            pool.submit(request, "reader-boston", None).result()


if __name__ == "__main__":
    main()
