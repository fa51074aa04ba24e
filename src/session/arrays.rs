//! Keys in an array (`= ANY ($1)`), as PostgreSQL reads one: in text (`array_in`) or in binary (`array_recv`).
//!
//! To `ANY`, an array of several dimensions is the list of its elements, whatever they are numbered by.

use crate::wire::frame::Reader;
use crate::wire::frontend::Parameter;

/// Most keys of one array that are told apart: more are a list of people rather than a question about somebody.
const MOST: usize = 1000;

/// PostgreSQL's `MAXDIM`.
const MOST_DIMENSIONS: i32 = 6;

/// An element that is not NULL.
#[derive(Debug, PartialEq, Eq)]
pub struct Element {
    binary: bool,
    value: Vec<u8>,
}

impl Element {
    pub fn given(&self) -> Parameter<'_> {
        Parameter { binary: self.binary, value: Some(&self.value) }
    }
}

/// The elements of an array; none where it is not understood.
pub fn elements(array: Parameter<'_>) -> Vec<Element> {
    let Some(value) = array.value else { return Vec::new() };
    let values = if array.binary { in_binary(value) } else { std::str::from_utf8(value).ok().and_then(in_text) };
    let values = values.unwrap_or_default();
    values.into_iter().take(MOST).map(|value| Element { binary: array.binary, value }).collect()
}

fn in_binary(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut r = Reader(value);
    // Dimensions, whether there are nulls, the elements' type; then length and lower bound of each.
    let dimensions = r.i32().ok().filter(|n| (1..=MOST_DIMENSIONS).contains(n))?;
    r.bytes(8).ok()?;
    let mut length = 1_i32;
    for _ in 0..dimensions {
        length = length.saturating_mul(r.i32().ok()?);
        r.i32().ok()?;
    }
    let mut all = Vec::new();
    for _ in 0..length.min(MOST as i32) {
        all.extend(r.value().ok()?.map(<[u8]>::to_vec));
    }
    Some(all)
}

/// `{a,"b c",NULL}`, `[0:1]={a,b}`, `{{a},{b}}`: a backslash takes the next character as it is, in quotes and out of them.
fn in_text(text: &str) -> Option<Vec<Vec<u8>>> {
    let is_space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
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
                    all.push(std::mem::take(&mut element).into_bytes());
                }
                if end.is_none() || all.len() == MOST {
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

    fn told(binary: bool, value: &[u8]) -> Vec<String> {
        let all = elements(Parameter { binary, value: Some(value) });
        all.into_iter().map(|e| String::from_utf8_lossy(&e.value).into_owned()).collect()
    }

    #[test]
    fn in_text_as_array_in_reads_it() {
        for (text, wanted) in [
            ("{5,6}", &["5", "6"][..]),
            (" { 5 , NULL, null ,7 } ", &["5", "7"]),
            ("{}", &[]),
            ("{\"a,b\",\"NULL\",\"\"}", &["a,b", "NULL", ""]),
            ("{a\\,b,\"c\\\"d\", e f }", &["a,b", "c\"d", "e f"]),
            ("{{1,NULL},{\"2\", 3 }}", &["1", "2", "3"]),
            (" [0:1] = {5,6}", &["5", "6"]),
            ("[0:0][2:3]={{5,6}}", &["5", "6"]),
            ("[0:1]", &[]),
            ("{\"a}", &[]),
            ("5", &[]),
        ] {
            assert_eq!(told(false, text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn in_binary_as_array_recv_reads_it() {
        let head = [1, 0, 23, 2, 1].map(i32::to_be_bytes).concat();
        let array = [&head[..], &[0, 0, 0, 1, b'5', 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(told(true, &array), ["5"]);
        assert_eq!(told(true, &array[..array.len() - 6]), [""; 0]);
        assert_eq!(told(true, &[0; 12]), [""; 0]);
        let head = [2, 0, 23, 2, 1, 1, 5].map(i32::to_be_bytes).concat();
        assert_eq!(told(true, &[&head[..], &[0, 0, 0, 1, b'5', 0, 0, 0, 1, b'6']].concat()), ["5", "6"]);
    }
}
