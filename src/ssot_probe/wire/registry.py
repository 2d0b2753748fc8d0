"""The registry: every span, metric and attribute that ssot-probe sends, each defined once.

The tables in `docs/telemetry.md` and the allow-list in `collector-config.yaml` are generated from here and
tested against it. Names follow OpenTelemetry's semantic conventions 1.44 where these have one; all others
stand under `ssot.`. No name is both a leaf and a namespace: some stores nest dotted keys.
"""

from __future__ import annotations

from typing import NamedTuple

SCOPE = "ssot_probe"
SCHEMA_VERSION = 1
"""Version of the record format. 1: first published format."""


class Attribute(NamedTuple):
    """An attribute that may stand on a span, a metric point or the resource."""

    name: str
    type: str  # "string" | "int" | "bool" | "string[]"
    brief: str


class Span(NamedTuple):
    """A kind of span. All are of kind INTERNAL and each is the root of its own trace."""

    name: str
    brief: str


class Metric(NamedTuple):
    """A metric, cumulative over the life of a process."""

    name: str
    instrument: str  # "counter" | "updowncounter"
    unit: str
    brief: str
    attributes: tuple[str, ...]


SPANS = (
    Span("ssot.probe.process", "state of the probe in one process: started, alive, stopped"),
    Span("ssot.modules", "first-party modules were found loaded"),
    Span("ssot.import", "an import was executed at one place, from its first to its last time"),
    Span("ssot.import.cycle", "a module was imported while it was being loaded"),
    Span("ssot.class", "a class object exists"),
    Span("ssot.binding", "a module binds a name to a class or function"),
    Span("ssot.make", "a maker constructed or handed out instances for one caller"),
    Span("ssot.instance.access", "a user got hold of one certain instance for the first time"),
    Span("ssot.finding", "a finding that was judged in the process, while the service runs"),
    Span("ssot.instance.thread", "a further thread used an instance for a user, or got hold of it"),
    Span("ssot.holder", "what keeps an instance alive that is shared or has leaked"),
    Span("ssot.population", "what became of the instances that a maker made for users"),
    Span("ssot.shared", "an object that users share, and that is no finding"),
    Span("ssot.look", "looks at what is reachable from the instances of users"),
    Span("ssot.boundary", "labels of the users who share something, where they may meet"),
    Span("ssot.pool", "a pool handed out resources of one class, so and so often"),
    Span("ssot.reference", "source or configuration names a module or class without importing it"),
    Span("ssot.user_source", "what has become of asking one source who the user is"),
    Span("ssot.blind", "something that cannot be observed here"),
)

ATTRIBUTES = (
    Attribute("service.name", "string", "the service (resource)"),
    Attribute("service.version", "string", "its version (resource)"),
    Attribute("service.namespace", "string", "its namespace (resource)"),
    Attribute("service.instance.id", "string", "one process of it; a forked child has its own (resource)"),
    Attribute("deployment.environment.name", "string", "such as staging (resource)"),
    Attribute("host.name", "string", "name of the host (resource)"),
    Attribute("process.pid", "int", "process id (resource)"),
    Attribute("process.runtime.name", "string", "such as cpython (resource)"),
    Attribute("process.runtime.version", "string", "version of the interpreter (resource)"),
    Attribute("telemetry.sdk.name", "string", "set by the OpenTelemetry SDK (resource)"),
    Attribute("telemetry.sdk.language", "string", "set by the OpenTelemetry SDK (resource)"),
    Attribute("telemetry.sdk.version", "string", "set by the OpenTelemetry SDK (resource)"),
    Attribute("telemetry.distro.name", "string", "always ssot-probe (resource)"),
    Attribute("telemetry.distro.version", "string", "version of ssot-probe (resource)"),
    Attribute("ssot.origin", "string", "static for an inventory of source code (resource)"),
    Attribute("ssot.role", "string", "role of the process, given by OTEL_RESOURCE_ATTRIBUTES (resource)"),
    Attribute("ssot.schema.version", "int", "version of the record format (resource)"),
    Attribute("code.file.path", "string", "file of the place, relative to the project"),
    Attribute("code.line.number", "int", "line of the place"),
    Attribute("code.function.name", "string", "function around the place"),
    Attribute("ssot.site.module", "string", "module around the place"),
    Attribute("thread.name", "string", "thread; names that the interpreter did not give are replaced"),
    Attribute("user.hash", "string", "keyed hash of the user id"),
    Attribute("error.type", "string", "why records were lost"),
    Attribute("ssot.task.name", "string", "asyncio task; names that asyncio did not give are replaced"),
    Attribute("ssot.count", "int", "how often it happened within the span's time"),
    Attribute("ssot.unattributed.count", "int", "of these, how often no user was known"),
    Attribute("ssot.process.state", "string", "started, alive or stopped; scanned for an inventory"),
    Attribute("ssot.process.armed_at", "int", "since when the probe observes, ns since the epoch"),
    Attribute("ssot.process.packages", "string[]", "first-party packages; empty when inferred"),
    Attribute("ssot.process.policy", "string", "the policy in force as JSON"),
    Attribute("ssot.process.observers", "string[]", "what was listening"),
    Attribute("ssot.process.user_key", "string", "which key users are hashed with, itself a hash of it"),
    Attribute("ssot.process.emitted", "int", "records written before this one"),
    Attribute("ssot.process.dropped", "string[]", "losses so far, reason=count"),
    Attribute("ssot.module.names", "string[]", "modules"),
    Attribute("ssot.module.files", "string[]", "the file of each"),
    Attribute("ssot.module.importers", "string[]", "file:line of the import that loaded each"),
    Attribute("ssot.module.watched", "bool", "every import of them was told, from their loading on"),
    Attribute("ssot.module.preloaded", "bool", "they were loaded before the probe, or past it"),
    Attribute("ssot.import.name", "string", "module that was imported"),
    Attribute("ssot.import.fetched", "string[]", "names fetched from it"),
    Attribute("ssot.import.outcome", "string", "loaded, cached or failed; declared in source"),
    Attribute(
        "ssot.import.origin",
        "string",
        "application, unpickling, sweep for tools that walk modules, static for source",
    ),
    Attribute("ssot.import.guard", "string", "what a declared import depends on, such as type-checking"),
    Attribute("ssot.import.at_load", "bool", "executed while the importer was itself being loaded"),
    Attribute("ssot.cycle.importers", "string[]", "modules that imported, link by link of the cycle"),
    Attribute("ssot.cycle.modules", "string[]", "the module that each of them imported"),
    Attribute("ssot.cycle.places", "string[]", "file:line of each of these imports"),
    Attribute("ssot.class.name", "string", "class as module:QualName"),
    Attribute("ssot.class.serial", "int", "number of the class object in its process"),
    Attribute("ssot.class.file", "string", "file of the class"),
    Attribute("ssot.class.line", "int", "line of the class"),
    Attribute("ssot.class.bases", "string[]", "all bases, nearest first"),
    Attribute("ssot.class.traits", "string[]", "abstract, protocol, exception, enum, ..."),
    Attribute("ssot.class.methods", "string[]", "public methods of its own, read in source"),
    Attribute("ssot.binding.module", "string", "module that binds"),
    Attribute("ssot.binding.attribute", "string", "name that is bound"),
    Attribute("ssot.binding.kind", "string", "class or function"),
    Attribute("ssot.binding.target", "string", "what the name is bound to"),
    Attribute("ssot.maker.name", "string", "factory, or class whose constructor was called"),
    Attribute("ssot.maker.kind", "string", "constructor, function, coroutine, generator or method"),
    Attribute("ssot.maker.outcome", "string", "constructed or returned; declared in source"),
    Attribute("ssot.maker.chain", "string[]", "factories running around the call, outermost first"),
    Attribute("ssot.maker.origin", "string", "factory that the instance first came out of"),
    Attribute("ssot.maker.born", "string", "file:line of a construction outside of factories"),
    Attribute("ssot.maker.callers", "string[]", "who constructs what makes the call, nearest first"),
    Attribute("ssot.maker.calls", "string[]", "file:line of each of them"),
    Attribute("ssot.maker.found", "bool", "the instance was returned and never seen constructed"),
    Attribute("ssot.maker.file", "string", "file that defines the maker"),
    Attribute("ssot.maker.line", "int", "line that defines the maker"),
    Attribute("ssot.instance.id", "string", "one instance, unique over processes"),
    Attribute("ssot.instance.type", "string", "its class"),
    Attribute("ssot.instance.user.count", "int", "users that it served"),
    Attribute("ssot.instance.user.hashes", "string[]", "keyed hashes of these users"),
    Attribute("ssot.concept.name", "string", "concept of the policy"),
    Attribute("ssot.finding.code", "string", "code of the finding; the application's span carries it too"),
    Attribute(
        "ssot.finding.kind",
        "string",
        "cross_user_shared_instance, unclean_handover, cross_user_reference, stale_context, "
        "boundary_crossing, concurrent_use, factory_race",
    ),
    Attribute("ssot.finding.severity", "string", "error, warning or note"),
    Attribute("ssot.request.trace_id", "string", "trace of the application's request"),
    Attribute("ssot.request.span_id", "string", "span of the application's request"),
    Attribute("ssot.thread.serial", "int", "number of the thread in its process"),
    Attribute("ssot.thread.is_job", "bool", "a worker of a pool was given it to do"),
    Attribute("ssot.thread.beside", "int", "number of another thread that was in it at the same time"),
    Attribute("ssot.calls.methods", "string[]", "methods of two calls that overlap, in their order"),
    Attribute("ssot.calls.threads", "string[]", "threads of two calls that overlap"),
    Attribute("ssot.calls.tasks", "string[]", "asyncio tasks of two calls that overlap"),
    Attribute("ssot.calls.places", "string[]", "file:line of two calls that overlap"),
    Attribute("ssot.calls.entered_at", "int", "when the first of them began, ns since the epoch"),
    Attribute("ssot.overlap.until", "int", "when one of two calls left, ns since the epoch"),
    Attribute("ssot.race.instances", "string[]", "what two calls of a factory gave out"),
    Attribute("ssot.race.left_at", "string[]", "when each of them ended, ns since the epoch"),
    Attribute("ssot.race.kept", "string", "the instance that is kept"),
    Attribute("ssot.race.slot", "string", "the variable or attribute that it is kept in"),
    Attribute("ssot.holder.path", "string[]", "chain from a module to the instance"),
    Attribute("ssot.shared.type", "string", "type of an object that users share"),
    Attribute("ssot.shared.verdict", "string", "what is shared: mixed, contaminated, partitioned, ..."),
    Attribute("ssot.shared.concepts", "string[]", "concepts of the instances that it is reached from"),
    Attribute("ssot.shared.classes", "string[]", "classes of these instances"),
    Attribute("ssot.shared.user.hashes", "string[]", "keyed hashes of the first users"),
    Attribute("ssot.shared.user.count", "int", "users that share it"),
    Attribute("ssot.shared.data.count", "int", "users whose data was found in it"),
    Attribute("ssot.shared.instances", "string[]", "instance that each path begins at"),
    Attribute("ssot.shared.paths", "string[]", "a path from the instance of each of these users"),
    Attribute("ssot.shared.holder", "string", "path from a module"),
    Attribute("ssot.shared.objects", "int", "objects below it"),
    Attribute("ssot.shared.drawing", "string", "the paths as a graph in the DOT language"),
    Attribute("ssot.shared.data.path", "string", "path from it down to the nearest data of a user"),
    Attribute("ssot.look.trigger", "string", "users, again, end, signal or call"),
    Attribute("ssot.look.stopped", "string", "why looks ended early"),
    Attribute("ssot.look.roots", "int", "instances that a look began at, most in one"),
    Attribute("ssot.look.owners", "int", "users that they belong to, most in one look"),
    Attribute("ssot.look.objects", "int", "objects looked at"),
    Attribute("ssot.look.slices", "int", "pieces of work, with rests between them"),
    Attribute("ssot.look.longest_slice", "int", "the longest of these, in nanoseconds"),
    Attribute("ssot.look.duration", "int", "of all looks, rests included, in nanoseconds"),
    Attribute("ssot.look.user.count", "int", "users who had instances until then"),
    Attribute("ssot.look.user.seen", "int", "of these, users with an instance that was looked at"),
    Attribute("ssot.boundary.code", "string", "the finding that users of several labels are part of"),
    Attribute("ssot.boundary.subject", "string", "the class or type that they share"),
    Attribute("ssot.boundary.labels", "string[]", "labels that met, of those that the policy keeps apart"),
    Attribute("ssot.boundary.unlabelled", "int", "users with another label, or none"),
    Attribute("ssot.context.moment", "string", "when it was seen: call, job or request"),
    Attribute("ssot.context.carrier", "string", "what carried the context of another user"),
    Attribute("ssot.context.said_by", "string", "what said whom the work was for"),
    Attribute("ssot.context.user.hash", "string", "keyed hash of the user whose context was carried"),
    Attribute("ssot.context.pairs", "int", "different pairs of users that this happened to"),
    Attribute("ssot.context.since", "string", "file:line of what left the context there"),
    Attribute("ssot.population.made", "int", "instances that the maker made for known users"),
    Attribute("ssot.population.released", "int", "of these, no longer there"),
    Attribute("ssot.population.alive", "int", "of these, still there"),
    Attribute("ssot.population.evicted", "int", "of those released, those that outlived another's making"),
    Attribute("ssot.population.alive_then", "int", "instances when the first of these was released"),
    Attribute("ssot.population.orphans", "int", "alive, though the work of their users is over"),
    Attribute("ssot.population.users", "int", "users of these"),
    Attribute("ssot.population.earlier", "int", "of these instances, those of the first half made"),
    Attribute("ssot.population.oldest", "int", "longest time since the end of that work, in nanoseconds"),
    Attribute("ssot.population.median", "int", "half of them are past it for longer, in nanoseconds"),
    Attribute("ssot.population.collected", "bool", "counted after a full garbage collection"),
    Attribute("ssot.population.pause", "int", "how long a forced collection took, in nanoseconds"),
    Attribute("ssot.population.held", "int", "those that a module or running task holds"),
    Attribute("ssot.population.bound", "int", "entries that their holder may have; 0 for no known bound"),
    Attribute("ssot.pool.name", "string", "pool of the policy, or of a library that is known"),
    Attribute("ssot.pool.handovers", "int", "of the times, how often another user had the resource before"),
    Attribute("ssot.pool.unclean", "int", "of these, how often something was left on it"),
    Attribute("ssot.residue.kind", "string", "unread, unanswered, abandoned, late or interrupted"),
    Attribute("ssot.residue.unread", "int", "bytes that nobody had read when it was handed on"),
    Attribute(
        "ssot.residue.interruption", "string", "type of the exception in flight when it was given back"
    ),
    Attribute("ssot.residue.file", "string", "file of the place where it was given back"),
    Attribute("ssot.residue.line", "int", "line of that place"),
    Attribute("ssot.residue.function", "string", "function around that place"),
    Attribute("ssot.residue.module", "string", "module around that place"),
    Attribute("ssot.residue.thread", "string", "thread that gave it back"),
    Attribute("ssot.residue.task", "string", "asyncio task that gave it back"),
    Attribute("ssot.reference.target", "string", "module or module:Name that is named"),
    Attribute(
        "ssot.reference.kind",
        "string",
        "string, configuration, entry-point, pickle, computed-import, deprecated",
    ),
    Attribute("ssot.user_source.name", "string", "as the policy writes it, a framework, or arguments"),
    Attribute("ssot.user_source.kind", "string", "policy, framework or arguments"),
    Attribute("ssot.user_source.state", "string", "answered, silent or missing"),
    Attribute("ssot.blind.subject", "string", "what cannot be observed"),
    Attribute("ssot.blind.reason", "string", "why"),
)

METRICS = (
    Metric(
        "ssot.imports",
        "counter",
        "{import}",
        "executed imports of the paths that the policy names; starts at 0 for each of them",
        ("ssot.import.name", "ssot.import.outcome"),
    ),
    Metric(
        "ssot.instance.creations",
        "counter",
        "{instance}",
        "instances constructed",
        ("ssot.instance.type", "ssot.concept.name"),
    ),
    Metric(
        "ssot.instance.shared",
        "counter",
        "{instance}",
        "instances that served more than one user",
        ("ssot.instance.type", "ssot.concept.name"),
    ),
    Metric("ssot.instance.live", "updowncounter", "{instance}", "observed instances that are alive", ()),
    Metric(
        "ssot.findings",
        "counter",
        "{finding}",
        "findings judged in the process",
        ("ssot.finding.code", "ssot.finding.severity"),
    ),
    Metric(
        "ssot.references.looks", "counter", "{look}", "looks at shared references", ("ssot.look.trigger",)
    ),
    Metric("ssot.references.objects", "counter", "{object}", "objects that these looks reached", ()),
    Metric(
        "ssot.references.pause",
        "updowncounter",
        "s",
        "how long a look kept the interpreter to itself at most",
        (),
    ),
    Metric("ssot.probe.observed.duration", "counter", "s", "how long the probe has observed", ()),
    Metric("ssot.probe.dropped", "counter", "{record}", "records lost", ("error.type",)),
    Metric("ssot.probe.exported", "counter", "{record}", "records handed to the exporters", ()),
)

FINDING_CODE = "ssot.finding.code"
INSTANCE_ID = "ssot.instance.id"
