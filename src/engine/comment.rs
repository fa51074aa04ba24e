//! sqlcommenter comments: `/*purpose='marketing',route='%2Fhome'*/` (google.github.io/sqlcommenter/spec).

use super::parse::Tokens;
use super::refusal::{self, Refusal};

/// The purpose that the comments in bytes `within` of a text name; two different ones are refused.
pub fn purpose(text: &str, tokens: &Tokens, within: (usize, usize)) -> Result<Option<String>, Refusal> {
    let mut found: Option<String> = None;
    for comment in tokens.comments_within(within.0, within.1) {
        let Some(body) = text.get(comment.start..comment.end) else { continue };
        let Some(body) = body.strip_prefix("/*").and_then(|b| b.strip_suffix("*/")) else { continue };
        for value in pairs(body).into_iter().flatten().filter(|(k, _)| k == "purpose").map(|(_, v)| v) {
            match &found {
                Some(first) if *first != value => {
                    return Err(refusal::purposes_contradict(first, &value).at(comment.start as i32));
                }
                _ => found = Some(value),
            }
        }
    }
    Ok(found)
}

/// Byte range of one of several statements, of which `spans` are those from the first token to the end, with the comments in
/// front of it, and behind the last one.
pub fn around(text: &str, spans: &[(usize, usize)], index: usize) -> (usize, usize) {
    let (first_token, end) = spans[index];
    let from = index.checked_sub(1).map_or(0, |before| spans[before].1).min(first_token);
    let between = text.get(from..first_token).unwrap_or_default();
    let start = from + between.find(|c: char| !c.is_whitespace() && c != ';').unwrap_or(between.len());
    (start, if index + 1 == spans.len() { text.len() } else { end })
}

/// `key='value',…` and nothing else; `None` for any other comment.
fn pairs(body: &str) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut rest = body.trim();
    loop {
        let (key, after) = rest.split_once("='")?;
        let end = closing_quote(after)?;
        all.push((decode(key.trim())?, decode(&after[..end].replace("\\'", "'"))?));
        rest = after[end + 1..].trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => return Some(all),
            None => return None,
        }
    }
}

/// A quote inside a value is `\'`.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&i| bytes[i] == b'\'' && (i == 0 || bytes[i - 1] != b'\\'))
}

/// URL decoding.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => out.push(b' '),
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::parse::parse;

    fn of(text: &str) -> Result<Option<String>, &'static str> {
        purpose(text, &parse(text).unwrap().tokens, (0, text.len())).map_err(|r| r.rule)
    }

    #[test]
    fn only_comments_of_pairs_name_a_purpose() {
        assert_eq!(of("SELECT 1 /*purpose='marketing'*/"), Ok(Some("marketing".into())));
        assert_eq!(of("/* app='x', purpose='mar%6Beting' */ SELECT 1"), Ok(Some("marketing".into())));
        assert_eq!(of("SELECT '/*purpose=''marketing''*/'"), Ok(None));
        assert_eq!(of("SELECT 1 -- purpose='marketing'"), Ok(None));
        assert_eq!(of("SELECT 1 /* the purpose='marketing' is a lie */"), Ok(None));
        assert_eq!(of("SELECT 1 /*purpose='a'*/ /*purpose='a'*/"), Ok(Some("a".into())));
        assert_eq!(of("SELECT 1 /*purpose='a'*/ /*purpose='b'*/"), Err("purposes-contradict"));
        assert_eq!(of("SELECT 1 /*purpose='a',purpose='b'*/"), Err("purposes-contradict"));
    }
}
