"""What the gateway keeps for itself, in the schema `gateway` of PostgreSQL: operations, claims, events."""
