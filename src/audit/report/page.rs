//! The report as one page of HTML that needs nothing else: style and charts inside, readable when printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use sha2::{Digest, Sha256};

use super::text::{Section, sections, totals};
use super::{Day, Report, UpkeepLog};
use crate::audit::show::{extent, safe};
use crate::audit::verify::Verdict;

/// Bars of a chart of categories or purposes.
const MOST_BARS: usize = 12;
/// Days that a chart shows; of more, the last ones.
const MOST_DAYS: usize = 92;

const STYLE: &str = "
:root { --ink:#1b1f24; --soft:#5b6570; --line:#d8dee4; --good:#1a7f37; --bad:#b42318; --warn:#9a6700;
        --allowed:#57606a; --changed:#0969da; --refused:#cf222e; }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; color: var(--ink);
       background: #fff; max-width: 76rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.6rem; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem }
p { margin: .25rem 0 .75rem }
.soft { color: var(--soft) }
.verdict { border-left: .4rem solid; padding: .6rem 1rem; margin: 1rem 0; background: #f6f8fa }
.verdict strong { font-size: 1.1rem }
.whole { border-color: var(--good) } .whole strong { color: var(--good) }
.damaged { border-color: var(--bad) } .damaged strong { color: var(--bad) }
.unknown { border-color: var(--warn) } .unknown strong { color: var(--warn) }
.numbers { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 }
.numbers div { flex: 1 1 7rem; border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .75rem }
.numbers b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem }
figure { margin: 0; flex: 1 1 22rem; max-width: 38rem } figcaption { font-weight: 600; margin-bottom: .35rem }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .85rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
         overflow-wrap: break-word }
th { color: var(--soft); font-weight: 600; white-space: nowrap }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.key i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .9em }
i.allowed { background: var(--allowed) } i.changed { background: var(--changed) } i.refused { background: var(--refused) }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem }
code { font: .92em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt }
  .charts { display: block } figure { display: inline-block; width: 31%; margin-right: 2%; vertical-align: top }
  .wide { overflow: visible } table { font-size: 8pt } thead { display: table-header-group }
  tr, figure, .verdict { break-inside: avoid } h2 { break-after: avoid }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
  @page { size: A4 landscape; margin: 14mm }
}";

/// How a content security policy names the page's style (`sha256-…`): the page needs nothing but that.
pub fn style_digest() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE)))
}

/// The report as a page.
pub fn page(r: &Report) -> String {
    let title = match &r.subject {
        Some(subject) => format!("Use of personal data of {subject}"),
        None => "Use of personal data".to_owned(),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "consentry " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.soft { (r.scope) " · made " time { (r.made) } }
                (verdict("record", r.verdict.as_ref()))
                @if let Some(log) = &r.upkeep { (upkeep(log)) }
                (numbers(r))
                (charts(r))
                @for section in sections(r) { (answer(&section)) }
                (gaps("Gaps in the record", r.verdict.as_ref()))
                @if let Some(log) = r.upkeep.as_ref().filter(|log| log.fault.is_none()) { (gaps("Gaps in the log of what commands did", log.verdict.as_ref())) }
                (footer(r))
            }
        }
    };
    // Lines of the style end as they do in Rust; nothing else may steer, or turn the direction of text.
    page.into_string().split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

fn verdict(of: &str, v: Option<&Verdict>) -> Markup {
    let Some(v) = v else {
        return html! {
            div.verdict.unknown {
                strong { "Not verified" }
                p { "No verifier key was given, so nothing is known of the soundness of this " (of) "." }
            }
        };
    };
    html! {
        @match v.first_finding() {
            None => div.verdict.whole[v.nothing_vouches_for.is_none()].unknown[v.nothing_vouches_for.is_some()] {
                strong { "The " (of) " is " (v.headline()) }
                p { "That is: " (v.meaning()) ". " (extent(v)) "." }
            },
            Some(first) => div.verdict.damaged {
                strong { "The " (of) " is " (first.headline()) ": " (first) }
                p { (extent(v)) "." }
                ul { @for finding in v.findings.iter().filter(|f| *f != first).take(50) { li { (finding) } } }
            },
        }
    }
}

fn upkeep(log: &UpkeepLog) -> Markup {
    match &log.fault {
        None => verdict("log of what commands did", log.verdict.as_ref()),
        Some(fault) => html! {
            div.verdict.unknown {
                strong { "What commands did is not known" }
                p { (fault) "." }
            }
        },
    }
}

fn numbers(r: &Report) -> Markup {
    let t = &r.totals;
    let all = [
        ("statements", t.statements),
        ("unchanged", t.allowed),
        ("changed", t.changed),
        ("refused", t.refused),
        ("rows read or written", t.rows),
        ("failed or cancelled", t.failed + t.cancelled),
        ("logins", t.logins),
        ("logins refused", t.logins_refused),
    ];
    html! { div.numbers { @for (name, n) in all { div { b { (grouped(n)) } span.soft { (name) } } } } }
}

/// `1234567` as `1 234 567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

// === charts ===

fn charts(r: &Report) -> Markup {
    let by_purpose = sums(r.uses.iter().map(|u| (u.purpose.as_deref().unwrap_or("no purpose"), u.clear + u.masked)));
    let by_category = sums(r.uses.iter().map(|u| (u.category.as_str(), u.clear + u.masked)));
    html! {
        div.charts {
            @if !r.days.is_empty() { (days(&r.days)) }
            @if !by_purpose.is_empty() { (bars("Uses of categories, by purpose", &by_purpose)) }
            @if !by_category.is_empty() { (bars("Uses of categories, by category", &by_category)) }
        }
    }
}

fn sums<'a>(pairs: impl Iterator<Item = (&'a str, u64)>) -> Vec<(&'a str, u64)> {
    let mut sums = std::collections::BTreeMap::new();
    pairs.for_each(|(name, n)| *sums.entry(name).or_insert(0) += n);
    let mut sums: Vec<_> = sums.into_iter().filter(|s| s.1 > 0).collect();
    sums.sort_by_key(|s| std::cmp::Reverse(s.1));
    sums.truncate(MOST_BARS);
    sums
}

/// A share of `whole` on an axis of `length` units, to a tenth of a unit.
fn scaled(part: u64, whole: u64, length: f64) -> f64 {
    (part as f64 / whole.max(1) as f64 * length * 10.0).round() / 10.0
}

/// Stacked bars: statements a day by outcome.
fn days(days: &[Day]) -> Markup {
    let shown = &days[days.len().saturating_sub(MOST_DAYS)..];
    let highest = shown.iter().map(|d| d.allowed + d.changed + d.refused).max().unwrap_or(1);
    let (width, height) = (480.0, 150.0);
    let step = width / shown.len() as f64;
    html! {
        figure {
            figcaption { "Statements a day" }
            svg viewBox="0 0 560 190" role="img" aria-label="Statements a day by outcome" {
                text x="60" y="12" text-anchor="end" fill="#5b6570" { (grouped(highest)) }
                text x="60" y="160" text-anchor="end" fill="#5b6570" { "0" }
                line x1="66" y1="158" x2="552" y2="158" stroke="#d8dee4" {}
                @for (i, d) in shown.iter().enumerate() {
                    @let x = 68.0 + i as f64 * step;
                    @let wide = (step * 0.8).clamp(0.5, 40.0);
                    @let (a, c, f) = (
                        scaled(d.allowed, highest, height), scaled(d.changed, highest, height), scaled(d.refused, highest, height)
                    );
                    g {
                        title { (d.day) ": " (d.allowed) " unchanged, " (d.changed) " changed, " (d.refused) " refused" }
                        rect x=(x) y=(158.0 - a) width=(wide) height=(a) fill="#57606a" {}
                        rect x=(x) y=(158.0 - a - c) width=(wide) height=(c) fill="#0969da" {}
                        rect x=(x) y=(158.0 - a - c - f) width=(wide) height=(f) fill="#cf222e" {}
                    }
                }
                text x="68" y="176" fill="#5b6570" { (shown[0].day) }
                @if shown.len() > 1 {
                    text x="552" y="176" text-anchor="end" fill="#5b6570" { (shown[shown.len() - 1].day) }
                }
            }
            div.key.soft {
                i.allowed {} "unchanged" i.changed {} "changed" i.refused {} "refused"
            }
        }
    }
}

/// Horizontal bars with their names and numbers.
fn bars(title: &str, values: &[(&str, u64)]) -> Markup {
    let highest = values.iter().map(|v| v.1).max().unwrap_or(1);
    let height = values.len() * 22 + 6;
    html! {
        figure {
            figcaption { (title) }
            svg viewBox={ "0 0 560 " (height) } role="img" aria-label=(title) {
                @for (i, (name, n)) in values.iter().enumerate() {
                    @let y = i * 22 + 4;
                    text x="150" y=(y + 13) text-anchor="end" fill="#1b1f24" { (shortened(name)) }
                    rect x="158" y=(y) width=(scaled(*n, highest, 320.0).max(1.0)) height="16" fill="#0969da" {}
                    text x=(164.0 + scaled(*n, highest, 320.0)) y=(y + 13) fill="#5b6570" { (grouped(*n)) }
                }
            }
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 24 { name.to_owned() } else { name.chars().take(23).chain(['…']).collect() }
}

// === tables ===

fn answer(section: &Section) -> Markup {
    // Numbers stand to the right; a column is one of numbers when all its cells are.
    let numeric: Vec<bool> = (0..section.head.len())
        .map(|i| {
            section.rows.iter().all(|r| r[i].bytes().all(|b| b.is_ascii_digit())) && !section.head[i].contains("SQL")
        })
        .collect();
    let class = |i: usize| if numeric[i] { Some("n") } else { None };
    html! {
        h2 { (section.title) }
        @if let Some(note) = &section.note { p { strong { (note) } } }
        @if section.rows.is_empty() { p.soft { (section.none) } } @else {
            div.wide { table {
                thead { tr { @for (i, name) in section.head.iter().enumerate() { th class=[class(i)] { (name) } } } }
                tbody {
                    @for row in &section.rows {
                        tr { @for (i, cell) in row.iter().enumerate() { td class=[class(i)] { (cell) } } }
                    }
                }
            } }
            @if section.more > 0 { p.soft { "and " (grouped(section.more)) " more" } }
        }
    }
}

/// Gaps in the record, silences, crashes: what verify noticed besides damage.
fn gaps(title: &str, v: Option<&Verdict>) -> Markup {
    html! {
        h2 { (title) }
        @match v {
            None => p.soft { "Not known: the record was not verified." },
            Some(v) if v.notices.is_empty() && v.is_whole() => p.soft { "None: no line is missing, the proxy was never silent." },
            Some(v) => {
                ul { @for notice in v.notices_by_kind().concat() { li { (notice) } } }
                @if v.more_notices > 0 { p.soft { "and " (grouped(v.more_notices)) " more" } }
            },
        }
    }
}

fn footer(r: &Report) -> Markup {
    html! {
        footer.soft {
            p { (totals(r)) "." }
            p { "Record: " code { (r.folder) } @if let Some(v) = &r.verdict { " · verifier key: " code { (v.key) } } }
            p {
                "To check it yourself: " code { "consentry audit verify --key KEY FOLDER" }
                ". The record holds names and counts, no stored values; persons appear only as keyed hashes."
            }
        }
    }
}
