"""Statistical methods on plain numbers. This package imports nothing else of the project."""
