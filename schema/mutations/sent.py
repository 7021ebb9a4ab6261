"""What every mutation is given that may be sent twice."""

IDEMPOTENCY_KEY = (
    "The same key with the same input writes once, and answers alike for 24 hours; with another input it is"
    " IDEMPOTENCY_MISMATCH. Up to 200 characters."
)
