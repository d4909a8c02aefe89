"""The command line `bitbucket-user`: adopt what there is, review who may do what, off-board a person. It only reads.

Its libraries are the extra `cli`. What a command needs is imported when it runs, because `--help` must not wait.
"""
