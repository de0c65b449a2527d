"""The same fixes written differently: for some SWE-bench Lite instances, our own lines in place of those that the gold patch adds.

Renamed temporaries, a condition the other way round, an early return for an else, a guard in another place. Context and removed lines are taken
from the dataset when the tests run; each text is the new block of one run of changed lines, in the order of the gold patch.
"""

from dataclasses import replace

from repair_rubrics import Hunk, Patch

VARIANTS: dict[str, list[str]] = {
    "django__django-13660": [
        "            namespace = globals()\n            exec(options['command'], namespace)",
        "            namespace = globals()\n            exec(sys.stdin.read(), namespace)",
    ],
    "django__django-14382": [
        "",
        "            if app_or_project != 'project':\n                folder = os.path.basename(top_dir)\n"
        "                self.validate_name(folder, name_or_dir='directory')",
    ],
    "django__django-14855": [
        "            site = self.model_admin.admin_site\n            url = reverse(url_name, args=[quote(remote_obj.pk)], current_app=site.name)",
    ],
    "django__django-15213": [
        "    def select_format(self, compiler, sql, params):\n        if not sql:\n            return super().select_format(compiler, '1', params)\n"
        "        return super().select_format(compiler, sql, params)\n",
    ],
    "django__django-15695": [
        "        unchanged = self.new_name == old_index.name\n        if unchanged:\n            return None",
    ],
    "django__django-16873": [
        "            value = map(conditional_escape, value)\n            arg = conditional_escape(arg)\n        data = arg.join(value)",
    ],
    "django__django-16229": [
        "        value = self.value()\n        if only_initial:\n            name = self.html_initial_name\n            if name in self.form.data:\n"
        "                widget_type = self.field.hidden_widget()\n                value = self.form._widget_data_value(widget_type, name)",
        "            value=value,",
    ],
    "django__django-11999": [
        "            method = 'get_%s_display' % self.name\n            if getattr(cls, method, None) is None:\n"
        "                setattr(cls, method, partialmethod(cls._get_FIELD_display, field=self))",
    ],
    "pytest-dev__pytest-8365": [
        "            try:\n                rootdir.mkdir(exist_ok=True)\n            except OSError:\n"
        "                fallback = 'pytest-of-unknown'\n"
        "                rootdir = temproot / fallback\n                rootdir.mkdir(exist_ok=True)",
    ],
    "pydata__xarray-3364": [
        "",
        "                if var not in ds.variables:\n                    continue\n                to_merge[var].append(ds.variables[var])",
    ],
    "sympy__sympy-17655": [
        "    def __rmul__(self, other):\n        return self * other\n",
    ],
    "sympy__sympy-13915": [
        "                    terms = b.args if b.is_Add or b.is_Mul else ()\n                    for term in terms:\n"
        "                        if term in (S.Infinity, S.NegativeInfinity, S.ComplexInfinity):\n"
        "                            return [S.NaN], [], None",
    ],
}


def rewritten(gold: Patch, blocks: list[str]) -> Patch:
    """The gold patch with the added lines of its runs of changed lines replaced, one block for each run.

    Raises:
        ValueError: the gold patch has another number of runs than there are blocks.
    """
    left = list(blocks)
    files = tuple(replace(edit, hunks=tuple(replace(hunk, lines=_hunk(hunk, left)) for hunk in edit.hunks)) for edit in gold.files)
    if left:
        raise ValueError(f"{len(left)} blocks are left over: the gold patch has fewer runs of changed lines")
    return Patch(files)


def _hunk(hunk: Hunk, blocks: list[str]) -> tuple[str, ...]:
    lines: list[str] = []
    changing = False
    for line in (*hunk.lines, " end"):
        if line[0] == " ":
            if changing and (block := _next(blocks)):
                lines += ["+" + body for body in block.split("\n")]
            changing = False
        else:
            changing = True
        if line[0] != "+":
            lines.append(line)
    return tuple(lines[:-1])


def _next(blocks: list[str]) -> str:
    if not blocks:
        raise ValueError("too few blocks: the gold patch has more runs of changed lines")
    return blocks.pop(0)
