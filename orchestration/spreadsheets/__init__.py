"""File formats, and nothing of carbon: workbooks, exports, cell addresses, numbers as text."""
