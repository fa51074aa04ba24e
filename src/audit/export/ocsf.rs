//! Events in OCSF 1.4: statements as Datastore Activity (6005), logins as Authentication (3002), purpose changes as
//! Authorize Session (3003), start, stop and reload as Application Lifecycle (6002).
//!
//! Purpose, legal basis and recipient have no home there; they stand in `unmapped`, basis and purpose also as IRIs of the
//! W3C Data Privacy Vocabulary. Classes, activities and attributes are those of schema.ocsf.io, version 1.4.0: what later
//! versions have an attribute for (the raw line's length and hash) stands in `unmapped` too.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Purposes, Told};
use crate::audit::recorded::Recorded;
use crate::audit::tree::leaf_hash;

const VERSION: &str = "1.4.0";

/// A class and an activity of OCSF.
struct Activity {
    category: (u64, &'static str),
    class: (u64, &'static str),
    activity: (u64, &'static str),
}

const APPLICATION: (u64, &str) = (6, "Application Activity");
const IDENTITY: (u64, &str) = (3, "Identity & Access Management");
const DATASTORE: (u64, &str) = (6005, "Datastore Activity");
const LIFECYCLE: (u64, &str) = (6002, "Application Lifecycle");
const AUTHENTICATION: (u64, &str) = (3002, "Authentication");
const AUTHORIZE: (u64, &str) = (3003, "Authorize Session");

/// The event in OCSF; `None` when it has no words for it.
pub fn event(told: &Told, purposes: &Purposes) -> Option<Value> {
    let Told { event: e, completion, .. } = *told;
    let activity = activity(e)?;
    let mut out = head(e, &activity);
    let mut unmapped = of_line(told.line);
    match activity.class.0 {
        6005 => {
            statement(&mut out, e, completion);
            unmapped.extend(without_home(told, purposes));
        }
        6002 => {
            out.insert("app".into(), json!({"name": "consentry", "version": env!("CARGO_PKG_VERSION")}));
            // A reload that was refused.
            status(&mut out, Some(e.problems == 0), None, None);
        }
        _ => {
            session(&mut out, e);
            if e.event == "purpose_change" {
                unmapped.extend([("purpose".into(), json!(e.to)), ("purpose_before".into(), json!(e.from))]);
            }
        }
    }
    out.insert("unmapped".into(), Value::Object(unmapped));
    Some(without_nulls(Value::Object(out)))
}

fn activity(e: &Recorded) -> Option<Activity> {
    let of = |category, class, activity| Some(Activity { category, class, activity });
    match &*e.event {
        "decision" => of(APPLICATION, DATASTORE, datastore_activity(e)),
        "upkeep" => of(APPLICATION, DATASTORE, upkeep_activity(e.action.as_deref().unwrap_or_default())),
        "login" | "login_refused" => of(IDENTITY, AUTHENTICATION, (1, "Logon")),
        "session_end" => of(IDENTITY, AUTHENTICATION, (2, "Logoff")),
        "purpose_change" => of(IDENTITY, AUTHORIZE, (1, "Assign Privileges")),
        "start" => of(APPLICATION, LIFECYCLE, (3, "Start")),
        "stop" => of(APPLICATION, LIFECYCLE, (4, "Stop")),
        "policy_reload" | "server_reload" => of(APPLICATION, LIFECYCLE, (8, "Update")),
        _ => None,
    }
}

fn datastore_activity(e: &Recorded) -> (u64, &'static str) {
    match e.kind.as_deref().unwrap_or_default() {
        "select" | "copy_to" | "fetch" => (4, "Query"),
        "update" | "merge" => (2, "Update"),
        "insert" | "copy_in" => (5, "Write"),
        "delete" | "truncate" => (7, "Delete"),
        "show" | "explain" => (1, "Read"),
        kind if kind.starts_with("create") => (6, "Create"),
        "ddl" => match e.sql.as_deref().and_then(|sql| sql.split_whitespace().next()) {
            Some(word) if word.eq_ignore_ascii_case("create") => (6, "Create"),
            Some(word) if word.eq_ignore_ascii_case("alter") => (2, "Update"),
            Some(word) if word.eq_ignore_ascii_case("drop") => (7, "Delete"),
            _ => (99, "Other"),
        },
        _ => (99, "Other"),
    }
}

/// What a command of ours does.
fn upkeep_activity(action: &str) -> (u64, &'static str) {
    match action {
        "retention" | "erasure" => (7, "Delete"),
        "choice" | "import" => (5, "Write"),
        "export" => (1, "Read"),
        _ => (99, "Other"),
    }
}

fn head(e: &Recorded, a: &Activity) -> Map<String, Value> {
    let head = json!({
        "category_uid": a.category.0,
        "category_name": a.category.1,
        "class_uid": a.class.0,
        "class_name": a.class.1,
        "activity_id": a.activity.0,
        "activity_name": a.activity.1,
        "type_uid": a.class.0 * 100 + a.activity.0,
        "type_name": format!("{}: {}", a.class.1, a.activity.1),
        "time": e.time.as_millisecond(),
        "metadata": {
            "version": VERSION,
            "product": {"name": "Consentry", "vendor_name": "Consentry", "version": env!("CARGO_PKG_VERSION")},
            "log_name": "audit",
            "sequence": e.seq,
            "original_time": e.time.to_string(),
            "correlation_uid": e.statement.as_deref().or(e.deed.as_deref()).or(e.session.as_deref()),
            "profiles": ["security_control"],
        },
    });
    fields(head)
}

fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The line that the event stands for, to find it and prove it by.
fn of_line(line: &[u8]) -> Map<String, Value> {
    fields(json!({
        "line_sha256": hex::encode(Sha256::digest(line)),
        "line_bytes": line.len(),
        // Its place in the record's Merkle tree (RFC 6962): the leaf with index `sequence - 1`.
        "leaf_hash": hex::encode(leaf_hash(line)),
    }))
}

fn status(out: &mut Map<String, Value>, success: Option<bool>, code: Option<&str>, detail: Option<&str>) {
    let (id, name) = match success {
        Some(true) => (1, "Success"),
        Some(false) => (2, "Failure"),
        None => (0, "Unknown"),
    };
    let (severity_id, severity) = if success == Some(false) { (3, "Medium") } else { (1, "Informational") };
    out.extend([
        ("status_id".into(), json!(id)),
        ("status".into(), json!(name)),
        ("status_code".into(), json!(code)),
        ("status_detail".into(), json!(detail)),
        ("severity_id".into(), json!(severity_id)),
        ("severity".into(), json!(severity)),
    ]);
}

fn statement(out: &mut Map<String, Value>, e: &Recorded, completion: Option<&Recorded>) {
    let refused = e.is_refused();
    let success = if refused { Some(false) } else { completion.map(|c| c.outcome.as_deref() == Some("ok")) };
    let code = e.refusal.as_ref().map(|r| &*r.sqlstate).or_else(|| completion?.sqlstate.as_deref());
    status(out, success, code, e.refusal.as_ref().map(|r| &*r.message));
    let decision = if refused { "denied" } else { "allowed" };
    // What a command does, no policy has judged.
    let policy = e
        .policy
        .as_ref()
        .map(|digest| json!({"name": e.purpose, "uid": digest, "desc": e.rules.join("; "), "is_applied": true}));
    let query = e.sql.as_ref().map(|sql| {
        json!({"uid": e.statement, "name": e.fingerprint, "query_string": sql, "bytes": completion.and_then(|c| c.bytes)})
    });
    let first = e.tables.first().map(|t| json!({"name": t.table, "uid": t.table}));
    out.extend([
        ("actor".into(), actor(e, &json!([{"decision": decision, "policy": policy}]))),
        ("src_endpoint".into(), endpoint(e)),
        (
            "database".into(),
            json!({"name": e.database.as_deref().unwrap_or(UNKNOWN), "type": "Relational", "type_id": 1}),
        ),
        ("table".into(), json!(first)),
        ("type_id".into(), json!(if first.is_some() { 3 } else { 1 })),
        ("query_info".into(), json!(query)),
        ("policy".into(), json!(policy)),
        ("action_id".into(), json!(if refused { 2 } else { 1 })),
        ("action".into(), json!(if refused { "Denied" } else { "Allowed" })),
        ("disposition_id".into(), json!(if refused { 2 } else { 1 })),
        ("disposition".into(), json!(if refused { "Blocked" } else { "Allowed" })),
        ("duration".into(), json!(completion.and_then(|c| c.ms).map(f64::round).map(|ms| ms as i64))),
        ("end_time".into(), json!(completion.map(|c| c.time.as_millisecond()))),
    ]);
}

/// What OCSF has no attribute for.
fn without_home(told: &Told, purposes: &Purposes) -> Map<String, Value> {
    let Told { event: e, completion, seen, .. } = *told;
    let column = |c: &crate::audit::recorded::RecordedColumn| json!({"name": c.name, "category": c.category, "use": c.usage, "treatment": c.treatment});
    let tables: Vec<Value> = e
        .tables
        .iter()
        .map(|t| json!({"table": t.table, "columns": t.columns.iter().map(column).collect::<Vec<_>>()}))
        .collect();
    fields(json!({
        "purpose": e.purpose,
        "purpose_iri": purposes.iri(e),
        "purpose_set_by": e.purpose_set_by,
        "legal_basis": e.basis,
        "legal_basis_iri": e.basis.as_deref().and_then(basis_iri),
        "recipient": e.recipient,
        "reason": e.reason,
        "unrestricted": e.unrestricted,
        "outcome": e.outcome,
        "rule": e.refusal.as_ref().map(|r| &r.rule),
        "tables": tables,
        "subjects": e.subjects,
        "subjects_seen": Some(&seen.subjects).filter(|seen| !seen.is_empty()),
        "subjects_more": Some(seen.more).filter(|more| *more > 0),
        "rows": completion.and_then(|c| c.rows),
        "command": e.action,
        "counts": Some(e.counts_in_words(completion)).filter(|words| !words.is_empty()),
    }))
}

/// Legal bases of GDPR Art. 6(1) in the W3C Data Privacy Vocabulary's extension EU-GDPR.
fn basis_iri(basis: &str) -> Option<&'static str> {
    Some(match basis {
        "consent" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
        "contract" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-b",
        "legal_obligation" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c",
        "vital_interests" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-d",
        "public_task" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-e",
        "legitimate_interests" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-f",
        _ => return None,
    })
}

fn session(out: &mut Map<String, Value>, e: &Recorded) {
    let refused = e.event == "login_refused";
    status(out, Some(!refused), e.sqlstate.as_deref(), e.reason.as_deref());
    out.extend([
        ("actor".into(), actor(e, &Value::Null)),
        ("user".into(), user(e)),
        ("session".into(), json!(e.session.as_ref().map(|uid| json!({"uid": uid})))),
        ("src_endpoint".into(), endpoint(e)),
    ]);
    if e.event == "purpose_change" {
        out.insert("privileges".into(), json!(e.to.as_ref().map_or(vec![], |to| vec![to])));
    } else {
        // Refused, it may have asked for no database yet.
        out.insert("service".into(), json!({"name": e.database.as_deref().unwrap_or("consentry")}));
        out.extend([("auth_protocol".into(), json!("SCRAM-SHA-256")), ("auth_protocol_id".into(), json!(99))]);
    }
}

/// In place of a name that an event does not have and OCSF asks for.
const UNKNOWN: &str = "unknown";

fn user(e: &Recorded) -> Value {
    let known = e.user.as_deref();
    json!({"name": known.unwrap_or(UNKNOWN), "type_id": u8::from(known.is_some()), "groups": e.role.as_ref().map(|r| json!([{"name": r}]))})
}

fn actor(e: &Recorded, authorizations: &Value) -> Value {
    json!({
        "user": user(e),
        "session": e.session.as_ref().map(|uid| json!({"uid": uid})),
        "app_name": e.client.as_ref().and_then(|c| c.application_name.as_ref()),
        "authorizations": authorizations,
    })
}

fn endpoint(e: &Recorded) -> Value {
    match &e.client {
        Some(client) if client.address.parse::<std::net::IpAddr>().is_ok() => json!({"ip": client.address}),
        Some(client) => json!({"name": client.address}),
        None => json!({"name": UNKNOWN}),
    }
}

/// Absent is not null in OCSF.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
