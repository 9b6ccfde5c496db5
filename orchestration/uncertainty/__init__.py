"""What can be wrong, named once, and how far each figure rests on it."""
