"""Words and white space as the protocol counts them, the same in both languages."""

from __future__ import annotations

from .errors import TrError

# JSON's white space. Not str.split()'s, which means other characters than JavaScript's.
SPACE = " \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode_text(what: str, content: bytes) -> str:
    """The text of a message file, without a byte order mark. Raises TR_PROTOCOL if not UTF-8."""
    try:
        # Not the codec "utf-8-sig", which is written in Python: every request pays for that.
        return content[3:].decode() if content.startswith(_BYTE_ORDER_MARK) else content.decode()
    except UnicodeDecodeError as cause:
        raise TrError("TR_PROTOCOL", f"The {what} is not valid UTF-8 text.") from cause


def split_words(text: str, separators: str = SPACE) -> list[str]:
    """The words of a text, separated by any run of ``separators``."""
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return [word for word in text.split(separators[0]) if word]


def split_command(text: str) -> tuple[str, str]:
    """The first word, and the rest as it stands but for the white space around it."""
    text = text.strip(SPACE)
    words = split_words(text)
    command = words[0] if words else ""
    return command, text[len(command) :].strip(SPACE)
