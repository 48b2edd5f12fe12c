"""An attack of a third party: nothing of it lies in the tool."""
