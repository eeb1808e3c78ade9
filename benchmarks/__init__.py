"""How fast the project is, and how that grows: `make bench`."""
