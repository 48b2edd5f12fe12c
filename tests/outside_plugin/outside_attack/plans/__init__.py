"""The plans, found by entry point."""
