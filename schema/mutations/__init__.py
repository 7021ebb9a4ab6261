"""The mutations, by what they write."""
