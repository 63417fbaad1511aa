"""The PostgreSQL server: a real one by its address, or the embedded one; its schema, locks and outages."""
