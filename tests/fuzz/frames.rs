//! Property: frames are cut alike however their bytes arrive, what is read of one lies inside it, and no bytes make a panic.

use consentry::wire::frame::{HEADER, Malformed, client_frame, copy_frame};
use consentry::wire::frontend::{Message, read};

use super::mutate::{Random, bytes};

fn seeds() -> Vec<Vec<u8>> {
    let frame = |tag: u8, body: &[u8]| {
        let mut out = Vec::new();
        copy_frame(&mut out, tag, body).expect("short");
        out
    };
    let parse = frame(b'P', b"s\0SELECT $1::int\0\0\x01\0\0\0\x17");
    let bind = frame(b'B', b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\x01\0\0");
    let execute = frame(b'E', b"p\0\0\0\0\0");
    let all = [
        frame(b'Q', b"SELECT 1\0"),
        parse,
        bind,
        frame(b'D', b"Ss\0"),
        execute,
        frame(b'C', b"Pp\0"),
        frame(b'S', b""),
    ];
    let copy =
        [frame(b'd', b"1\tx\n"), frame(b'c', b""), frame(b'f', b"no\0"), frame(b'X', b""), frame(b'F', b"\0\0\0\x01")];
    all.iter().chain(&copy).cloned().chain([all.concat(), copy.concat(), Vec::new()]).collect()
}

type Cut = (Vec<(u8, Vec<u8>)>, Option<Malformed>);

/// All frames at the start of `bytes`, how many bytes they took, and what is wrong with the next one.
fn cut(mut bytes: &[u8]) -> (Cut, usize) {
    let (mut frames, all) = (Vec::new(), bytes.len());
    loop {
        match client_frame(bytes) {
            Ok(Some((tag, body))) => {
                frames.push((tag, body.to_vec()));
                bytes = &bytes[HEADER + body.len()..];
            }
            Ok(None) => return ((frames, None), all - bytes.len()),
            Err(fault) => return ((frames, Some(fault)), all - bytes.len()),
        }
    }
}

/// The same, with the bytes arriving in pieces.
fn cut_in_pieces(random: &mut Random, bytes: &[u8]) -> Cut {
    let (mut arrived, mut rest, mut all) = (Vec::new(), bytes, Vec::new());
    loop {
        let ((frames, fault), taken) = cut(&arrived);
        all.extend(frames);
        arrived.drain(..taken);
        if fault.is_some() || rest.is_empty() {
            return (all, fault);
        }
        let (piece, left) = rest.split_at((1 + random.below(9)).min(rest.len()));
        arrived.extend_from_slice(piece);
        rest = left;
    }
}

fn read_all(body: &[u8], tag: u8) {
    let inside = |part: &[u8]| part.is_empty() || body.as_ptr_range().contains(&part.as_ptr());
    match read(tag, body) {
        Ok(Message::Query(sql)) => assert_eq!([sql.as_bytes(), b"\0"].concat(), body),
        Ok(Message::Parse(p)) => {
            assert_eq!([p.name.as_bytes(), b"\0", p.sql.as_bytes(), b"\0", p.types].concat(), body);
        }
        Ok(Message::Bind(b)) => {
            assert_eq!([b.portal.as_bytes(), b"\0", b.statement.as_bytes(), b"\0", b.rest].concat(), body);
            for n in (0..9).chain([u16::MAX]) {
                let value = b.parameter(n).and_then(|p| p.value).unwrap_or_default();
                assert!(inside(value), "a parameter lies outside of its message");
                b.has_binary_result(usize::from(n));
            }
        }
        Ok(_) | Err(_) => {}
    }
}

#[test]
fn frames_are_cut_alike_and_read_inside_of_themselves() {
    let seeds = seeds();
    let (mut cut_well, mut faulty) = (0_u64, 0_u64);
    super::fuzz(|random| {
        let seed = random.below(seeds.len());
        let input = bytes(random, &seeds[seed]);
        let (whole, _) = cut(&input);
        assert_eq!(cut_in_pieces(random, &input), whole, "{input:02x?}");
        whole.0.iter().for_each(|(tag, body)| read_all(body, *tag));
        cut_well += whole.0.len() as u64;
        faulty += u64::from(whole.1.is_some());
    });
    assert!(cut_well > 0 && faulty > 0, "{cut_well} frames, {faulty} faults");
}
