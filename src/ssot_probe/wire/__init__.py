"""How a record travels: records to OpenTelemetry spans and back, and the registry of every name on the wire."""
