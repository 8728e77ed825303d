"""Features beyond their key token: agreement with labels that no embedding defines, the sources of the texts."""
