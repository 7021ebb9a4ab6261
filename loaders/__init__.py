"""Batching and nothing else: keys in, one call to a source, mapping out in key order."""
