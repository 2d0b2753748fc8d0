"""Threads build a process-wide manager at the same time, and the second overwrites the first."""

# /// case
# code = "SSOT205"
# expect = [["SSOT205", "get_shared"], ["SSOT205", "SettingsManager"]]
# ///
# /// policy
# [[concept]]
# name = "settings"
# classes = ["SettingsManager"]
# factories = ["app:get_shared"]
# isolation = "process"
# ///
import threading
import time


class SettingsManager:
    def __init__(self):
        time.sleep(0.02)


_shared = None


def get_shared():
    global _shared
    if _shared is None:
        _shared = SettingsManager()
    return _shared


def main():
    got = []
    threads = [threading.Thread(target=lambda: got.append(get_shared())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[0] is not got[1] or _shared


if __name__ == "__main__":
    main()
