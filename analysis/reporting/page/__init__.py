"""An executed notebook as a page: read into blocks, then written as HTML and PDF."""
