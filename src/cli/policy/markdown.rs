//! Text of a policy in Markdown: names and descriptions are taken literally (CommonMark 0.31, "Backslash escapes").

/// `text` on one line, none of which is markup.
pub fn escaped(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let marks = |at: usize, c: char| match c {
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' => true,
        // At a line's beginning: a list, the line under a heading, a rule.
        '-' | '+' | '=' => at == 0,
        '.' | ')' => at == digits && digits > 0,
        _ => false,
    };
    line.char_indices().flat_map(|(at, c)| marks(at, c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_literally() {
        for (text, literal) in [
            ("a_b*<c>", r"a\_b\*\<c\>"),
            ("Ship it\n# head\n- item | x", r"Ship it \# head - item \| x"),
            ("<script>alert(1)</script> &lt;", r"\<script\>alert(1)\</script\> \&lt;"),
            ("- no list", r"\- no list"),
            ("12. no list", r"12\. no list"),
            ("1) no list, 2) neither", r"1\) no list, 2) neither"),
            ("2 years. Done", "2 years. Done"),
            ("\t    no code\r\n===", "no code ==="),
        ] {
            assert_eq!(escaped(text), literal);
        }
    }
}
