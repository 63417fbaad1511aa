"""What is shown to people, once for every face: built from facts, and only laid out by terminal, browser
and JSON.
"""
