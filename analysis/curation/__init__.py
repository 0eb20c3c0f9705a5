"""Work of a curator: rows for a new study (`new_study`), and what changed between two versions (`difference`)."""
