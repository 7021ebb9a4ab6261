"""The only code that speaks to a store: PostgreSQL, MongoDB and the profiles that map them."""
