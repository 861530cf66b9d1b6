"""One use case a file: a transaction, calls of pure rules, and a result the command line prints."""
