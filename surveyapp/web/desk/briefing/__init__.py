"""The briefing for the ministry: the page, and the files of the same figures."""
