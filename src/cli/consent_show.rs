//! `consentry consent show`: one person's choices, what holds now, and why not.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::{Table, presets};
use serde_json::json;

use super::consent::{Format, Who};
use super::direct::Direct;
use super::out;
use crate::consent::history::{Person, past, person, records};
use crate::consent::standing::{Record, Standing, Verdict, judge_all};
use crate::consent::target::Target;
use crate::engine::policy::Basis;

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    direct: Direct,
    #[command(flatten)]
    who: Who,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Show {
    pub async fn run(self) -> Result<ExitCode> {
        let opened = self.direct.open().await?;
        let target = Target::of(&opened.policy, &opened.catalog, self.who.kind_that_chooses(&opened.policy)?)?;
        let person = person(&opened.client, &target, &self.who.key).await?;
        let records = records(&opened.client, &target, &person.key).await?;
        let past = past(&opened.client, &target, &person.key).await?;
        let standings = judge_all(&opened.policy, target.source, &records);
        let kind = &target.kind.name;
        match self.format {
            Format::Text => out::write(|out| text(out, kind, &person, past.as_ref().unwrap_or(&records), &standings))?,
            Format::Json => {
                out::line(format_args!("{:#}", as_json(kind, &person, &records, past.as_deref(), &standings)))?
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(out: &mut impl Write, kind: &str, person: &Person, records: &[Record], standings: &[Standing]) -> Result<()> {
    writeln!(out, "{kind} {}", person.key)?;
    if person.restricted {
        writeln!(out, "restricted: rows about this person are there only for legal obligations and vital interests")?;
    }
    let mut now = Table::new();
    now.load_preset(presets::NOTHING).set_header(["purpose", "basis", "now"]);
    for standing in standings {
        now.add_row([
            standing.purpose.clone(),
            standing.basis.as_str().to_owned(),
            sentence(standing, person.restricted),
        ]);
    }
    writeln!(out, "\n{now}\n")?;
    if records.is_empty() {
        writeln!(out, "no choices on record")?;
        return Ok(());
    }
    let mut history = Table::new();
    history.load_preset(presets::NOTHING).set_header([
        "purpose",
        "channel",
        "status",
        "granted",
        "withdrawn",
        "expires",
        "recorded",
        "notice",
        "source",
        "",
    ]);
    let cell = |value: &Option<String>| value.clone().unwrap_or_default();
    for record in records {
        history.add_row([
            record.purpose.clone(),
            record.channel.clone().unwrap_or_else(|| "all".to_owned()),
            record.status.clone(),
            cell(&record.granted_at),
            cell(&record.withdrawn_at),
            cell(&record.expires_at),
            cell(&record.recorded_at),
            cell(&record.notice),
            cell(&record.source),
            if record.newest { String::new() } else { "superseded".to_owned() },
        ]);
    }
    writeln!(out, "{history}")?;
    Ok(())
}

/// What holds now for one purpose, in words; nothing is there of a restricted person, whatever they chose.
pub fn sentence(standing: &Standing, restricted: bool) -> String {
    let words = match standing.basis {
        Basis::Consent => consent(standing),
        Basis::LegitimateInterests | Basis::PublicTask => objection(standing),
        Basis::LegalObligation | Basis::VitalInterests => return ALWAYS.to_owned(),
        Basis::Contract => ALWAYS.to_owned(),
    };
    if restricted { format!("not allowed: the person is restricted (else {words})") } else { words }
}

const ALWAYS: &str = "allowed, whatever was chosen: this basis asks for no consent";

fn consent(standing: &Standing) -> String {
    let (allowed, not): (Vec<_>, Vec<_>) = standing.channels.iter().partition(|(_, verdict)| verdict.is_ok());
    match (&standing.any, not.is_empty()) {
        (Err(_), _) => format!("not allowed: {}", reasons(&standing.any)),
        (Ok(()), true) => "allowed on all channels".to_owned(),
        (Ok(()), false) => {
            let names = |list: &[&(crate::engine::policy::Channel, Verdict)]| {
                list.iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>().join(", ")
            };
            match allowed.is_empty() {
                // The table has a channel of its own.
                true => format!("allowed, but not on {}", names(&not)),
                false => format!("allowed on {}; not on {}", names(&allowed), names(&not)),
            }
        }
    }
}

fn objection(standing: &Standing) -> String {
    let on: Vec<&str> = standing.objects_on.iter().map(|c| c.as_str()).collect();
    match (standing.objects, on.is_empty()) {
        (true, _) => "not allowed: objection".to_owned(),
        (false, false) => format!("allowed; objection on {}", on.join(", ")),
        (false, true) => "allowed: no objection".to_owned(),
    }
}

fn reasons(verdict: &Verdict) -> String {
    match verdict {
        Ok(()) => String::new(),
        Err(doubts) => doubts.iter().map(|d| d.as_str()).collect::<Vec<_>>().join(", "),
    }
}

fn as_json(
    kind: &str,
    person: &Person,
    records: &[Record],
    past: Option<&[Record]>,
    standings: &[Standing],
) -> serde_json::Value {
    let verdict = |v: &Verdict| match v {
        Ok(()) => json!({ "valid": true }),
        Err(doubts) => json!({ "valid": false, "why": doubts }),
    };
    let now: Vec<_> = standings
        .iter()
        .map(|s| {
            let channels: serde_json::Map<String, serde_json::Value> =
                s.channels.iter().map(|(c, v)| (c.as_str().to_owned(), verdict(v))).collect();
            json!({
                "purpose": s.purpose, "basis": s.basis.as_str(), "consent": verdict(&s.any), "channels": channels,
                "objection": s.objects, "objection_on": s.objects_on.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
                "words": sentence(s, person.restricted),
            })
        })
        .collect();
    let subject = json!({ "kind": kind, "key": person.key, "restricted": person.restricted });
    let mut shown = json!({ "subject": subject, "now": now, "records": records });
    if let Some(past) = past {
        shown["history"] = json!(past);
    }
    shown
}
