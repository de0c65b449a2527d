def mask_account(number: str, shown: int = 4) -> str:
    """Hide an account number: replace every letter and digit by `*` but for the last `shown` of them.

    Other characters (blanks, dashes) stay where they are and do not count. With `shown` 0 all are hidden.

    >>> mask_account("DE12-3456 789", 5)
    '****-**56 789'
    """
    hidden = sum(character.isalnum() for character in number) - shown
    masked = []
    for character in number:
        if character.isalnum():
            masked.append("*" if hidden > 0 else character)
            hidden -= 1
        else:
            masked.append(character)
    return "".join(masked)


def test_default() -> None:
    assert mask_account("1234567890") == "******7890"
    assert mask_account("AB-12 34 56") == "**-** 34 56"


def test_separators_stay() -> None:
    assert mask_account("DE12-3456 789", 5) == "****-**56 789"
    assert mask_account("--1--2--", 1) == "--*--2--"


def test_short_numbers() -> None:
    assert mask_account("12") == "12"
    assert mask_account("") == ""
    assert mask_account("12", 0) == "**"
