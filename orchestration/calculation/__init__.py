"""What is stale, dbt, inputs and outputs of the solve, recomputing, what-if."""
