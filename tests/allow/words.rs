//! The grammar that reads statements here is a newer one than the server's: what it makes of a word that the server takes for
//! a name is known.

use std::collections::BTreeSet;

use consentry::engine::allow::word_since;
use pg_query::protobuf::Token;

use crate::server::{rows, server_version};

/// Where a name may stand.
const FORMS: [&str; 16] = [
    "SELECT @",
    "SELECT @ FROM t",
    "SELECT 1 AS @",
    "SELECT t.@ FROM t",
    "SELECT * FROM @",
    "SELECT * FROM s.@",
    "SELECT * FROM t @",
    "SELECT @()",
    "SELECT @(a)",
    "SELECT @(a, b) FROM t",
    "SELECT @(a, '$') FROM t",
    "SELECT @('x', 1, 2) FROM t",
    "SELECT * FROM @(1)",
    "SELECT 'x'::@, CAST(a AS @) FROM t",
    "SELECT @ 'x'",
    "UPDATE t SET @ = 1 WHERE @ = 2 RETURNING @",
];

/// Words of our grammar.
fn words() -> BTreeSet<String> {
    let named = (0..2000).filter_map(|n| Token::try_from(n).ok()).map(|t| t.as_str_name().to_lowercase());
    named.map(|w| w.strip_suffix("_p").map_or(w.clone(), str::to_owned)).collect()
}

/// The tree of a text, without places.
fn tree(text: &str) -> Option<String> {
    let statements = pg_query::parse(text, 0).ok()?.protobuf.stmts;
    let told = format!("{statements:?}");
    let kept: Vec<&str> = told
        .split(", ")
        .filter(|part| !["location: ", "stmt_len: ", "stmt_location: "].iter().any(|place| part.contains(place)))
        .collect();
    Some(kept.join(", "))
}

#[test]
fn a_word_that_the_server_does_not_know_is_a_name_or_told_apart() {
    let known: BTreeSet<String> =
        rows("SELECT word FROM pg_get_keywords()").into_iter().map(|row| row[0].clone()).collect();
    let all = words();
    assert!(all.len() > 400 && known.iter().filter(|word| all.contains(*word)).count() > 400, "{}", all.len());
    let read_otherwise: BTreeSet<&String> = all
        .iter()
        .filter(|word| !known.contains(*word))
        .filter(|word| {
            let differs = |form: &&str| {
                let [bare, quoted] = [form.replace('@', word), form.replace('@', &format!("\"{word}\""))];
                tree(&bare).is_some_and(|bare| Some(bare) != tree(&quoted))
            };
            FORMS.iter().any(differs)
        })
        .collect();
    // `system_user` is refused without quotes (tests/engine/cases/names.sql).
    let untold = read_otherwise.iter().filter(|word| **word != "system_user");
    let untold: Vec<_> = untold.filter(|word| word_since(word).is_none_or(|v| v <= server_version())).collect();
    assert!(untold.is_empty(), "{untold:?}");
    if server_version() < 16 {
        assert!(read_otherwise.len() > 5, "{read_otherwise:?}");
    }
}
