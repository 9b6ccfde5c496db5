"""What a hand-in and a factor library must satisfy: the rules, and the verdict on them."""
