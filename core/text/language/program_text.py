"""Is this program text? Code, SQL and markup are made of English words, so that what stands in the words (language.py)
cannot tell: signs and their order can.

One certain mark is enough, such as `def name(`, `==` or SELECT ... FROM; of hints, which English has too, two.
"""

import re

_LINE = re.MULTILINE
ADDRESS = re.compile(r"\S*://\S+|\w\S*@\S+")
CERTAIN = tuple(re.compile(pattern, flags) for pattern, flags in (
    # operators
    (r"(?<!=)==(?!=)|!=|\w\s*\|\|\s*\w|\w\s?(\+=|-=|:=)\s?\w|\w::\w|\w->\w|\b[a-z]\w*\+\+\s*[;)]|\w\s\*\*\s\w", 0),
    (r"\b[a-z]\w*\.[a-z]\w+\([^)\s]*\)|\w\[['\"]|\[\w+ for \w+ in \w+|^\s*while True:|\w\s*&&\s*\w+ -", _LINE),
    (r"\b\w+\(['\"]|\blambda\s+\w+(,\s*\w+)*:|\bputs\s['\"]|^\s*\w+\s*<-\s*\w", _LINE),
    (r"</[a-z]\w*>|<[a-z]\w*(\s[\w-]+=[^>]*)?/?>\s*<|<\w+\s[\w-]+=\"|<!doctype|<\?\w+", re.IGNORECASE),  # markup
    (r"^\s*(async\s+)?(def|function|func|fn|sub)\s+\w+\s*\(", _LINE),
    (r"^\s*(public|private|protected|static|abstract|struct|interface|enum|class)\s+[\w<>\s]+(\([^)]*\))?\s*(\{|:$)",
     _LINE),
    (r"^\s*(const|let|var|val|int|float|double|char|bool|string|auto|long)\s+\w+(\[\w*\])?\s*(=|;|\[\])",
     _LINE | re.IGNORECASE),
    (r"^\s*(if|for|while|switch|catch|elseif)\s*\([^)]*\S[^)]*\)\s*(\{|\w+\s*[=(.]|return\b|$)", _LINE),
    (r"^\s*for\s+\w+(,\s*\w+)*\s+in\s+[\w.]+(\(.*\)|\[.*\])?\s*:|^\s*except\s+\w*(Error|Exception)\b", _LINE),
    (r"^\s*(from\s+[\w.]+\s+import\s+[\w*,\s]+|import\s+[\w.]+\s+as\s+\w+|import\s+\w+\nimport\s+\w+)\s*$",
     _LINE),
    (r"^\s*(#include\b|#define\b|#!/|using\s+namespace\b|@\w+(\.\w+)+\(|package\s+[\w.]+;|import\s+[\w.*{}\s]+(;|\sfrom\s+['\"])|"
     r"export\s+(default|const|\w+=)|match\s+\w+\s*\{|raise\s+\w+(Error|Exception)\b)",
     _LINE),
    (r"\b(console\.log|System\.out|std::|printf|println!?|echo\s+\$|document\.\w+|self\.\w+|this\.\w+\()", 0),
    (r"[\{\[,]\s*\"[\w-]+\"\s*:|^\s*[.#]?[\w-]+(\s+[\w.-]+)*\s*\{\s*[\w-]+\s*:|;\s*\}", _LINE),  # JSON, style sheets
    (r"\bWHERE\s+[\w.]+\s*([=<>]|LIKE\b|IN\s*\()|\bSELECT\b[^.!?]*\bFROM\b\s+\w|\b(INSERT\s+INTO|DELETE\s+FROM|(CREATE|DROP|ALTER|TRUNCATE)\s+(TABLE|INDEX|VIEW|"
     r"DATABASE))\b|\bUPDATE\s+\w+\s+SET\b|\bGRANT\s+\w+.*\sON\s|\bBEGIN\s+TRANSACTION\b", 0),
    (r"\bselect\s+(\*|count\s*\(|distinct\s)|\bselect\b[^.!?]*\bfrom\s+\w+.*\b(where\s+[\w.]+\s*([=<>]|like\b|in\s*\()|join\s|group\s+by\s|order\s+by\s)"
     r"|\binsert\s+into\s+\w+\s*(\(|values)|\bupdate\s+\w+\s+set\s+\w+\s*=|\bdelete\s+from\s+\w+\s*(;|where\b)"
     r"|\b(create|drop|alter)\s+table\s+(if\s|\w+\s*[(;]|\w+\s+(add|drop)\s)", re.IGNORECASE),
    (r"^\s*(\$|#|>)\s+(sudo|cd|ls|git|pip|npm|apt|docker|python3?|curl|make)\b|\|\s*(grep|awk|sed|xargs|sort|wc)\b|"
     r"\b(git|pip|npm|apt|apt-get|docker|kubectl|cargo)\s+(-\S+\s+)*(install|commit|push|run|add|clone|checkout|build)\b.*"
     r"(\s--?\w|[/.=]\w)", _LINE),
))
HINTS = tuple(re.compile(pattern, flags) for pattern, flags in (
    (r"[;{]\s*$", _LINE),
    (r"^\s*[a-z_][\w.]*(\[[^\]]*\])?\s*=\s*[^\s=]", _LINE | re.IGNORECASE),  # an assignment
    (r"\b[a-z_][\w.]*\([^()\s]{2,}(,\s*[^()]+)*\)|\b\w+\.\w+\(", re.IGNORECASE),  # a call; no "person(s)"
    (r"\b[a-z]+_[a-z_]+\b|\b[a-z]+[A-Z][a-z]+\w*\b", 0),  # names as programs have them
    (r"\[\w+\]|\[\d*:\d*\]|\{[\w\s,:]*\}", 0),
    (r"^\s*(return|print|import|elif|else\s*:|try\s*:|end|raise|throw|yield)\b", _LINE),
    (r"^\s*(#|//|--|/\*|\*/)\s*\w", _LINE),
    (r"\s[<>]=?\s\S|\w\s[*/%+]\s\w", 0),
    (r"\w=[\w'\"]|\$\w+|\s--\w+", 0),
    (r":\s*\n\s+\S|\n {4,}\S|\n\t", 0),
    (r"=>|&&", 0),
    (r"\w\(\)[;:)\s]*$", _LINE),
))


def is_code(text: str) -> bool:
    """Whether a text reads as program text, SQL or markup rather than as sentences; addresses in it are passed over."""
    text = ADDRESS.sub(" ", text)
    return any(mark.search(text) for mark in CERTAIN) or sum(bool(hint.search(text)) for hint in HINTS) >= 2
