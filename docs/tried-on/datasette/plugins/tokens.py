"""Bearer tokens for the users of this trial: `Authorization: Bearer NAME-token` acts as NAME.

Says who that is in a ContextVar, as a service that wants to be audited would.
"""

import trial_actor
from datasette import hookimpl

USERS = ("amaryllis", "bergamot", "calendula", "delphinium", "eucalyptus", "foxglove")


@hookimpl
def actor_from_request(datasette, request):
    header = request.headers.get("authorization") or ""
    name = header.removeprefix("Bearer ").removesuffix("-token")
    trial_actor.current.set(name if name in USERS else None)
    return {"id": name} if name in USERS else None
