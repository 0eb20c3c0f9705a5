"""Tables as files: bytes to text, text to typed cells, and every problem found on the way."""
