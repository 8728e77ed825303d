"""Pages of the explorer; the code of each follows its screen from top to bottom."""
