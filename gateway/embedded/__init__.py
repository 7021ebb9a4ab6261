"""The embedded stores: real server processes from wheels, for the demo and the tests."""

from gateway.embedded.mongo import EmbeddedMongo
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.embedded.stores import EmbeddedStores

__all__ = ["EmbeddedMongo", "EmbeddedPostgres", "EmbeddedStores"]
