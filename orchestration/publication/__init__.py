"""The files of a publication or release, and where readers are pointed to."""
