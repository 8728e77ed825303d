"""What screens ask of an atlas."""
