//! Property: an opening packet is read alike however much follows it, holds what it says and no more, and no bytes make a
//! panic.

use consentry::wire::startup::{MAX_STARTUP_PACKET, Opening, read};

use super::mutate::bytes;

fn seeds() -> Vec<Vec<u8>> {
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

#[test]
fn openings_are_read_alike_and_hold_what_they_say() {
    let seeds = seeds();
    let (mut good, mut bad) = (0_u64, 0_u64);
    super::fuzz(|random| {
        let seed = random.below(seeds.len());
        let input = bytes(random, &seeds[seed]);
        let Ok(Some((opening, length))) = read(&input) else {
            bad += 1;
            return;
        };
        good += 1;
        assert!(length <= input.len() && length <= MAX_STARTUP_PACKET);
        let alone = read(&input[..length]).expect("read before").expect("complete").0;
        assert_eq!(alone, opening, "{input:02x?}");
        assert!(!matches!(read(&input[..length - 1]), Ok(Some(_))), "it needs all of its bytes: {input:02x?}");
        if let Opening::Startup(startup) = opening {
            let named = startup.parameters.iter().map(|(n, v)| n.len() + v.len() + 2).sum::<usize>();
            assert!(named <= length && startup.parameters.iter().all(|(n, v)| !n.contains('\0') && !v.contains('\0')));
        }
    });
    assert!(good > 0 && bad > 0, "{good} read, {bad} not");
}
