"""People's own measurements: reading report formats, checking each row, and writing
all of a file or nothing.
"""
