def shared_folder(paths: list[str]) -> str:
    """The deepest folder that holds all of some absolute paths, `/` at least; empty for no paths.

    Paths are written with `/`; a doubled slash, `.` and a slash at the end mean nothing, `..` goes up (at the root it stays). A path itself is no
    folder that holds it, unless it is the root.

    >>> shared_folder(["/srv/a/x.txt", "/srv/./a//y/z.txt"])
    '/srv/a'
    """
    folders = []
    for path in paths:
        parts: list[str] = []
        for part in path.split("/"):
            if part == "..":
                del parts[-1:]
            elif part not in ("", "."):
                parts.append(part)
        folders.append(parts[:-1])
    if not folders:
        return ""
    shared = 0
    while all(shared < len(parts) and parts[shared] == folders[0][shared] for parts in folders):
        shared += 1
    return "/" + "/".join(folders[0][:shared])


def test_common_part() -> None:
    assert shared_folder(["/srv/a/x.txt", "/srv/./a//y/z.txt"]) == "/srv/a"
    assert shared_folder(["/a/b", "/c/d"]) == "/"


def test_whole_names_only() -> None:
    assert shared_folder(["/home/ann/x", "/home/anna/x"]) == "/home"
    assert shared_folder(["/a/b/c", "/a/b"]) == "/a"


def test_one_path() -> None:
    assert shared_folder(["/a/b/c/"]) == "/a/b"
    assert shared_folder(["/"]) == "/"


def test_up() -> None:
    assert shared_folder(["/a/b/../c/x", "/a/c/d/e"]) == "/a/c"
    assert shared_folder(["/../../a/x", "/a/y"]) == "/a"
    assert shared_folder([]) == ""
