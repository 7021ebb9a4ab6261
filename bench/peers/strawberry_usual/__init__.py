"""Strawberry as it is usually written: a resolver for each field, SQLAlchemy's ORM, aiodataloader."""
