"""Errors are kept with their tracebacks, and these hold every frame's manager."""

# /// case
# row = 33
# expect = [["SSOT206", "UploadManager"]]
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
from traffic import rounds

errors = []


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
                errors.append(error)


if __name__ == "__main__":
    main()
