"""How the fonts of the interface are made, and which characters they must hold."""
