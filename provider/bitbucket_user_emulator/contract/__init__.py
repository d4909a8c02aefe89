"""What is true of each operation of Bitbucket Cloud, as far as is known, as data."""
