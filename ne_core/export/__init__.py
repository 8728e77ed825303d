"""An atlas as data frames, table files, figures and static pages."""
