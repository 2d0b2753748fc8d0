"""A connection of redis-py goes back to its pool before the reply of a blocking command was read."""

# /// case
# row = 31
# needs = ["redis"]
# server = "redis-server"
# expect = [["SSOT304", "Connection"], ["SSOT301", "Connection"], ["SSOT303", "Connection"]]
# lengths = ["long"]
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
    def __init__(self, user_id, pool):
        self.user_id = user_id
        self.pool = pool

    def wait_for_news(self):
        connection = self.pool.get_connection()
        connection.send_command("BLPOP", f"news of {self.user_id}", "0.01")
        self.pool.release(connection)  # gave up waiting

    def load(self):
        connection = self.pool.get_connection()
        connection.send_command("GET", f"profile of {self.user_id}")
        reply = connection.read_response()
        self.pool.release(connection)
        return reply


def main():
    with tempfile.TemporaryDirectory() as place:
        socket = f"{place}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no"]
        server = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
        pool = redis.ConnectionPool(connection_class=redis.UnixDomainSocketConnection, path=socket)
        try:
            for _ in range(200):
                try:
                    redis.Redis(connection_pool=pool).ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
            services = [ProfileService(user, pool) for user in ("patient-0815", "patient-4711")]
            for _ in rounds():
                services[0].wait_for_news()
                services[1].load()
        finally:
            pool.disconnect()
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
