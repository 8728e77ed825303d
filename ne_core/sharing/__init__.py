"""An atlas as one file, and an atlas from elsewhere."""
