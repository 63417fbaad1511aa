"""How a conversation's state is written to the database, read back by later releases, and kept small."""
