//! Arrays of keys in text, as PostgreSQL reads them (`array_in`).
//!
//! To `ANY`, an array of several dimensions is the list of its elements, whatever they are numbered by.

use super::spelling::is_space;

/// Most keys of one array that are told apart: more are a list of people rather than a question about somebody.
pub const MOST: usize = 1000;

/// The elements that are not NULL, no more than [`MOST`] and one; `None` where it is no array. Of
/// `{a,"b c",NULL}`, `[0:1]={a,b}`, `{{a},{b}}`; a backslash takes the next character as it is, in quotes and out of them.
pub fn elements(text: &str) -> Option<Vec<String>> {
    let text = text.trim_matches(is_space);
    let bounds = text.strip_prefix('[').and_then(|_| text.split_once('='));
    let listed = bounds.map_or(text, |(_, listed)| listed.trim_start_matches(is_space));
    let inside = listed.strip_prefix('{')?.strip_suffix('}')?;
    let (mut all, mut element, mut quoted, mut in_quotes) = (Vec::new(), String::new(), false, false);
    // Behind white space at its end.
    let mut kept = 0;
    let mut chars = inside.chars();
    loop {
        match chars.next() {
            Some('\\') => {
                element.push(chars.next()?);
                (quoted, kept) = (true, element.len());
            }
            Some('"') => {
                (quoted, in_quotes, kept) = (true, !in_quotes, element.len());
            }
            Some('{' | '}') if !in_quotes => {}
            end @ (Some(',') | None) if !in_quotes => {
                element.truncate(kept);
                if quoted || !(element.is_empty() || element.eq_ignore_ascii_case("null")) {
                    all.push(std::mem::take(&mut element));
                }
                if end.is_none() || all.len() > MOST {
                    return Some(all);
                }
                element.clear();
                (quoted, kept) = (false, 0);
            }
            Some(c) if !in_quotes && is_space(c) => {
                if !element.is_empty() {
                    element.push(c);
                }
            }
            Some(c) => {
                element.push(c);
                kept = element.len();
            }
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_read_as_array_in_reads_it() {
        for (text, wanted) in [
            ("{5,6}", &["5", "6"][..]),
            (" { 5 , NULL, null ,7 } ", &["5", "7"]),
            ("{}", &[]),
            ("{\"a,b\",\"NULL\",\"\"}", &["a,b", "NULL", ""]),
            ("{a\\,b,\"c\\\"d\", e f }", &["a,b", "c\"d", "e f"]),
            ("{{1,NULL},{\"2\", 3 }}", &["1", "2", "3"]),
            (" [0:1] = {5,6}", &["5", "6"]),
            ("[0:0][2:3]={{5,6}}", &["5", "6"]),
        ] {
            assert_eq!(elements(text).unwrap(), wanted, "{text}");
        }
        for text in ["[0:1]", "{\"a}", "5"] {
            assert_eq!(elements(text), None, "{text}");
        }
    }
}
