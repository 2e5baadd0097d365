"""The `issuance` command. The only part of the toolkit that talks to a terminal."""
