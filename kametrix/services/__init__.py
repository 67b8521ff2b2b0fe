"""All rules and all SQL: plain functions verb(session, actor, ...) that never commit and never touch the network."""
