"""The folder as a plugin, and the plugin as a program."""

from bitbucket_user_provider.plugin.start import main

if __name__ == "__main__":
    main()
