"""What is sent as a file: the inventory report, product footprint studies, the marts as a workbook.

A document is a page source as those of the site, in this folder: one Markdown file with its text
in both languages and its SQL. It becomes HTML in one file and PDF, both from the same parts.
"""
