"""The Bitbucket Cloud user API as Pulumi resources and functions.

`lifecycle` is the door: it checks, diffs, creates, reads, updates and deletes any resource of `resources` on plain
dicts. `dynamic` and `plugin` bring it to Pulumi; nothing else here imports pulumi.
"""

__version__ = "0.1.0"
USER_AGENT = f"pulumi-bitbucket-user/{__version__}"
