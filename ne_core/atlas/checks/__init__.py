"""What an atlas must satisfy, a file for each part of it."""
