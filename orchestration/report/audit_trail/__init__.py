"""From a figure to the cells it rests on, as pages in a release: offline, in both languages."""
