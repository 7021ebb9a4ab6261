"""The rules, in plain Python without I/O: records, statuses, identity, money, time, tenancy, errors."""
