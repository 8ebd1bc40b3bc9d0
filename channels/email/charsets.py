"""Bytes to text: the declared charset if we know it, else UTF-8, else a bounded guess."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache

_GUESS_BYTES = 32 * 2**10
_GUESS_MINIMUM = 24  # fewer non-ASCII bytes than this say too little: short koi8-r looks like cp932
_TOLERATED = 0.02  # share of undecodable characters below which the declaration is still believed

# Keys are what mail programs write, values the superset that reads all of it (WHATWG Encoding, where Python has it).
_SAME = [
    "utf_8",
    "utf_7",
    "utf_16",
    "utf_16_le",
    "utf_16_be",
    "utf_32",
    "utf_32_le",
    "utf_32_be",
    "gb18030",
    "hz",
    "big5hkscs",
    "cp949",
    "iso2022_kr",
    "euc_jis_2004",
    "cp932",
    "shift_jis_2004",
    "iso2022_jp_ext",
    "iso8859_2",
    "iso8859_3",
    "iso8859_4",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "iso8859_8",
    "iso8859_10",
    "iso8859_13",
    "iso8859_14",
    "iso8859_15",
    "iso8859_16",
    "koi8_r",
    "koi8_u",
    "koi8_t",
    "kz1048",
    "ptcp154",
    "johab",
    "cp437",
    "cp720",
    "cp737",
    "cp775",
    "cp850",
    "cp852",
    "cp855",
    "cp857",
    "cp858",
    "cp860",
    "cp861",
    "cp862",
    "cp863",
    "cp864",
    "cp865",
    "cp866",
    "cp869",
    "cp874",
    "cp1125",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "mac_roman",
    "mac_cyrillic",
    "mac_greek",
    "mac_latin2",
    "mac_turkish",
    "mac_iceland",
]
_ALIASES = {
    "utf8": "utf_8", "unicode_1_1_utf_8": "utf_8", "utf_8_sig": "utf_8", "u8": "utf_8", "cp65001": "utf_8",
    "unicode_1_1_utf_7": "utf_7", "ucs_2": "utf_16", "unicode": "utf_16", "utf16": "utf_16", "utf32": "utf_32",
    "us_ascii": "cp1252", "ascii": "cp1252", "ansi_x3.4_1968": "cp1252", "iso646_us": "cp1252", "us": "cp1252",
    "iso_8859_1": "cp1252", "iso8859_1": "cp1252", "latin1": "cp1252", "latin_1": "cp1252", "l1": "cp1252",
    "8859_1": "cp1252", "iso88591": "cp1252", "cp819": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312_80": "gb18030", "gb_2312": "gb18030", "cp936": "gb18030",
    "ms936": "gb18030", "x_gbk": "gb18030", "euc_cn": "gb18030", "chinese": "gb18030", "iso_ir_58": "gb18030",
    "hz_gb_2312": "hz", "big5": "big5hkscs", "big5_hkscs": "big5hkscs", "cn_big5": "big5hkscs", "cp950": "big5hkscs",
    "x_x_big5": "big5hkscs",
    "ks_c_5601": "cp949", "ks_c_5601_1987": "cp949", "ks_c_5601_1989": "cp949", "ksc5601": "cp949", "euc_kr": "cp949",
    "euckr": "cp949", "uhc": "cp949", "korean": "cp949", "iso_2022_kr": "iso2022_kr",
    "shift_jis": "cp932", "sjis": "cp932", "x_sjis": "cp932", "ms_kanji": "cp932", "windows_31j": "cp932",
    "ms932": "cp932", "shiftjis": "cp932",
    "iso_2022_jp": "iso2022_jp_ext", "iso2022_jp": "iso2022_jp_ext", "iso_2022_jp_1": "iso2022_jp_ext",
    "iso_2022_jp_2": "iso2022_jp_ext", "iso_2022_jp_ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext", "csiso2022jp": "iso2022_jp_ext",
    "euc_jp": "euc_jis_2004", "eucjp": "euc_jis_2004", "x_euc_jp": "euc_jis_2004", "ujis": "euc_jis_2004",
    "tis_620": "cp874", "iso_8859_11": "cp874", "dos_874": "cp874",
    "iso_8859_9": "cp1254", "iso8859_9": "cp1254", "latin5": "cp1254",
    "iso_8859_8_i": "iso8859_8", "iso_8859_6_i": "iso8859_6", "latin2": "iso8859_2", "latin9": "iso8859_15",
    "latin_9": "iso8859_15", "koi8": "koi8_r", "koi": "koi8_r", "x_cp1251": "cp1251", "x_cp1252": "cp1252",
    "win_1251": "cp1251", "macintosh": "mac_roman", "mac": "mac_roman", "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic", "ibm850": "cp850", "ibm437": "cp437", "ibm852": "cp852", "ibm866": "cp866",
}  # fmt: skip
_CODECS = (
    {name: name for name in _SAME}
    | {f"iso_8859_{name.removeprefix('iso8859_')}": name for name in _SAME if name.startswith("iso8859_")}
    | {f"windows_{name.removeprefix('cp')}": name for name in _SAME if name.startswith(("cp125", "cp874"))}
    | _ALIASES
)
_LABEL = re.compile(r"[a-z0-9_.]{1,40}\Z")
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=512)
def codec(label: str) -> str:
    """The Python codec for a declared charset; empty when it is none we read."""
    name = label.strip(" \t\"'").lower().replace("-", "_").replace(" ", "_").replace(":", "_")
    return _CODECS.get(name, "") if _LABEL.match(name) else ""


def decode(content: bytes, label: str = "") -> str:
    """Text of `content` in the charset called `label`; never fails, never holds NUL or a lone surrogate."""
    if not content:
        return ""
    text = _declared(content, codec(label)) if label else None
    if text is None:
        text = _undeclared(content)
    return clean(text)


def clean(text: str) -> str:
    """The same text without NUL and with lone surrogates replaced: what a database and JSON can hold."""
    return _UNWANTED.sub(_replacement, text) if not text.isascii() or "\x00" in text else text


def _replacement(match: re.Match[str]) -> str:
    return "" if match.group() == "\x00" else "\ufffd"


def _declared(content: bytes, name: str) -> str | None:
    if not name:
        return None
    if content.isascii() and name not in _STATEFUL:
        return content.decode("ascii")
    if name != "cp1252":
        text = _strictly(content, name)
        return text if text is not None else _mostly(content, name)
    return _strictly(content, "utf_8") or content.decode("cp1252", "replace")


_STATEFUL = frozenset(
    "utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be hz iso2022_kr iso2022_jp_ext".split(),
)


def _strictly(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, ValueError):
        return None


def _mostly(content: bytes, name: str) -> str | None:
    if name != "utf_8" and (text := _strictly(content, "utf_8")) is not None and name not in _STATEFUL:
        return text
    text = content.decode(name, "replace")
    broken = text.count("\ufffd")
    return text if broken <= 2 or broken <= len(text) * _TOLERATED else None


def _undeclared(content: bytes) -> str:
    text = _strictly(content, "utf_8")
    if text is not None:
        return text
    return content.decode(_guess(content), "replace")


def _guess(content: bytes) -> str:
    sample = content[:_GUESS_BYTES]
    if len(sample.translate(None, bytes(range(128)))) < _GUESS_MINIMUM:
        return "cp1252"
    # Imported on the first such mail only: it costs 5 MB, and few mails need it.
    detect = importlib.import_module("charset_normalizer").from_bytes
    best = detect(sample, steps=3, chunk_size=256, cp_isolation=_GUESSES).best()
    return codec(best.encoding) or "cp1252" if best else "cp1252"


_GUESSES = [
    "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "cp932", "euc_jp",
    "gb18030", "big5", "cp949", "iso8859_2", "cp874", "utf_16",
]  # fmt: skip
