"""What a program can set for one person: keys, a pipeline variable, a property that a Connect app keeps there."""

import pulumi
from pulumi_bitbucket_user.dynamic import UserApplicationProperty, UserGpgKey, UserPipelineVariable, UserSshKey

config = pulumi.Config()
user_id = config.require("userId")

# Asks for the person's own API token: nobody else may touch SSH keys.
UserSshKey("laptop", user_id=user_id, key=config.require("sshKey"), label="laptop")

# The same: the key that Bitbucket verifies the person's commits with.
UserGpgKey("signing", user_id=user_id, key=config.require("gpgKey"), name="signing")

# Asks for an OAuth consumer: API tokens are refused here.
UserPipelineVariable(
    "npm-token",
    user_id=user_id,
    key="NPM_TOKEN",
    value=config.require_secret("npmToken"),
    secured=True,
)

# Asks for the Connect app's own JWT.
UserApplicationProperty(
    "review-limits",
    user_id=user_id,
    app_key="acme-app",
    property_name="review-limits",
    value={"_attributes": ["public"], "maxOpenReviews": 5, "areas": ["api", "web"]},
)
