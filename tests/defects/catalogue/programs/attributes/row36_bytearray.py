"""Two users' uploads are written into one bytearray."""

# /// case
# row = 36
# expect = [["SSOT303", "buffer"]]
# lengths = ["long"]
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
from traffic import rounds


class UploadManager:
    def __init__(self, user_id, buffer):
        self.user_id = user_id
        self.buffer = buffer

    def receive(self, chunk):
        self.buffer[: len(chunk)] = chunk


def main():
    buffer = bytearray(64)
    uploads = [UploadManager(user, buffer) for user in ("uploader-a1", "uploader-b2")]
    for number in rounds():
        for upload in uploads:
            upload.receive(f"{upload.user_id} {number}".encode())


if __name__ == "__main__":
    main()
