def outer() -> None:
    raise ValueError("at the top")


outer()
