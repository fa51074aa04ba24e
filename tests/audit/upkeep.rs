//! The log of what commands did answers the same questions as the proxy's: a deed and its end go together as a statement's
//! decision and completion do.

use std::collections::BTreeMap;

use consentry::audit::event::{DeedOutcome, Event, Upkeep, UpkeepCount, UpkeepDone};
use consentry::audit::note::NoteSigner;
use consentry::audit::{Config, Log, Recorder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

use crate::cli::{audit, report, stdout};

fn count(what: &'static str, rows: u64) -> Vec<UpkeepCount> {
    vec![UpkeepCount { table: "public.chat".into(), what, rows }]
}

/// Puts deeds and ends on record as commands do: each opens the log for itself.
struct Keeper {
    dir: tempfile::TempDir,
}

impl Keeper {
    async fn put(&self, event: impl FnOnce(&Recorder) -> Event) {
        let config = Config {
            subject_keys: Some(self.dir.path().join("audit-keys/subjects")),
            log: Log::Upkeep,
            patience: std::time::Duration::from_secs(60),
            key: Some(self.dir.path().join("the.key")),
            ..Config::new(self.dir.path().join("audit-upkeep"))
        };
        let recorder = Recorder::open(config).unwrap();
        recorder.append(event(&recorder)).unwrap();
        recorder.shutdown().await;
    }

    async fn begin(&self, deed: &str, user: &str, about: &str, counts: Vec<UpkeepCount>) {
        let (action, purpose) = match deed {
            "agree" => ("choice", Some("marketing".to_owned())),
            "copy" => ("export", None),
            _ => ("erasure", None),
        };
        let deed = deed.to_owned();
        let [user, database, policy] = [user, "app", "digest"].map(str::to_owned);
        self.put(|recorder| {
            let subjects = vec![recorder.subject_hash("customer", about).unwrap()];
            Event::Upkeep(Upkeep { deed, action, user, database, purpose, counts, subjects, policy })
        })
        .await;
    }

    async fn end(&self, deed: &str, outcome: DeedOutcome, sqlstate: Option<&str>, counts: Vec<UpkeepCount>) {
        let (deed, sqlstate) = (deed.to_owned(), sqlstate.map(str::to_owned));
        self.put(|_| Event::UpkeepDone(UpkeepDone { deed, outcome, sqlstate, counts })).await;
    }
}

/// In this order of lines: an erasure that was done, one that failed while a choice was made, an export that was cut off,
/// and an erasure of which nobody knows.
async fn sample() -> Keeper {
    let dir = tempfile::tempdir().unwrap();
    stdout(&audit(dir.path(), &["keygen", "the.key"]));
    let keeper = Keeper { dir };
    keeper.begin("erase", "keeper", "42", count("deleted", 3)).await;
    keeper.end("erase", DeedOutcome::Ok, None, vec![]).await;
    keeper.begin("fail", "keeper", "42", count("deleted", 4)).await;
    keeper.begin("agree", "clerk", "43", count("written", 1)).await;
    keeper.end("agree", DeedOutcome::Ok, None, vec![]).await;
    keeper.end("fail", DeedOutcome::Error, Some("40001"), vec![]).await;
    keeper.begin("copy", "clerk", "42", vec![]).await;
    keeper.end("copy", DeedOutcome::Error, None, count("exported", 7)).await;
    keeper.begin("killed", "keeper", "43", count("deleted", 5)).await;
    keeper
}

fn folder(arguments: &[&'static str], filter: &[&'static str]) -> Vec<&'static str> {
    [arguments, &["audit-upkeep"], filter].concat()
}

#[tokio::test]
async fn filters_part_no_deed_from_its_end() {
    let keeper = sample().await;
    let dir = keeper.dir.path();
    for (filter, shown, reported) in [
        (&["--subject", "customer:43"][..], "agree agree killed", "agree:ok killed:-"),
        (&["--subject", "customer:42", "--outcome", "ok"], "erase erase", "erase:ok"),
        (&["--outcome", "error"], "fail fail copy copy", "fail:error copy:error"),
        (&["--user", "clerk"], "agree agree copy copy", "agree:ok copy:error"),
        (&["--user", "clerk", "--outcome", "ok"], "agree agree", "agree:ok"),
        (&["--purpose", "marketing"], "agree agree", "agree:ok"),
        (&["--table", "chat", "--user", "clerk"], "agree agree copy copy", "agree:ok copy:error"),
        (&["--table", "public.orders"], "", ""),
        (&["--event", "upkeep"], "erase fail agree copy killed", "erase:ok fail:error agree:ok copy:error killed:-"),
        (&["--event", "upkeep_done"], "erase agree fail copy", "erase:ok fail:error agree:ok copy:error"),
        (&["--outcome", "refused"], "", ""),
        (&["--role", "app"], "", ""),
        (&["--column", "chat.text"], "", ""),
        (&["--until", "2020-01-01"], "", ""),
    ] {
        let lines = stdout(&audit(dir, &folder(&["show", "--format", "json"], filter)));
        let lines = lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        let deeds: Vec<String> = lines.filter_map(|l| l["deed"].as_str().map(str::to_owned)).collect();
        assert_eq!(deeds.join(" "), shown, "{filter:?}");
        // As they are counted, so are they told apart.
        let named = |c: &Value| match c["counts"].as_str().unwrap() {
            "public.chat: 3 deleted" => "erase",
            "public.chat: 4 deleted" => "fail",
            "public.chat: 1 written" => "agree",
            "public.chat: 7 exported" => "copy",
            "public.chat: 5 deleted" => "killed",
            other => panic!("{other}"),
        };
        let r = report(dir, &folder(&[], filter));
        let runs = r["commands"].as_array().unwrap().iter();
        let runs: Vec<String> =
            runs.map(|c| format!("{}:{}", named(c), c["outcome"].as_str().unwrap_or("-"))).collect();
        assert_eq!(runs.join(" "), reported, "{filter:?}");
        for format in ["cef", "ocsf"] {
            let exported = stdout(&audit(dir, &folder(&["export", "--format", format], filter)));
            let of_deeds = exported.lines().filter(|l| l.contains("public.chat")).count();
            assert_eq!(of_deeds, runs.len(), "{format} {filter:?}: {exported}");
        }
    }
}

#[tokio::test]
async fn a_deed_is_told_with_its_end() {
    let keeper = sample().await;
    let dir = keeper.dir.path();
    let verdict = audit(dir, &folder(&["verify", "--key", "the.key.pub", "--upkeep"], &["--format", "json"]));
    let verdict: Value = serde_json::from_str(&stdout(&verdict)).unwrap();
    assert_eq!((&verdict["deeds"], &verdict["deeds_without_end"]), (&5.into(), &1.into()));
    let notice = json!({"notice": "deed_without_end", "seq": 26, "action": "erasure", "deed": "killed"});
    assert_eq!((&verdict["findings"], &verdict["notices"]), (&json!([]), &json!([notice])));

    let told = stdout(&audit(dir, &folder(&["report", "--upkeep", "--key", "the.key.pub"], &[])));
    let ends = |rows: &str| {
        let row = told.lines().find(|l| l.contains(rows)).unwrap_or_else(|| panic!("{told}"));
        row.split_once(rows).unwrap().1.trim().to_owned()
    };
    assert!(told.starts_with("whole"), "{told}");
    let all = [3, 4, 5].map(|n| ends(&format!("public.chat: {n} deleted")));
    assert_eq!(all, ["yes", "no: 40001", "not known: no end on record"]);
    assert_eq!(ends("public.chat: 7 exported"), "failed");
    let page = stdout(&audit(dir, &folder(&["report", "--format", "html"], &[])));
    assert!(page.contains("<td>not known: no end on record</td>"), "{page}");

    let shown = stdout(&audit(dir, &folder(&["show"], &["--user", "keeper"])));
    let words: Vec<&str> = shown.lines().map(|l| l.split_once("Z ").unwrap().1.trim()).collect();
    assert!(words[0].starts_with("upkeep   keeper in app: erasure public.chat: 3 deleted; about "), "{shown}");
    assert_eq!(words[1], "ok       took effect erase");
    assert_eq!(words[3], "error    did not take effect, 40001 fail");
}

#[tokio::test]
async fn a_deed_and_its_end_are_exported_as_one() {
    let keeper = sample().await;
    let dir = keeper.dir.path();
    let cef = stdout(&audit(dir, &folder(&["export", "--format", "cef", "--event", "upkeep"], &[])));
    let of = |rows: &str| cef.lines().find(|l| l.contains(rows)).unwrap_or_else(|| panic!("{cef}"));
    assert_eq!(cef.lines().count(), 5, "{cef}");
    for (rows, name, outcome) in [
        (
            "cs4=public.chat: 3 deleted",
            "|Stored data changed or exported by a command|3|",
            Some("act=erasure outcome=ok"),
        ),
        (
            "cs4=public.chat: 4 deleted",
            "|Command that would change or export stored data failed|3|",
            Some("outcome=error"),
        ),
        (
            "cs4=public.chat: 7 exported",
            "|Command that would change or export stored data failed|3|",
            Some("act=export outcome=error"),
        ),
        ("cs4=public.chat: 5 deleted", "|Command that changes or exports stored data, of unknown end|4|", None),
    ] {
        let line = of(rows);
        assert!(line.contains(name) && outcome.is_none_or(|words| line.contains(words)), "{line}");
        assert_eq!(line.contains("outcome="), outcome.is_some(), "{line}");
    }

    let ocsf = stdout(&audit(dir, &folder(&["export", "--format", "ocsf", "--event", "upkeep"], &[])));
    let ocsf = ocsf.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let by_deed: BTreeMap<String, Value> =
        ocsf.map(|e| (e["metadata"]["correlation_uid"].as_str().unwrap().to_owned(), e)).collect();
    let told = |deed: &str| {
        let e = &by_deed[deed];
        (e["type_uid"].clone(), e["status"].clone(), e["status_code"].clone(), e["unmapped"]["counts"].clone())
    };
    let words = |uid: u64, status: &str, code: Value, counts: &str| (uid.into(), status.into(), code, counts.into());
    assert_eq!(told("erase"), words(600_507, "Success", Value::Null, "public.chat: 3 deleted"));
    assert_eq!(told("fail"), words(600_507, "Failure", "40001".into(), "public.chat: 4 deleted"));
    assert_eq!(told("copy"), words(600_501, "Failure", Value::Null, "public.chat: 7 exported"));
    assert_eq!(told("killed"), words(600_507, "Unknown", Value::Null, "public.chat: 5 deleted"));

    let table = audit(dir, &folder(&["export", "--format", "parquet", "--event", "upkeep"], &[]));
    let file = SerializedFileReader::new(bytes::Bytes::from(table.stdout)).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(|row| row.unwrap());
    let rows = rows.map(|row| row.get_column_iter().map(|(n, f)| (n.clone(), f.clone())).collect::<BTreeMap<_, _>>());
    let rows: Vec<String> = rows
        .map(|row| {
            let text = |name: &str| match &row[name] {
                Field::Str(text) => text.clone(),
                Field::Null => "-".to_owned(),
                other => panic!("{other}"),
            };
            let fields: Value = serde_json::from_str(&text("event_fields")).unwrap();
            let (deed, outcome) = (fields["deed"].as_str().unwrap(), text("completed_outcome"));
            format!("{deed} {outcome} {} {}", text("completed_sqlstate"), text("completed_counts"))
        })
        .collect();
    let exported = r#"copy error - [{"table":"public.chat","what":"exported","rows":7}]"#;
    assert_eq!(rows, ["erase ok - -", "agree ok - -", "fail error 40001 -", exported, "killed - - -"]);

    let lines = stdout(&audit(dir, &folder(&["export", "--format", "jsonl", "--outcome", "error"], &[])));
    assert_eq!(lines.lines().filter(|l| l.contains("upkeep_done")).count(), 2, "{lines}");
}

/// Older versions gave deeds no names, and put no ends on record: they are read, and nothing is claimed of them.
#[tokio::test]
async fn deeds_of_older_versions_are_read() {
    let keeper = sample().await;
    let dir = keeper.dir.path();
    let file = crate::support::segments(&dir.join("audit-upkeep")).pop().unwrap();
    let old = |l: &str| match serde_json::from_str::<Value>(l).unwrap()["event"].as_str() {
        Some("upkeep") => {
            let (head, tail) = l.split_once("\"deed\":\"").unwrap();
            format!("{head}{}\n", tail.split_once("\",").unwrap().1)
        }
        Some("upkeep_done") => String::new(),
        _ => format!("{l}\n"),
    };
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.lines().map(old).collect::<String>()).unwrap();
    let verdict = audit(dir, &folder(&["verify", "--key", "the.key.pub", "--upkeep"], &["--format", "json"]));
    let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert_eq!((&verdict["deeds"], &verdict["deeds_without_end"]), (&5.into(), &5.into()));
    let notices = verdict["notices"].as_array().unwrap();
    assert!(notices.contains(&json!({"notice": "ends_not_kept", "deeds": 5})), "{notices:?}");
    let r = report(dir, &folder(&["--user", "keeper"], &["--subject", "customer:42"]));
    let runs: Vec<&Value> = r["commands"].as_array().unwrap().iter().map(|c| &c["counts"]).collect();
    assert_eq!(runs, [&json!("public.chat: 3 deleted"), &json!("public.chat: 4 deleted")]);
    assert!(r["commands"].as_array().unwrap().iter().all(|c| c["outcome"] == Value::Null));
    let cef = stdout(&audit(dir, &folder(&["export", "--format", "cef", "--event", "upkeep"], &[])));
    assert_eq!(cef.lines().filter(|l| l.contains("of unknown end")).count(), 5, "{cef}");
    let shown = stdout(&audit(dir, &folder(&["show", "--event", "upkeep"], &[])));
    assert_eq!(shown.lines().count(), 5, "{shown}");
}

/// The report of the proxy's record tells what commands did too, where their log lies beside it, and whether that is sound.
#[tokio::test]
async fn the_log_beside_a_record_is_reported_with_it() {
    let keeper = sample().await;
    let dir = keeper.dir.path();
    let config = Config { key: Some(dir.join("the.key")), ..Config::new(dir.join("audit")) };
    let recorder = Recorder::open(config).unwrap();
    let ticket = recorder.append(crate::support::decision("s1")).unwrap();
    recorder.durable(&ticket).await.unwrap();
    recorder.append(crate::support::completion("s1")).unwrap();
    recorder.shutdown().await;
    let r = report(dir, &["--key", "the.key.pub"]);
    assert_eq!((&r["totals"]["statements"], r["commands"].as_array().unwrap().len()), (&1.into(), 5));
    assert_eq!((&r["upkeep"]["folder"], &r["upkeep"]["verdict"]["deeds"]), (&"audit-upkeep".into(), &5.into()));
    assert_eq!(report(dir, &["--subject", "customer:43"])["commands"].as_array().unwrap().len(), 2);
    let told = stdout(&audit(dir, &["report", "--key", "the.key.pub", "--user", "clerk"]));
    assert!(
        told.contains("\nand what commands did, in audit-upkeep:\nwhole: ") && told.contains("7 exported"),
        "{told}"
    );
    let nothing = audit(dir, &["report", "--user", "nobody"]);
    assert!(String::from_utf8(nothing.stderr).unwrap().starts_with("nothing is on record for: user nobody"));
    let page = stdout(&audit(dir, &["report", "--key", "the.key.pub", "--format", "html"]));
    assert!(page.contains("The record is whole") && page.contains("The log of what commands did is whole"), "{page}");
    assert!(page.contains("has no end on record, and nothing tells whether it took effect"), "{page}");

    let file = crate::support::segments(&dir.join("audit-upkeep")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("clerk", "other", 1)).unwrap();
    let damaged = audit(dir, &["report", "--key", "the.key.pub"]);
    assert_eq!(damaged.status.code(), Some(1));
    let told = String::from_utf8(damaged.stdout).unwrap();
    assert!(told.starts_with("whole: ") && told.contains("in audit-upkeep:\ndamaged: line "), "{told}");

    // What cannot be read takes nothing away from what can.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let told = stdout(&audit(dir, &["report", "--key", "the.key.pub"]));
    assert!(told.contains("\nnot known: cannot read audit-upkeep: ") && told.contains("1 statements"), "{told}");
    let page = stdout(&audit(dir, &["report", "--format", "html"]));
    assert!(page.contains("What commands did is not known"), "{page}");
}

/// Two that find no key both make one: the first that is in its place counts, whole, for both.
#[test]
fn a_key_that_two_make_at_once_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/signing.key");
    let [first, second] = ["a", "b"].map(|name| NoteSigner::generate(name).unwrap());
    assert!(first.save_if_first(&path).unwrap());
    assert!(!second.save_if_first(&path).unwrap());
    assert_eq!(second.save(&path).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(NoteSigner::load(&path).unwrap().verifier().to_string(), first.verifier().to_string());
    let public = std::fs::read_to_string(folder.path().join("keys/signing.key.pub")).unwrap();
    assert_eq!(public.trim(), first.verifier().to_string());
    assert_eq!(std::fs::read_dir(folder.path().join("keys")).unwrap().count(), 2, "no drafts are left");

    let config = Config::new(folder.path().join("audit"));
    let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..16).map(|_| scope.spawn(|| config.derived_key("x").unwrap())).collect();
        made.into_iter().map(|key| key.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}
