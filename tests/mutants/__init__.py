"""What mutmut finds: changes of the code that no test notices, each with the reason why it may stay, or none."""
