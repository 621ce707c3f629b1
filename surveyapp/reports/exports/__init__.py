"""Files of returns: one description of columns, rows that follow it, a writer for each format (docs/exports.md)."""
