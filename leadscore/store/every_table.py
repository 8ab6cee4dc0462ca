"""Every table of the store that may tell of people, whichever file describes it."""

from sqlalchemy import Table

from leadscore.store import live_tables, stage_tables, tables, work_tables

_FILES = (tables, work_tables, live_tables, stage_tables)


def every_table() -> tuple[Table, ...]:
    """The tables, those that others refer to first. A new file of tables is added here."""
    known = {file.metadata for file in _FILES}
    return tuple(table for metadata in known for table in metadata.sorted_tables)
