"""Access to repositories, from configuration."""

import pulumi
from access import grant

config = pulumi.Config()
grant(config.require("workspace"), config.require_object("access"))
