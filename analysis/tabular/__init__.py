"""Reading of tables: bytes to text, text to typed cells, and the problems of both."""
