"""What the browser tests share."""

import re


def is_local(url):
    return url.startswith(("data:", "blob:")) or re.match(r"\w+://(127\.0\.0\.1|localhost)[:/]", url)
