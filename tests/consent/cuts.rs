//! What holds follows from what people said, and not from how and in which order it is told: random histories, cut into
//! files and told in several ways, judged beside a plain reading of each person's choices.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::record::record;
use consentry::consent::standing::Standing;
use consentry::consent::target::Target;
use consentry::engine::policy::{Channel, Policy};

use crate::history::made;
use crate::import::Case;
use crate::policy;

const PEOPLE: usize = 240;

/// A choice as somebody made it, on a day of January 2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    person: usize,
    channel: Option<Channel>,
    act: Act,
    day: u32,
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn shuffled<T>(&mut self, mut all: Vec<T>) -> Vec<T> {
        for n in (1..all.len()).rev() {
            all.swap(n, self.roll(n + 1));
        }
        all
    }
}

fn histories(dice: &mut Dice) -> Vec<Said> {
    let channels = [None, None, Some(Channel::Email), Some(Channel::Email), Some(Channel::Sms)];
    let acts = [Act::Grant, Act::Grant, Act::Withdraw, Act::Withdraw, Act::Object];
    let mut all = Vec::new();
    for person in 1..=PEOPLE {
        for _ in 0..=dice.roll(7) {
            let (channel, act) = (channels[dice.roll(5)], acts[dice.roll(5)]);
            all.push(Said { person, channel, act, day: u32::try_from(dice.roll(6) + 1).unwrap() });
        }
    }
    all
}

fn file(lines: &[Said]) -> String {
    let mut file = "subject,purpose,choice,channel,time,source\n".to_owned();
    for said in lines {
        let act = match said.act {
            Act::Grant => "grant",
            Act::Withdraw => "withdraw",
            Act::Object => "object",
        };
        let channel = said.channel.map_or("", Channel::as_str);
        file.push_str(&format!("{},marketing,{act},{channel},2024-01-{:02},web\n", said.person, said.day));
    }
    file
}

/// What of these choices, all about the same, holds, and since when.
fn last(said: &[Said]) -> Option<(Act, u32)> {
    let agreed = said.iter().filter(|s| s.act == Act::Grant).map(|s| s.day).max();
    let refused = |act: Act| said.iter().filter(|s| s.act == act && Some(s.day) >= agreed).map(|s| s.day).max();
    let objected = refused(Act::Object).map(|day| (Act::Object, day));
    objected.or(refused(Act::Withdraw).map(|day| (Act::Withdraw, day))).or(agreed.map(|day| (Act::Grant, day)))
}

/// The channels on which somebody may be written to, and on which they object: `(a, b)` per channel.
fn plainly(said: &[Said]) -> Vec<(bool, bool)> {
    let of = |channel: Option<Channel>| said.iter().copied().filter(move |s| s.channel == channel);
    let own = |channel: Channel| {
        let mine: Vec<Said> = of(Some(channel)).collect();
        let ends = of(None).filter(|s| s.act == Act::Withdraw && !mine.is_empty());
        last(&mine.iter().copied().chain(ends).collect::<Vec<_>>())
    };
    let general = last(&of(None).collect::<Vec<_>>());
    let since = match general {
        Some((Act::Grant, day)) => Some(day),
        _ => None,
    };
    let objects = matches!(general, Some((Act::Object, _)));
    let out =
        |channel: Channel| matches!((own(channel), since), (Some((Act::Withdraw, day)), Some(since)) if day >= since);
    // Who withdraws one channel from a consent for all has one for each of the others, but not for one objected to.
    let split = said.iter().any(|s| s.channel.is_some() && s.act == Act::Withdraw && since.is_some_and(|d| s.day >= d));
    Channel::ALL
        .into_iter()
        .map(|channel| {
            let allowed = match own(channel) {
                Some((Act::Grant, _)) => !objects,
                Some((Act::Object, _)) => since.is_some() && !split,
                Some((Act::Withdraw, _)) | None => since.is_some() && !out(channel),
            };
            (allowed, objects || matches!(own(channel), Some((Act::Object, _))))
        })
        .collect()
}

fn judged(standing: &Standing) -> Vec<(bool, bool)> {
    standing.channels.iter().map(|(c, v)| (v.is_ok(), standing.objects_on.contains(c))).collect()
}

async fn with_people(name: &str) -> Case {
    let case = made(name).await;
    case.db.psql(&format!("INSERT INTO customers SELECT generate_series(10, {PEOPLE})"));
    case
}

/// The policy with the ledger in the state's place, as the comment that `consent init` prints says.
fn over_ledger(case: &Case) -> Policy {
    let mut policy = case.policy.clone();
    let source = policy.subjects.get_mut("customer").unwrap().consent.as_mut().unwrap();
    let (table, table_name) = policy::table(&case.catalog, "consentry.customer_ledger");
    (source.table, source.table_name) = (table, table_name);
    (source.granted_at, source.withdrawn_at, source.recorded_at) = (None, None, Some("event_time".into()));
    policy
}

/// Ways to tell it: whole, in files of some lines each, in whatever order or as it came.
fn ways(all: &[Said], dice: &mut Dice) -> Vec<(&'static str, Vec<Vec<Said>>)> {
    let by_day = |n: u32| all.iter().copied().filter(|s| s.day == n).collect::<Vec<_>>();
    let shuffled = dice.shuffled(all.to_vec());
    vec![
        ("whole", vec![all.to_vec()]),
        ("days", (1..=6).map(by_day).collect()),
        ("back", (1..=6).rev().map(by_day).collect()),
        ("mixed", shuffled.chunks(all.len() / 9 + 1).map(<[Said]>::to_vec).collect()),
    ]
}

fn told_in_order(way: &str) -> bool {
    ["whole", "days"].contains(&way)
}

const WHAT_WAS_SAID: &str = "SELECT subject_key, channel, status, event_time, source FROM consentry.customer_ledger
    WHERE event_type <> 'carried over' ORDER BY 1, 2, 3, 4";

#[tokio::test]
async fn what_holds_does_not_depend_on_how_a_history_is_cut() {
    let mut dice = Dice(20240101);
    let all = histories(&mut dice);
    let mut said = None;
    for (way, files) in ways(&all, &mut dice) {
        let mut case = with_people(&format!("cut_{way}")).await;
        for lines in &files {
            case.import_well(&file(lines)).await;
        }
        let ledger = case.db.psql(WHAT_WAS_SAID);
        assert_eq!(said.get_or_insert_with(|| ledger.clone()), &ledger, "{way}: the proof is what was said");
        for person in 1..=PEOPLE {
            let mine: Vec<Said> = all.iter().copied().filter(|s| s.person == person).collect();
            let (standing, _) = case.standing(&person.to_string(), "marketing").await;
            assert_eq!(judged(&standing), plainly(&mine), "{way}: {mine:?}");
        }
        let ledgers = over_ledger(&case);
        let state = std::mem::replace(&mut case.policy, ledgers);
        for person in 1..=PEOPLE {
            let mine: Vec<Said> = all.iter().copied().filter(|s| s.person == person).collect();
            let (standing, _) = case.standing(&person.to_string(), "marketing").await;
            let (ledger, plain) = (judged(&standing), plainly(&mine));
            // A yes that is told after what came later cannot be put before that in a ledger; a no can.
            let safe = std::iter::zip(&ledger, &plain).all(|(l, p)| l.0 <= p.0 && l.1 >= p.1);
            assert!(if told_in_order(way) { ledger == plain } else { safe }, "{way}, ledger: {mine:?} {ledger:?}");
        }
        case.policy = state;
        for _ in 0..3 {
            let part: Vec<Said> = all.iter().copied().filter(|_| dice.roll(3) == 0).collect();
            let again = case.import_well(&file(&part)).await;
            assert_eq!((again.added, again.changed, again.history), (0, 0, 0), "{way}: a part again");
        }
        assert_eq!(case.db.psql(WHAT_WAS_SAID), ledger, "{way}");
    }
}

/// The same by `consent grant`, `withdraw` and `object`, one after the other.
#[tokio::test]
async fn what_holds_does_not_depend_on_the_order_of_choices_told_late() {
    let mut dice = Dice(7);
    let all: Vec<Said> = histories(&mut dice).into_iter().filter(|s| s.person <= 30).collect();
    for (way, said) in [("in_order", all.clone()), ("out_of_order", dice.shuffled(all.clone()))] {
        let case = with_people(&format!("told_{way}")).await;
        let mut client = case.db.superuser().await;
        let target = Target::of(&case.policy, &case.catalog, "customer").unwrap();
        for s in &said {
            let choice = Choice {
                act: s.act,
                purpose: "marketing".into(),
                channel: s.channel,
                at: Some(format!("2024-01-{:02}T00:00:00Z", s.day).parse().unwrap()),
                provenance: Provenance::default(),
            };
            record(&mut client, &target, &s.person.to_string(), &choice, &mut |_| Ok(())).await.unwrap();
        }
        for person in 1..=30 {
            let mine: Vec<Said> = all.iter().copied().filter(|s| s.person == person).collect();
            let (standing, _) = case.standing(&person.to_string(), "marketing").await;
            assert_eq!(judged(&standing), plainly(&mine), "{way}: {mine:?}");
        }
    }
}
