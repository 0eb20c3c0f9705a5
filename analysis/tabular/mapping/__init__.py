"""Maps: how a clinic's table becomes a table in the long form. Read, applied, proposed; never guessed."""
