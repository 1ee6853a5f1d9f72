"""What the text part looks like."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retention_cli.render.html_text import html_to_text, marked, presettled, settle


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("<p>One\n   two</p>", "One two\n"),
        ("<p>One<br>two<br><br>three</p>", "One\ntwo\n\nthree\n"),
        ("<h1>Head</h1>text", "Head\n\ntext\n"),
        ("<div>One</div><div>Two</div>", "One\nTwo\n"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two\n"),
        ("<table><tr><td>Cup</td><td>249 Kč</td></tr><tr><td>Pot</td><td>99 Kč</td></tr></table>", "Cup 249 Kč\nPot 99 Kč\n"),
        ("<a href='https://a.example/x'>Buy</a>", "Buy (https://a.example/x)\n"),
        ("<a href='https://a.example'>https://a.example</a>", "https://a.example\n"),
        ("<a href='https://a.example/'>a.example</a>", "https://a.example/\n"),
        ("<a href='mailto:a@example.org'>a@example.org</a>", "a@example.org\n"),
        ("<a href='https://a.example/x'><div>Buy</div><p>now</p></a>", "Buy now (https://a.example/x)\n"),
        ("<a href='https://a.example/x'><table><tr><td><img alt='A cup'></td></tr></table></a>", "A cup (https://a.example/x)\n"),
        ("<a href='#top'>Up</a> <a>No</a>", "Up No\n"),
        ("<a href='https://a.example/x'><img src='x' alt='A cup'></a>", "A cup (https://a.example/x)\n"),
        ("<a href='https://a.example/x'><img src='x' alt='A cup'></a><a href='https://a.example/x'>Cup</a>", "Cup (https://a.example/x)\n"),
        ("<a href='https://a.example/?a=1&amp;b=2'>Buy</a>", "Buy (https://a.example/?a=1&b=2)\n"),
        ("<img src='x' alt='Logo'>Text", "Text\n"),
        ("a &amp; b &lt;c&gt; &nbsp;d", "a & b <c> \u00a0d\n"),
        ("<style>p{}</style><script>x</script><title>t</title><p>yes</p><!-- no -->", "yes\n"),
        ("<div style='display: none'>no<p>no</p></div><div hidden>no</div><p>yes</p>", "yes\n"),
        ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb\n"),
        ("<p>unclosed <b>bold", "unclosed bold\n"),
        ("<p>a</p>\x11\x1e\x00<p>b</p>", "a\n\nb\n"),
        ("", "\n"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<div>", "</div>", "<br>", "<li>", "</li>", "<td>", "word", " ", "\n", "JJ00001JJ", "<a href='u'>", "</a>", "&nbsp;"]
        ),
        max_size=14,
    )
)
@example(["<a href='u'>", "word", "<li>", "word", "</li>", "</a>"])
def test_settling_what_is_fixed_early_changes_nothing(parts: list[str]) -> None:
    """Whatever comes to stand where a tag was."""
    text = marked("".join(parts))
    for value in ("", " ", "x", " x ", "x\n y"):
        assert settle(presettled(text).replace("JJ00001JJ", value)) == settle(text.replace("JJ00001JJ", value))


@given(st.text(max_size=200))
def test_any_text_ends_in_lines_without_blanks_at_their_ends(html: str) -> None:
    text = html_to_text(html)
    assert text.endswith("\n")
    assert "\n\n\n" not in text
    assert not [line for line in text.split("\n") if line != line.strip(" ")]
