"""Keeps what was read, what was scored and what was written: SQLite in a file, or PostgreSQL."""
