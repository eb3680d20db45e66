"""Arguments as their annotations ask for them.

``compiler.converter_for`` makes a converter of an annotation, once; ``docs/values.md`` says what
becomes what. A converter takes JSON with its markers and the call that tensors are read from, and
raises a MisfitError with the path of what does not fit.
"""
