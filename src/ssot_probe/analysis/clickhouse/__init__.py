"""Loads recordings out of ClickHouse, where they lie as the Collector's exporter wrote them, added up there."""
