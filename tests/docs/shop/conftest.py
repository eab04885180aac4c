"""Makes the folder one that tests import from."""
