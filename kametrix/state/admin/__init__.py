"""The states of the operator's console."""
