//! Property: an opening packet is read alike however much follows it, holds what it says and no more; what a start-up asks for
//! stands in it and nothing that only the proxy may set is passed on; and no bytes make a panic.

use consentry::session::startup;
use consentry::wire::startup::{MAX_STARTUP_PACKET, Opening, Startup, read};

pub fn seeds() -> Vec<Vec<u8>> {
    let packet = |code: [u8; 4], body: &[u8]| {
        let length = i32::try_from(body.len() + 8).expect("short").to_be_bytes();
        [&length[..], &code, body].concat()
    };
    let startup = b"user\0ana\0database\0crm\0options\0-c consentry.purpose=x --search_path=a\\ b\0_pq_.x\0y\0\0";
    vec![
        packet([0, 3, 0, 0], startup),
        packet([0, 3, 0, 2], b"user\0a\0\0"),
        packet([0x04, 0xd2, 0x16, 0x2f], b""),
        packet([0x04, 0xd2, 0x16, 0x30], b""),
        packet([0x04, 0xd2, 0x16, 0x2e], &[0, 0, 0, 7, 1, 2, 3, 4]),
        Vec::new(),
    ]
}

/// Panics where the property does not hold; `None`: it is no complete opening.
pub fn holds(input: &[u8]) -> Option<Opening> {
    let (opening, length) = read(input).ok().flatten()?;
    assert!(length <= input.len() && length <= MAX_STARTUP_PACKET);
    let alone = read(&input[..length]).expect("read before").expect("complete").0;
    assert_eq!(alone, opening, "{input:02x?}");
    assert!(!matches!(read(&input[..length - 1]), Ok(Some(_))), "it needs all of its bytes: {input:02x?}");
    match &opening {
        Opening::Startup(startup) => started(startup, length),
        Opening::Cancel { pid, secret } => assert_eq!([&pid.to_be_bytes(), &secret[..]].concat(), input[8..length]),
        Opening::Ssl | Opening::GssEncryption => assert_eq!(length, 8),
    }
    Some(opening)
}

fn started(startup: &Startup, length: usize) {
    let named = startup.parameters.iter().map(|(n, v)| n.len() + v.len() + 2).sum::<usize>();
    let optional = startup.protocol_options.iter().map(|name| name.len() + 2).sum::<usize>();
    assert!(named + optional <= length);
    assert!(startup.parameters.iter().all(|(n, v)| !n.contains('\0') && !v.contains('\0')));
    let Ok(asked) = startup::read(&startup.parameters) else { return };
    for (name, value) in &asked.passed {
        assert!(!matches!(name.as_str(), "role" | "session_authorization" | "client_encoding"), "{name} is passed on");
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.$".contains(c));
        assert!(plain && !name.starts_with("consentry."), "{name:?} is passed on");
        assert!(!value.contains('\0'), "{name:?} = {value:?} is passed on");
    }
}
