//! The judge, without a database: every reason, channels, objections, ties (contract, section 3, "Valid consent").

use consentry::consent::standing::{Doubt, Record, judge};
use consentry::engine::catalog::QualifiedName;
use consentry::engine::policy::{Basis, Channel, ConsentSource, Purpose};

use crate::policy::purpose;

fn source(ledger: bool) -> ConsentSource {
    ConsentSource {
        table: 1,
        table_name: QualifiedName::new("public", "consents"),
        subject: "subject_id".into(),
        purpose: "purpose".into(),
        channel: Some("channel".into()),
        status: "status".into(),
        granted: vec!["granted".into(), "renewed".into()],
        objected: vec!["objected".into()],
        granted_at: None,
        withdrawn_at: None,
        expires_at: None,
        notice: None,
        recorded_at: ledger.then(|| "recorded_at".into()),
        withdrawn: None,
        source: None,
        recipient: None,
        event: None,
    }
}

fn marketing(notices: Option<&[&str]>) -> Purpose {
    Purpose {
        notices: notices.map(|n| n.iter().map(|s| (*s).to_owned()).collect()),
        ..purpose("marketing", Basis::Consent)
    }
}

fn yes(channel: Option<&str>) -> Record {
    Record {
        purpose: "marketing".into(),
        channel: channel.map(str::to_owned),
        status: "granted".into(),
        newest: true,
        ..Record::default()
    }
}

fn no(channel: Option<&str>, status: &str) -> Record {
    Record { status: status.into(), ..yes(channel) }
}

fn valid_on(records: &[Record]) -> Vec<Channel> {
    let standing = judge(&marketing(None), &source(false), records);
    standing.channels.into_iter().filter(|(_, v)| v.is_ok()).map(|(c, _)| c).collect()
}

#[test]
fn every_reason_is_given() {
    let cases = [
        (vec![], Doubt::NeverAsked),
        (vec![no(None, "expired")], Doubt::NotGranted),
        (vec![Record { withdrawn: true, ..yes(None) }], Doubt::Withdrawn),
        (vec![Record { expired: true, ..yes(None) }], Doubt::Expired),
        (vec![Record { future: true, ..yes(None) }], Doubt::NotYet),
        (vec![Record { purpose: "analytics".into(), ..yes(None) }], Doubt::NeverAsked),
        (vec![Record { newest: false, ..yes(None) }], Doubt::NeverAsked),
    ];
    for (records, doubt) in cases {
        assert_eq!(judge(&marketing(None), &source(false), &records).any, Err(vec![doubt]), "{records:?}");
    }
}

#[test]
fn any_of_the_granted_values_means_yes() {
    assert_eq!(judge(&marketing(None), &source(false), &[no(None, "renewed")]).any, Ok(()));
}

#[test]
fn notices_are_asked_for_only_where_the_purpose_names_them() {
    let under = |notice: Option<&str>| Record { notice: notice.map(str::to_owned), ..yes(None) };
    let judged = |record| judge(&marketing(Some(&["2024-05", "2025-03"])), &source(false), &[record]).any;
    assert_eq!(judged(under(Some("2025-03"))), Ok(()));
    assert_eq!(judged(under(Some("2023-01"))), Err(vec![Doubt::Notice]));
    assert_eq!(judged(under(None)), Err(vec![Doubt::Notice]));
}

#[test]
fn a_record_without_channel_is_for_all() {
    assert_eq!(valid_on(&[yes(None)]), Channel::ALL);
    assert_eq!(valid_on(&[yes(Some("sms")), no(Some("email"), "withdrawn")]), [Channel::Sms]);
    assert_eq!(valid_on(&[yes(None), no(Some("email"), "withdrawn")]), Channel::ALL, "one yes is enough");
}

#[test]
fn an_objection_contradicts_its_own_channel_or_all() {
    assert_eq!(valid_on(&[yes(Some("email")), no(None, "objected")]), []);
    assert_eq!(valid_on(&[yes(Some("email")), yes(Some("sms")), no(Some("email"), "objected")]), [Channel::Sms]);
    let standing = judge(&marketing(None), &source(false), &[no(Some("post"), "objected")]);
    assert_eq!((standing.objects, standing.objects_on), (false, vec![Channel::Post]));
}

#[test]
fn of_two_equally_new_rows_of_a_ledger_the_no_counts() {
    let tied = [yes(Some("email")), no(Some("email"), "withdrawn")];
    assert!(judge(&marketing(None), &source(true), &tied).any.is_err());
    assert_eq!(judge(&marketing(None), &source(false), &tied).any, Ok(()), "a state table has no older rows");
    let apart = [yes(Some("email")), no(Some("sms"), "withdrawn")];
    assert_eq!(judge(&marketing(None), &source(true), &apart).any, Ok(()));
}
