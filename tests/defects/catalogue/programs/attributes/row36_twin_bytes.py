"""Two users read the same bytes."""

# /// case
# row = 36
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
from traffic import rounds


class UploadManager:
    def __init__(self, user_id, banner):
        self.user_id = user_id
        self.banner = banner
        self.view = memoryview(banner).toreadonly()
        self.sent = 0

    def greet(self):
        self.sent += len(self.banner)


def main():
    banner = b"welcome" * 8
    uploads = [UploadManager(user, banner) for user in ("uploader-a1", "uploader-b2")]
    for _ in rounds():
        for upload in uploads:
            upload.greet()


if __name__ == "__main__":
    main()
