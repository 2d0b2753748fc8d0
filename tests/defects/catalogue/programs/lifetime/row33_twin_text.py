"""Of every error its text is kept."""

# /// case
# row = 33
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
from collections import deque

from traffic import rounds

errors = deque(maxlen=20)


class UploadManager:
    def __init__(self, user_id):
        self.user_id = user_id

    def receive(self, chunk):
        raise ValueError("too large")


def request(user_id):
    manager = UploadManager(user_id)
    manager.receive(b"...")


def main():
    for number in rounds():
        for place in range(10):
            try:
                request(f"uploader-{number:04}-{place}")
            except ValueError as error:
                errors.append(str(error))


if __name__ == "__main__":
    main()
