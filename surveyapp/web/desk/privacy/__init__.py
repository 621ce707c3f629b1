"""What is kept, why and until when; dates, purges, and requests for access."""
