"""How fast two fresh replicas finish what crashed ones left, and what new orders notice of it."""
