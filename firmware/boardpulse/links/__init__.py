"""How frames leave a board."""
