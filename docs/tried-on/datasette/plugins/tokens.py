"""Bearer tokens for the users of this trial: `Authorization: Bearer NAME-token` acts as NAME."""

from datasette import hookimpl

USERS = ("amaryllis", "bergamot", "calendula", "delphinium", "eucalyptus", "foxglove")


@hookimpl
def actor_from_request(datasette, request):
    header = request.headers.get("authorization") or ""
    name = header.removeprefix("Bearer ").removesuffix("-token")
    return {"id": name} if name in USERS else None
