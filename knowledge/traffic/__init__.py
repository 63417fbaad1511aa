"""A trace of requests, read from a file of somebody's: what it says of lengths, arrivals, prefixes and
sessions, and the workload that it is.
"""
