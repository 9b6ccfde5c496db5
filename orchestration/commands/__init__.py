"""What `carbonloom COMMAND` does: options and help here, the work in the modules beside it."""
