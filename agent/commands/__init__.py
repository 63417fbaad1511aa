"""The commands of `compass`, one a file."""
