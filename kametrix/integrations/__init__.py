"""Providers: one folder each, client + parsed payloads + errors. They know no tables."""
