"""What was reported before, what it is now, and why it moved: releases compared with each other."""
