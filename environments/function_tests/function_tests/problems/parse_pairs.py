def parse_pairs(line: str) -> dict[str, str]:
    """Read `key=value` pairs, blanks between them, as structured logs have them.

    A value is bare (up to the next blank) or in double quotes, where a backslash takes the character after it literally. A key without `=` has an
    empty value, a key that comes again wins over its first value, and a quote that is never closed takes the rest of the line.

    >>> parse_pairs('level=warn msg="disk \\\\"a\\\\" full" ok')
    {'level': 'warn', 'msg': 'disk "a" full', 'ok': ''}
    """
    pairs: dict[str, str] = {}
    at = 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        start = at
        while at < len(line) and line[at] not in "= ":
            at += 1
        key, value = line[start:at], ""
        if at < len(line) and line[at] == "=":
            at += 1
            if at < len(line) and line[at] == '"':
                at += 1
                while at < len(line) and line[at] != '"':
                    at += line[at] == "\\" and at + 1 < len(line)
                    value += line[at]
                    at += 1
                at += 1
            else:
                start = at
                while at < len(line) and line[at] != " ":
                    at += 1
                value = line[start:at]
        pairs[key] = value
    return pairs


def test_bare() -> None:
    assert parse_pairs("a=1 b=two  c=x=y") == {"a": "1", "b": "two", "c": "x=y"}
    assert parse_pairs("") == {}


def test_quoted() -> None:
    assert parse_pairs('level=warn msg="disk full" n=3') == {"level": "warn", "msg": "disk full", "n": "3"}
    assert parse_pairs('m=""') == {"m": ""}


def test_escapes() -> None:
    assert parse_pairs('m="say \\"hi\\" \\\\" k=v') == {"m": 'say "hi" \\', "k": "v"}
    assert parse_pairs('m="a\\nb"') == {"m": "anb"}


def test_keys_alone_and_again() -> None:
    assert parse_pairs("debug a=1 a=2") == {"debug": "", "a": "2"}
    assert parse_pairs("a= b") == {"a": "", "b": ""}


def test_open_quote() -> None:
    assert parse_pairs('m="no end k=v') == {"m": "no end k=v"}
