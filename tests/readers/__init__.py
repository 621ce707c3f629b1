"""Files that leave a round, opened with programs that share no line with ours."""
