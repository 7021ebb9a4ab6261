"""The compiled path: an operation becomes columns, a level at a time, instead of a task for every value."""
