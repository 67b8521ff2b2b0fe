"""What operators do across organizations."""
