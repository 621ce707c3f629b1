"""Files that leave the desk: the composer, what is sent at once, what a job makes, and the codebook."""
