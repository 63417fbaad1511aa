"""From approved files to a running deployment: review, approval, audit, transaction,
diagnosis, and life after.
"""
