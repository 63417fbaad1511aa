"""Estimates for what nobody has measured: memory, step times by roofline, and a
simulation of vLLM's scheduler.
"""
