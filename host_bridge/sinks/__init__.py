"""Where what the core knows goes to."""
