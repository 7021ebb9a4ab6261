"""Servers that answer the benchmark's questions as the gateway does, and know no store but the benchmark's.

Each reads POSTGRES_URL and MONGO_URL (empty: there is none) from the environment.
"""
