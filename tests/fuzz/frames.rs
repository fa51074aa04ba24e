//! Property: frames are cut alike however their bytes arrive, what is read of one, as a client's message or as a server's,
//! lies inside it, what is written again is read as it was, and no bytes make a panic.

use consentry::wire::backend::{self, Authentication, Status};
use consentry::wire::error::{Fields, byte_offset, character_position};
use consentry::wire::frame::{HEADER, Malformed, client_frame, copy_frame};
use consentry::wire::frontend::{Message, read};

use super::mutate::Random;

pub fn seeds() -> Vec<Vec<u8>> {
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
    let server = [
        frame(b'R', b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
        frame(b'R', b"\0\0\0\x05salt"),
        frame(b'S', b"TimeZone\0UTC\0"),
        frame(b'K', b"\0\0\0\x07abcd"),
        frame(b'Z', b"T"),
        frame(b'C', b"INSERT 0 12\0"),
        frame(b'E', "SERROR\0VERROR\0C23505\0Mdoppelter Schlüssel\0DKey (a)=(b)\0P7\0\0".as_bytes()),
        frame(b'N', b"SNOTICE\0C00000\0Mx\0\0"),
    ];
    let single = all.iter().chain(&copy).chain(&server).cloned();
    single.chain([all.concat(), copy.concat(), server.concat(), Vec::new()]).collect()
}

pub type Cut = (Vec<(u8, Vec<u8>)>, Option<Malformed>);

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
fn cut_in_pieces(bytes: &[u8]) -> Cut {
    let mut random = Random::new(bytes.len() as u64);
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
            assert_eq!(p.type_oids().count() * 4 + 2, p.types.len());
        }
        Ok(Message::Bind(b)) => {
            assert_eq!([b.portal.as_bytes(), b"\0", b.statement.as_bytes(), b"\0", b.rest].concat(), body);
            for parameter in b.parameters() {
                assert!(inside(parameter.value.unwrap_or_default()), "a parameter lies outside of its message");
            }
            let formats = b.result_formats();
            for n in (0..9).chain([usize::from(u16::MAX)]) {
                let _ = formats.is_binary(n);
            }
        }
        Ok(_) | Err(_) => {}
    }
}

/// The same body as a message of the server.
fn read_as_servers(body: &[u8]) {
    if let Ok(status) = Status::read(body) {
        assert_eq!([status.byte()], body);
    }
    if let Ok(Authentication::Sasl { mechanisms }) = Authentication::read(body) {
        assert!(mechanisms.iter().map(|m| m.len() + 1).sum::<usize>() <= body.len());
    }
    if let Ok((name, value)) = backend::read_parameter(body) {
        let mut again = Vec::new();
        backend::parameter_status(&mut again, name, value).expect("it was short");
        assert_eq!(again[HEADER..], *body);
    }
    if let Ok((pid, secret)) = backend::read_key(body) {
        assert_eq!([&pid.to_be_bytes(), &secret[..]].concat(), body);
    }
    if let Ok(tag) = backend::read_command_tag(body) {
        assert!(backend::rows_in_tag(tag).is_none_or(|rows| tag.ends_with(|c: char| c.is_ascii_digit()) || rows == 0));
    }
    if let Ok(fields) = Fields::read(body) {
        let mut again = Vec::new();
        fields.put(&mut again, b'E').expect("it was short");
        assert!(body.starts_with(&again[HEADER..]), "what stands behind the fields' end is dropped, nothing else");
        for (_, text) in &fields.0 {
            let at = byte_offset(text, text.len() / 2);
            assert!(text.is_char_boundary(at));
            assert_eq!(byte_offset(text, character_position(text, at)), at);
        }
    }
}

/// Panics where the property does not hold.
pub fn holds(input: &[u8]) -> Cut {
    let (whole, _) = cut(input);
    assert_eq!(cut_in_pieces(input), whole, "{input:02x?}");
    for (tag, body) in &whole.0 {
        read_all(body, *tag);
        read_as_servers(body);
    }
    whole
}
