"""The page that the ministry takes to a meeting: one A4 of released figures, as page, PDF and workbook."""
