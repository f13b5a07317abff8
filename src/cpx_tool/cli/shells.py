"""What completion in bash, zsh and fish needs beyond click's own: values behind an equals sign
(`--set=NAME`, `--report html=FILE`), and silence on standard error.

Each script asks the command with the words of the line, and gets a line for each proposal (zsh:
three): its kind, and its value. A `file` is for the shell to find; its value is what stands before
the path in the same word. After an `open` one there comes more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import click.shell_completion as base
from click.shell_completion import CompletionItem, add_completion_class

OPEN = "open"
_FILE = "file"
_BREAKS = "=:"
"""Characters at which bash begins another word (COMP_WORDBREAKS)."""

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' reply kind value
    COMPREPLY=()
    for reply in $(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null); do
        kind=${reply%%%%,*} value=${reply#*,}
        case $kind in
        file | dir) compopt -o default ;;
        open) compopt -o nospace && COMPREPLY+=("$value") ;;
        *) COMPREPLY+=("$value") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a plain open described replies
    local kind value text
    (( ! $+commands[%(prog_name)s] )) && return 1
    replies=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")
    for kind value text in ${replies}; do
        case $kind in
        file | dir) [[ $value == _ ]] || compset -p ${#value}; _files ;;
        open) open+=("$value") ;;
        *) if [[ $text == _ ]]; then plain+=("$value"); else described+=("$value:$text"); fi ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#open )) && compadd -U -S '' -V unsorted -a open
    (( $#plain )) && compadd -U -V unsorted -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    for reply in (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \\
            COMP_CWORD=(commandline -ct) %(prog_name)s 2>/dev/null)
        set -l parts (string split -m 1 , -- $reply)
        if contains -- $parts[1] file dir
            set -l from (math (string length -- "$parts[2]") + 1)
            for path in (__fish_complete_path (string sub -s $from -- (commandline -ct)))
                echo -- "$parts[2]$path"
            end
        else
            echo -- $parts[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Values(base.ShellComplete):
    """Proposals are whole words, whatever stands before an equals sign."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """As click finds them, with what it took off."""
        option, equals, _ = incomplete.partition("=")
        before = f"{option}=" if equals and option.startswith("--") else ""
        found = super().get_completions(args, incomplete)
        return [_whole(item, before) for item in found]


def _whole(item: CompletionItem[str], before: str) -> CompletionItem[str]:
    if item.type == _FILE:
        return CompletionItem(before + (item.before or ""), type=_FILE)
    return CompletionItem(before + item.value, type=item.type, help=item.help)


@add_completion_class
class Bash(_Values, base.BashComplete):
    """Bash makes three words of `--set=NAME`, and completes the last of them."""

    source_template: ClassVar[str] = _BASH
    _typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before, and the one at the cursor, as they were typed."""
        args, incomplete = super().get_completion_args()
        *args, incomplete = _glued([*args, incomplete])
        self._typed = incomplete
        return args, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """What replaces the last word, as bash counts."""
        last = max(self._typed.rfind(character) for character in _BREAKS) + 1
        return f"{item.type},{item.value[last:]}"


def _glued(words: Sequence[str]) -> Iterator[str]:
    """Words that bash broke, as they were: a lone equals sign or colon is never one."""
    whole = words[0]
    for before, word in pairwise(words):
        if _is_break(before) or _is_break(word):
            whole += word
        else:
            yield whole
            whole = word
    yield whole


def _is_break(word: str) -> bool:
    return bool(word) and not word.strip(_BREAKS)


@add_completion_class
class Zsh(_Values, base.ZshComplete):
    """As click's, but for its script."""

    source_template: ClassVar[str] = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        """No line is empty: zsh would drop it."""
        kind, value, text = super().format_completion(item).split("\n")
        return f"{kind}\n{value or '_'}\n{text}"


@add_completion_class
class Fish(_Values, base.FishComplete):
    """As click's, but for its script."""

    source_template: ClassVar[str] = _FISH
