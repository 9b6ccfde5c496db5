"""What a release needs, holds and proves; publishing."""
