"""The documentation site: what `make docs` makes of the code, and what the tests hold it to."""
