"""Loads recordings out of a ClickHouse that the Collector writes into: they are added up there."""
