"""Measure the gateway beside its peers: the same questions of the same stores, the same answers, from real servers."""
