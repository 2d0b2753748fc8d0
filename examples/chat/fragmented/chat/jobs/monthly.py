"""The invoices, on the first of each month: `python -m chat.jobs.monthly`."""

from chat.ws.pool import shared_pool


def run(user_ids: list[str]) -> list[str]:
    """A line for each user who is to be charged."""
    from chat.ws.usage import open_connections  # slow to import, once

    counted = open_connections(shared_pool, user_ids)
    return [f"{user_id} {count}" for user_id, count in sorted(counted.items()) if count]


if __name__ == "__main__":
    print("\n".join(run([])))
