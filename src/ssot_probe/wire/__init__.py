"""How a record travels: to OpenTelemetry spans and back, and the registry of every name on the wire."""
