"""Work in the background: the page of all jobs for administrators, and the progress of one for other pages."""
