"""Methods that know nothing of pain or ketamine: numbers in, numbers out. Imports nothing of the project."""
