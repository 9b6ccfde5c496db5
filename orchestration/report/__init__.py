"""The report site: Markdown pages with SQL, rendered over published marts."""
