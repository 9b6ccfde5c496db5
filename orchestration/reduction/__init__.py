"""What a plan of reduction is worth: effects, order, costs and choice of initiatives."""
