"""The docs site: `make docs`. The pages are plain Markdown, to be read where they lie as well."""

project = "Compass"
copyright = "the Compass contributors, Apache-2.0"
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a page may begin with a command's third-level heading
exclude_patterns = ["_site"]
html_theme = "furo"
html_title = "Compass"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
