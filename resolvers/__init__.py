"""One use case a function: records in, records out; permissions decided before I/O."""
