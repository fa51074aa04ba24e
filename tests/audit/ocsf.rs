//! The export in OCSF against the published schema 1.4.0 (`ocsf-1.4.0.json`: of schema.ocsf.io's classes and objects what
//! the export uses, with their attributes, which of them are required, their enumerations and constraints).

use std::collections::BTreeMap;

use consentry::audit::event::{
    Client, Completion, DeedOutcome, Ending, Event, Login, LoginRefused, PolicyReload, PurposeChange, RefusalRecord,
    ServerReload, SessionEnd, SubjectsSeen, Upkeep, UpkeepCount, UpkeepDone,
};
use consentry::audit::export::{Dialect, Purposes, export};
use consentry::audit::filter::Filter;
use consentry::audit::{Config, Recorder};
use consentry::config::folder::read_policy;
use consentry::engine::cleared::Outcome;
use consentry::engine::policy::resolve::digest;
use serde_json::{Value, json};

use crate::cli::{audit, stdout};
use crate::support::{completion, decision, decision_of, what, who};

fn schema() -> Value {
    serde_json::from_str(include_str!("ocsf-1.4.0.json")).unwrap()
}

/// What of `value` is not as `of` (a class or an object) has it.
fn faults(schema: &Value, of: &Value, value: &Value, at: &str, all: &mut Vec<String>) {
    let (attributes, fields) = (of["attributes"].as_object().unwrap(), value.as_object().unwrap());
    for (name, field) in fields {
        let at = format!("{at}/{name}");
        let Some(attribute) = attributes.get(name) else {
            all.push(format!("{at} is not in 1.4.0"));
            continue;
        };
        let items = if attribute["array"] == true { field.as_array().cloned() } else { Some(vec![field.clone()]) };
        let Some(items) = items else {
            all.push(format!("{at} is no array"));
            continue;
        };
        for item in &items {
            if attribute["enum"].as_array().is_some_and(|known| !known.contains(item)) {
                all.push(format!("{at} is {item}"));
            }
            match (attribute["object"].as_str(), attribute["type"].as_str()) {
                (Some("object"), _) if item.is_object() => {}
                (Some(object), _) if item.is_object() => faults(schema, &schema["objects"][object], item, &at, all),
                (None, Some("integer_t" | "long_t" | "timestamp_t" | "port_t")) if item.is_i64() => {}
                (None, Some("boolean_t")) if item.is_boolean() => {}
                (None, Some("string_t" | "username_t" | "ip_t" | "hostname_t")) if item.is_string() => {}
                _ => all.push(format!("{at} is {item}")),
            }
        }
    }
    let required = attributes.iter().filter(|(_, a)| a["required"] == true).map(|(name, _)| name);
    all.extend(required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{at}/{name} is missing")));
    let given =
        |names: &Value| names.as_array().unwrap().iter().filter(|n| fields.contains_key(n.as_str().unwrap())).count();
    let any = of.get("at_least_one").is_none_or(|names| given(names) > 0);
    if !any || of.get("just_one").is_some_and(|names| given(names) != 1) {
        all.push(format!("{at} breaks {of}"));
    }
}

/// An event of every kind that has words, with as little in it as it may have.
fn events(recorder: &Recorder) -> Vec<Event> {
    let [session, user, role, database] = ["5e55", "app", "crm_app", "crm"].map(str::to_owned);
    let mut refused = what();
    refused.outcome = Outcome::Refused;
    refused.refusal = Some(RefusalRecord { rule: "r".into(), sqlstate: "42501".into(), message: "no".into() });
    let mut unrestricted = what();
    (unrestricted.unrestricted, unrestricted.purpose, unrestricted.basis) = (true, None, None);
    let mut nothing = what();
    (nothing.tables, nothing.rules, nothing.sql) = (vec![], vec![], String::new());
    let seen = vec![recorder.subject_hash("customer", "7").unwrap(), recorder.subject_hash("customer", "8").unwrap()];
    let failed = Completion {
        statement: "unrestricted".into(),
        outcome: Ending::Error,
        sqlstate: Some("57014".into()),
        rows: 0,
        bytes: 0,
        ms: 0.5,
    };
    let nobody = Client { address: "[local]".into(), application_name: None };
    let counts = vec![UpkeepCount { table: "public.chat".into(), what: "deleted", rows: 3 }];
    let deed = |deed: &str| Upkeep {
        deed: deed.into(),
        action: "erasure",
        user: "ops".into(),
        database: "crm".into(),
        purpose: None,
        counts: counts.clone(),
        subjects: vec![],
        policy: "digest".into(),
    };
    vec![
        decision("changed"),
        Event::SubjectsSeen(SubjectsSeen { statement: "changed".into(), subjects: seen, more: 3 }),
        completion("changed"),
        decision_of(who("eve"), refused, "refused"),
        decision_of(who("dba"), unrestricted, "unrestricted"),
        Event::Completion(failed),
        decision_of(who("app"), nothing, "nothing"),
        Event::Login(Login {
            session: session.clone(),
            user: user.clone(),
            role: "crm_app".into(),
            purpose: None,
            purpose_set_by: "default",
            client: nobody.clone(),
            database: "crm".into(),
            tls: None,
        }),
        Event::LoginRefused(LoginRefused {
            session: session.clone(),
            user: None,
            role: None,
            client: nobody,
            database: None,
            sqlstate: "28P01".into(),
            reason: "wrong password",
        }),
        Event::PurposeChange(PurposeChange {
            session: session.clone(),
            user: user.clone(),
            role: role.clone(),
            database: database.clone(),
            from: None,
            to: Some("marketing".into()),
            set_by: "set",
        }),
        Event::PurposeChange(PurposeChange {
            session: session.clone(),
            user: user.clone(),
            role: role.clone(),
            database: database.clone(),
            from: None,
            to: None,
            set_by: "set",
        }),
        Event::SessionEnd(SessionEnd {
            session,
            user,
            role,
            database,
            reason: "client terminated",
            statements: 1,
            refused: 0,
        }),
        Event::PolicyReload(PolicyReload { database: "crm".into(), from: None, to: None, problems: 1 }),
        Event::ServerReload(ServerReload {
            from: "a".into(),
            to: "b".into(),
            added: vec![],
            removed: vec![],
            changed: vec![],
            problems: 0,
        }),
        Event::Upkeep(deed("done")),
        Event::UpkeepDone(UpkeepDone { deed: "done".into(), outcome: DeedOutcome::Ok, sqlstate: None, counts: vec![] }),
        Event::Upkeep(deed("endless")),
    ]
}

async fn exported(dialect: Dialect, purposes: &Purposes) -> String {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("audit"));
    let recorder = Recorder::open(config.clone()).unwrap();
    for event in events(&recorder) {
        recorder.append(event).unwrap();
    }
    recorder.shutdown().await;
    let mut out = Vec::new();
    export(&config.folder, Filter::default(), dialect, purposes, &mut out, &mut |_| {}).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn every_event_is_valid_against_the_published_schema() {
    let (schema, text) = (schema(), exported(Dialect::Ocsf, &Purposes::default()).await);
    let mut kinds = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["metadata"]["version"], "1.4.0");
        let class = &schema["classes"][event["class_uid"].to_string()];
        let mut all = Vec::new();
        faults(&schema, class, &event, "", &mut all);
        assert_eq!(all, Vec::<String>::new(), "{event:#}");
        assert_eq!(event["unmapped"]["line_sha256"].as_str().unwrap().len(), 64);
        *kinds.entry(event["type_uid"].as_u64().unwrap()).or_insert(0) += 1;
    }
    let all = [
        (300_201, 2),
        (300_202, 1),
        (300_301, 2),
        (600_203, 1),
        (600_204, 1),
        (600_208, 2),
        (600_504, 4),
        (600_507, 2),
    ];
    assert_eq!(kinds, BTreeMap::from(all));
}

/// The checker itself finds what j5 found.
#[test]
fn the_checker_finds_what_is_not_in_1_4_0() {
    let schema = schema();
    let event = json!({
        "activity_id": 1, "category_uid": 3, "class_uid": 3003, "type_uid": 300_301, "severity_id": 1, "time": 1,
        "metadata": {"version": "1.4.0", "product": {"name": "x"}}, "user": {"type_id": 1}, "service": {}, "raw_data_size": 7,
    });
    let mut all = Vec::new();
    faults(&schema, &schema["classes"]["3003"], &event, "", &mut all);
    all.iter_mut().for_each(|fault| fault.truncate(fault.find('{').unwrap_or(fault.len())));
    all.sort();
    assert_eq!(all, [" breaks ", "/raw_data_size is not in 1.4.0", "/service is not in 1.4.0", "/user breaks "]);
}

/// The same by the command: of the policy that is named, with the vocabulary's prefixes written out.
#[tokio::test]
async fn the_command_reads_the_terms_of_a_policy() {
    let dir = tempfile::tempdir().unwrap();
    let policy = dir.path().join("policy.toml");
    std::fs::write(
        &policy,
        "[purpose.marketing]\ndescription = \"x\"\nbasis = \"consent\"\ndpv = \"dpv:DirectMarketing\"\n",
    )
    .unwrap();
    let mut judged = what();
    judged.policy = digest(&read_policy(&policy).unwrap());
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    recorder.append(decision_of(who("app"), judged, "judged")).unwrap();
    recorder.append(decision("other")).unwrap();
    recorder.shutdown().await;
    let text = stdout(&audit(dir.path(), &["export", "--format", "ocsf", "--policy", "policy.toml"]));
    let events = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let terms: Vec<Value> =
        events.filter(|e| e["class_uid"] == 6005).map(|e| e["unmapped"]["purpose_iri"].clone()).collect();
    assert_eq!(terms, [json!("https://w3id.org/dpv#DirectMarketing"), Value::Null]);
    assert_eq!(audit(dir.path(), &["export", "--format", "ocsf", "--policy", "none"]).status.code(), Some(1));
}

/// Whom a result held is part of its statement; what a purpose is, the policy that judged the statement says.
#[tokio::test]
async fn persons_and_terms_of_purposes_are_exported() {
    let iris = BTreeMap::from([("marketing".to_owned(), "https://w3id.org/dpv#DirectMarketing".to_owned())]);
    let of_it = Purposes { policy: what().policy, iris: iris.clone() };
    let statement = |text: &str| -> Value {
        let all = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        let mut changed = all.filter(|e| e["metadata"]["correlation_uid"] == "changed");
        changed.next().unwrap()
    };
    let event = statement(&exported(Dialect::Ocsf, &of_it).await);
    assert_eq!(event["unmapped"]["purpose_iri"], "https://w3id.org/dpv#DirectMarketing");
    assert_eq!(event["unmapped"]["subjects_seen"].as_array().map(Vec::len), Some(2));
    assert_eq!(event["unmapped"]["subjects_more"], 3);
    let other = Purposes { policy: "another".into(), iris };
    assert!(statement(&exported(Dialect::Ocsf, &other).await)["unmapped"]["purpose_iri"].is_null());

    let cef = exported(Dialect::Cef, &Purposes::default()).await;
    let line = cef.lines().find(|l| l.contains("flexString2=changed")).unwrap();
    let (_, seen) = line.split_once("ConsentryConsentrySubjectsSeen=").unwrap();
    assert!(seen.split(' ').next().unwrap().split(',').count() == 2 && line.contains("SubjectsMore=3"), "{line}");
    assert!(cef.contains("flexString1Label=SQLSTATE flexString1=57014"), "{cef}");
    assert!(cef.contains("cs6Label=database cs6=crm") && !cef.contains("dhost="), "{cef}");
}
