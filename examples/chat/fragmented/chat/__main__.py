"""`python -m chat` runs the service."""

import sys

from chat.server import main

if __name__ == "__main__":
    sys.exit(main())
