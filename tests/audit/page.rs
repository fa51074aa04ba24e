//! The report as a page, read as a browser reads it: what stands inside of what.

use crate::cli::{audit, sample, stdout};
use consentry::audit::event::Event;
use consentry::audit::{Config, Recorder};

use crate::support::{completion, decision, decision_of, what, who};

/// Elements of HTML that are never closed.
const VOID: [&str; 4] = ["meta", "br", "link", "img"];

/// The page's elements, each with the names of those that it stands in. Every element that is no void one must be closed, in
/// order: a browser closes it elsewhere, or not at all.
fn elements(html: &str) -> Vec<(String, Vec<String>)> {
    let (mut open, mut all) = (Vec::<String>::new(), Vec::new());
    let body = html.strip_prefix("<!DOCTYPE html>").unwrap();
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "closed before {open:?}"),
            None => {
                let name = tag.split_whitespace().next().unwrap().to_owned();
                all.push((name.clone(), open.clone()));
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[tokio::test]
async fn the_charts_have_their_bars() {
    let dir = sample().await;
    let html = stdout(&audit(dir.path(), &["report", "--format", "html"]));
    let all = elements(&html);
    let bars: Vec<&Vec<String>> = all.iter().filter(|(name, _)| name == "rect").map(|(_, within)| within).collect();
    assert!(bars.len() >= 5, "of a day three, of purposes and categories one: {all:?}");
    for within in bars {
        let inner: Vec<&str> = within.iter().map(String::as_str).collect();
        assert!(inner.ends_with(&["figure", "svg", "g"]) || inner.ends_with(&["figure", "svg"]), "{inner:?}");
    }
    assert_eq!(all.iter().filter(|(name, _)| name == "svg").count(), 3);
}

/// Words that a client chose neither steer whoever reads them nor turn the direction of text, in any form that is read.
#[tokio::test]
async fn words_of_a_client_do_not_steer() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    let steering = "\u{1b}]0;x\u{7} \u{202e}kcatta\u{202c} \u{2066}\u{200f}\u{61c} \u{9b}2J\u{2028}";
    let mut by_dba = what();
    by_dba.unrestricted = true;
    let mut asker = who(steering);
    asker.client.application_name = Some(steering.into());
    let Event::Decision(mut unrestricted) = decision_of(asker, by_dba, "dba") else { unreachable!() };
    unrestricted.reason = Some(steering.into());
    recorder.append(Event::Decision(unrestricted)).unwrap();
    recorder.append(completion("dba")).unwrap();
    recorder.append(decision("other")).unwrap();
    recorder.shutdown().await;
    for form in [
        &["report", "--format", "html"][..],
        &["report", "--format", "text"],
        &["export", "--format", "cef"],
        &["show"],
    ] {
        let text = stdout(&audit(dir.path(), form));
        let found: Vec<char> =
            text.chars().filter(|c| steering.contains(*c) && (c.is_control() || *c > '\u{600}')).collect();
        assert!(found.is_empty(), "{form:?}: {found:?}");
        assert!(text.contains("kcatta"), "{form:?}");
    }
}
