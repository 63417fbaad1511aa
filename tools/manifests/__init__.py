"""From a recommendation to files: the values, the templates, what must hold of them,
and other forms to export.
"""
