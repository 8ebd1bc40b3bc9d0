"""What is new in a reply: quotes, their introductions and signatures folded away, for display only."""

from __future__ import annotations

import re

from lxml import html as trees
from lxml.etree import LxmlError
from mailparser_reply.parser import EmailMessage

from channels.email import plaintext

TEXT_CHARACTERS = 64 * 2**10
LINE_CHARACTERS = 300
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "da", "sv", "cs", "ja", "zh", "ko")

_INTRODUCTION = EmailMessage(text="", languages=list(LANGUAGES)).HEADER_REGEX
# What the tables of the library lack: other languages' verbs, an address or a date before a colon.
_OTHER_INTRODUCTION = re.compile(
    r"^[^\n>]{0,300}(?:пишет|написала?|написав|\(а\)|escreveu|napsala?|kirjoitti|yazdı|írta|scris|skrev|<[^<>\s]+@[^<>\s]+>)"
    r"[^\n]{0,40}:[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_DATED_INTRODUCTION = re.compile(r"^(?=[^\n]{0,200}\d)[^\n>]{6,300}:[ \t]*\n\s{0,3}>", re.MULTILINE)
_ORIGINAL = re.compile(
    r"^[ \t]*-{3,}[ \t]?(?:original message|original appointment|ursprüngliche nachricht|originalnachricht|"
    r"message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht|wiadomość oryginalna|"
    r"mensagem original|исходное сообщение|oprindelig meddelelse|ursprungligt meddelande)[ \t]?-{3,}[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_RULE_AND_FIELDS = re.compile(
    r"^[ \t]*_{16,}[ \t]*\n\s{0,4}\*?[^\s:][^:\n]{0,20}:\*? [^\n]{1,300}\n\*?[^\s:][^:\n]{0,20}:",
    re.MULTILINE,
)
_FORWARDED = re.compile(
    r"forwarded (?:message|by)|weitergeleitete|message transf|mensaje reenviado|inoltrato|doorgestuurd|"
    r"пересыла|przekazan",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^(?:-- ?|—)$", re.MULTILINE)
_SENT_FROM = re.compile(
    r"\n+(?:sent from|get outlook for|gesendet von|von meinem|envoyé (?:de|depuis)|enviado desde|enviado do|inviato da|"
    r"verzonden vanaf|wysłan[eo] z|отправлено (?:с|из)|skickat från|sendt fra)[^\n]{0,80}\s*\Z",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 20
_DATE_OR_ADDRESS = re.compile(r"[@\d]")
_FIELD = re.compile(r"[*]?[^\W\d][^:]{0,22}:")
_RUNS = re.compile(r"\n{3,}")


def trim(text: str) -> str:
    """The new words of a plain text reply; the whole text when nothing else is left."""
    if len(text) > TEXT_CHARACTERS:
        text = text[:TEXT_CHARACTERS]
    whole = _RUNS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()
    kept = _without_quotes(whole)
    return _without_signature(kept) or kept or whole


def trim_html(html: str) -> str:
    """`html` without the quoted history its mail program marked.

    Unchanged when it is too large or when nothing would remain. To be run before sanitising, never after.
    """
    if not _has_marker(html) or not plaintext.fits_a_tree(html):
        return html
    try:
        tree = trees.document_fromstring(html)
        found = [node for path in _MARKED for node in tree.xpath(path)]
        for node in found:
            _drop(node)
        for node in (node for path in _MARKED_ONWARD for node in tree.xpath(path)):
            _drop_onward(node)
        if not "".join(tree.itertext()).strip() and not tree.xpath("//img"):
            return html
        return str(trees.tostring(tree, encoding="unicode"))
    except (LxmlError, ValueError, AssertionError):
        return html


_MARKERS = (
    "gmail_quote", "yahoo_quoted", "protonmail_quote", "divRplyFwdMsg", "appendonsend", "OutlookMessageHeader",
    'type="cite"', "type='cite'", "type=cite", "moz-cite-prefix",
)  # fmt: skip


def _has_marker(html: str) -> bool:
    return any(marker in html for marker in _MARKERS)


def _by_class(name: str) -> str:
    return f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


_NOT_FORWARDED = "[not(contains(substring(string(.), 1, 200), 'Forwarded message'))]"
# Forwards carry the same class at Gmail; their words are the message, not its history.
_MARKED = (
    _by_class("gmail_quote_container") + _NOT_FORWARDED,
    _by_class("gmail_quote") + _NOT_FORWARDED,
    _by_class("yahoo_quoted"),
    _by_class("protonmail_quote"),
    _by_class("moz-cite-prefix"),
    "//blockquote[translate(@type, 'CITE', 'cite') = 'cite']",
)
# Outlook marks only where the history begins: everything after it belongs to it.
_MARKED_ONWARD = (
    "//*[@id='divRplyFwdMsg' or @id='x_divRplyFwdMsg']",
    "//*[@id='appendonsend' or @id='x_appendonsend']",
    _by_class("OutlookMessageHeader"),
)


def _drop(node: trees.HtmlElement) -> None:
    if node.getparent() is not None:
        node.drop_tree()


def _drop_onward(node: trees.HtmlElement) -> None:
    parent = node.getparent()
    if parent is None:
        return
    for later in list(node.itersiblings()):
        parent.remove(later)
    before = node.getprevious()
    parent.remove(node)
    if before is not None and before.tag == "hr":
        parent.remove(before)


def _without_quotes(text: str) -> str:
    given = text.split("\n")
    cut = _introduction([line.strip()[:LINE_CHARACTERS] for line in given])
    if cut is None:
        return _unquoted(given) if "\n>" in text or text.startswith(">") else text
    first, last = cut
    above = given[:first]
    below = [line for line in given[last:] if line.strip()]
    if below and below[0].lstrip().startswith(">"):
        # Answers written between or below the quotes are as new as those above them.
        return f"{_unquoted(above)}\n\n{_unquoted(given[last:])}".strip()
    return "\n".join(above).strip()


def _introduction(lines: list[str]) -> tuple[int, int] | None:
    """First line of the history's introduction and the line after it; None when there is no history.

    The patterns see a few lines around each likely place only: their time grows with the square of what they see.
    """
    for at in _likely(lines):
        start = max(0, at - _BEFORE)
        window = "\n".join(lines[start : at + _AFTER])
        found = [match for pattern in _INTRODUCTIONS if (match := pattern.search(window)) and match.group().strip()]
        if found:
            match = min(found, key=lambda one: one.start() + len(one.group()) - len(one.group().lstrip("\n")))
            words = match.group()
            begin = match.start() + len(words) - len(words.lstrip("\n"))
            first = start + window.count("\n", 0, begin)
            inside = words.strip("\n").split("\n")
            if not _introduces(inside) and not (_fields_begin(lines, first) and _DATE_OR_ADDRESS.search(words)):
                continue
            length = next((number for number, line in enumerate(inside) if line.startswith(">")), len(inside))
            return first, first + max(length, 1)
    return None


_BEFORE, _AFTER, _PLACES = 3, 7, 12
_INTRODUCTIONS = (_INTRODUCTION, _OTHER_INTRODUCTION, _DATED_INTRODUCTION, _ORIGINAL, _RULE_AND_FIELDS)


def _introduces(words: list[str]) -> bool:
    """True for a sentence with a colon or a rule; mail fields have to come as a block."""
    return words[0].startswith(("-", "_")) or any(line.rstrip().endswith((":", "：")) for line in words)


def _likely(lines: list[str]) -> list[int]:
    """Lines that may introduce a history: they end in a colon, are a rule, or begin a block of mail fields."""
    found: list[int] = []
    for at, line in enumerate(lines):
        if not line or line[0] == ">":
            continue
        marked = line[-1] in ":：" or line.startswith(("---", "___"))
        if marked and _FORWARDED.search(line):
            break
        if marked or (":" in line[:26] and _fields_begin(lines, at)):
            found.append(at)
            if len(found) == _PLACES:
                break
    return found


def _fields_begin(lines: list[str], at: int) -> bool:
    """Three of four lines look like `From: ...`: two are also found in what people write."""
    return sum(1 for line in lines[at : at + 4] if _FIELD.match(line)) >= 3


def _unquoted(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not line.lstrip().startswith(">")).strip()


def _without_signature(text: str) -> str:
    if match := _SENT_FROM.search(text[-400:]):
        text = text[: len(text) - len(match.group())]
    if match := _SIGNATURE.search(text):
        below = text[match.end() :].strip("\n")
        if below.count("\n") < _SIGNATURE_LINES:
            text = text[: match.start()]
    return text.strip()
