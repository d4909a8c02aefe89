"""With the real engine, and a Bitbucket that remembers: who has access afterwards?"""

from __future__ import annotations

from bitbucket_user_emulator import Emulator
from pulumi import automation


def test_access_is_what_the_configuration_says_and_ends_with_the_stack(
    stack: automation.Stack, bitbucket: Emulator
) -> None:
    stack.up()
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "admin", "Bob Kahn": "read"}
    assert bitbucket.repository_permissions("acme", "web") == {"Bob Kahn": "write"}

    bitbucket.revoke("acme", "web", "Bob")  # by hand, while Pulumi looks away
    stack.refresh()
    assert stack.up().summary.resource_changes == {"same": 3, "create": 1}
    assert bitbucket.repository_permissions("acme", "web") == {"Bob Kahn": "write"}

    stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}
