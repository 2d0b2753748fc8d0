import sys
import time

import chat

for user in ("anna", "bert", "carl"):
    chat.get_manager(user)
    chat.new_manager(user)
time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0)
print("done")
