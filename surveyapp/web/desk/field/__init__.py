"""How a round's field stands."""
