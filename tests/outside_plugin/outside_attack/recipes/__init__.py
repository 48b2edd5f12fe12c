"""The recipes, found by entry point."""
