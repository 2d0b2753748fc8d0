"""Two users' services use redis-py as it is meant to be used, over one pool."""

# /// case
# row = 31
# needs = ["redis"]
# server = "redis-server"
# ///
# /// policy
# [[concept]]
# name = "redis-connection"
# classes = ["redis.connection:ConnectionPool"]
# isolation = "process"
# [[concept]]
# name = "profile"
# classes = ["ProfileService"]
# ///
import subprocess
import tempfile
import time

import redis

from traffic import rounds


class ProfileService:
    def __init__(self, user_id, client):
        self.user_id = user_id
        self.client = client

    def load(self):
        self.client.set(f"profile of {self.user_id}", "loaded")
        return self.client.get(f"profile of {self.user_id}")


def main():
    with tempfile.TemporaryDirectory() as place:
        socket = f"{place}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no"]
        server = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
        client = redis.Redis(unix_socket_path=socket)
        try:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
            services = [ProfileService(user, client) for user in ("patient-0815", "patient-4711")]
            for _ in rounds():
                for service in services:
                    service.load()
        finally:
            client.close()
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
