"""A clinic's own patients: who they are, how they fared, how long the benefit lasted, where that stands."""
