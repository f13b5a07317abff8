import tomllib

from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.catalogue.toml_lines import locate

TEXT = '''# a comment with a key = 1
name = "x = y" # [[card]]
list = [
  "a",  # not = a key
  """b
c = 1
""",
]
"quoted" = 'z'

[[card]]
role = "one"
text = """
role = "not this"
[[card]]
"""

  [[ card ]]
  role = "two"
'''


def test_keys_and_tables_are_found_where_they_stand() -> None:
    tomllib.loads(TEXT)
    lines = locate(TEXT)

    assert lines.of_key("name") == 2
    assert lines.of_key("list") == 3
    assert lines.of_key("quoted") == 9
    assert lines.of_table("card", 0) == 11
    assert lines.of_key("role", "card", 0) == 12
    assert lines.of_table("card", 1) == 18
    assert lines.of_key("role", "card", 1) == 19


def test_windows_line_ends_count_once() -> None:
    assert locate(TEXT.replace("\n", "\r\n")).of_key("role", "card", 1) == 19


def test_an_absent_key_gives_the_line_of_its_table() -> None:
    lines = locate(TEXT)

    assert lines.of_key("absent", "card", 1) == 18
    assert lines.of_key("absent") == 1


def test_an_inline_table_gives_the_line_of_its_key() -> None:
    lines = locate('name = "x"\n\ncard = [{role = "one"}]\n')

    assert lines.of_key("role", "card", 0) == 3


def test_a_quoted_key_is_the_whole_of_it() -> None:
    lines = locate('[table]\n"a b" = 1\n\'c.d\' = 2\n"" = 3\ne.f = 4\n')

    assert [lines.of_key(key, "table") for key in ("a b", "c.d", "", "e")] == [2, 3, 4, 5]


@given(st.text("[]{}\"'=#\n\\ ab.", max_size=60))
def test_any_text_is_survived(text: str) -> None:
    assert locate(text).of_key("a") <= text.count("\n") + 1
