"""Four back ends for the sandbox: a shell, a Python interpreter, a search, a browser."""
