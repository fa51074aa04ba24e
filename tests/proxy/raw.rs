//! A client that sends bytes, and reads answers as one line of text.
//!
//! `1 2 D:7,x C:SELECT 1 Z:I` is ParseComplete, BindComplete, a DataRow of two values, CommandComplete and ReadyForQuery;
//! an error is `E:42501`, and its message is in [`Raw::said`].

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};

/// Only a proxy that hangs waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Raw {
    stream: TcpStream,
    /// Fields of the last error: letter and text.
    pub error: Vec<(char, String)>,
    pub pid: i32,
    pub secret: i32,
    pub parameters: Vec<(String, String)>,
    /// Every byte that came.
    pub heard: Vec<u8>,
}

pub fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

fn strings(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|p| p.bytes().chain([0])).collect()
}

pub fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &strings(&[sql]))
}

pub fn parse(name: &str, sql: &str) -> Vec<u8> {
    message(b'P', &[strings(&[name, sql]), vec![0, 0]].concat())
}

/// All values in text, all results in text.
pub fn bind(portal: &str, statement: &str, values: &[&str]) -> Vec<u8> {
    let mut body = strings(&[portal, statement]);
    body.extend([0, 0]);
    body.extend(i16::try_from(values.len()).unwrap().to_be_bytes());
    for value in values {
        body.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend(value.as_bytes());
    }
    body.extend([0, 0]);
    message(b'B', &body)
}

pub fn execute(portal: &str, limit: i32) -> Vec<u8> {
    message(b'E', &[strings(&[portal]), limit.to_be_bytes().to_vec()].concat())
}

pub fn describe(kind: char, name: &str) -> Vec<u8> {
    message(b'D', &[vec![kind as u8], strings(&[name])].concat())
}

pub fn close(kind: char, name: &str) -> Vec<u8> {
    message(b'C', &[vec![kind as u8], strings(&[name])].concat())
}

pub fn sync() -> Vec<u8> {
    message(b'S', &[])
}

pub fn flush() -> Vec<u8> {
    message(b'H', &[])
}

pub fn startup(parameters: &[(&str, &str)], version: i32) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend(strings(&[name, value]));
    }
    body.push(0);
    [&i32::try_from(body.len() + 4).unwrap().to_be_bytes()[..], &body].concat()
}

impl Raw {
    /// A connection on which nothing was said.
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, error: Vec::new(), pid: 0, secret: 0, parameters: Vec::new(), heard: Vec::new() }
    }

    /// A session of `user`; panics with the server's words when it is refused.
    pub fn log_in(port: u16, user: &str, more: &[(&str, &str)]) -> Self {
        let mut raw = Self::open(port);
        let answer = raw.try_log_in(user, &super::password_of(user), more);
        assert_eq!(answer, "Z:I", "{:?}", raw.error);
        raw
    }

    /// Start-up and SCRAM; the last answer.
    pub fn try_log_in(&mut self, user: &str, password: &str, more: &[(&str, &str)]) -> String {
        let database = more.iter().find(|(name, _)| *name == "database").map_or("app", |(_, name)| name);
        let more: Vec<_> = more.iter().copied().filter(|(name, _)| *name != "database").collect();
        let parameters = [&[("user", user), ("database", database)][..], &more].concat();
        self.send(&startup(&parameters, 0x0003_0000));
        let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        loop {
            let Some((tag, body)) = self.frame() else { return "closed".into() };
            match (tag, body.get(..4)) {
                (b'R', Some([0, 0, 0, 10])) => {
                    let first = scram.message().to_vec();
                    let length = i32::try_from(first.len()).unwrap().to_be_bytes();
                    self.send(&message(b'p', &[strings(&["SCRAM-SHA-256"]), length.to_vec(), first].concat()));
                }
                (b'R', Some([0, 0, 0, 11])) => {
                    scram.update(&body[4..]).unwrap();
                    let next = scram.message().to_vec();
                    self.send(&message(b'p', &next));
                }
                (b'R', Some([0, 0, 0, 12])) => scram.finish(&body[4..]).unwrap(),
                (b'R', Some([0, 0, 0, 0])) => {}
                (b'K', _) => {
                    self.pid = i32::from_be_bytes(body[..4].try_into().unwrap());
                    self.secret = i32::from_be_bytes(body[4..8].try_into().unwrap());
                }
                _ => match self.tell(tag, &body).as_str() {
                    told if told.starts_with("S:") => {}
                    told => return told.to_owned(),
                },
            }
        }
    }

    /// What a login of `user` is told to make its proof with: salt and iterations.
    #[allow(dead_code)] // tests/proxy does
    pub fn salt_of(port: u16, user: &str) -> String {
        let mut raw = Self::open(port);
        raw.send(&startup(&[("user", user), ("database", "app")], 0x0003_0000));
        raw.frame().expect("an offer of SCRAM");
        let first = b"n,,n=,r=a nonce of the client";
        let length = i32::try_from(first.len()).unwrap().to_be_bytes();
        raw.send(&message(b'p', &[strings(&["SCRAM-SHA-256"]), length.to_vec(), first.to_vec()].concat()));
        let (_, body) = raw.frame().expect("an answer");
        let said = String::from_utf8(body[4..].to_vec()).unwrap();
        said.split_once(",s=").expect("a salt").1.to_owned()
    }

    /// Asks to cancel what runs in the session of this number and secret, and does not wait, as many clients do not.
    #[allow(dead_code)] // tests/proxy does
    pub fn cancel(port: u16, pid: i32, secret: i32) {
        Self::open(port).send(&[16i32, 80_877_102, pid, secret].map(i32::to_be_bytes).concat());
    }

    /// The connection, for someone else to go on with.
    #[allow(dead_code)] // tests/leaks does
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends all in one write, and reads as many ReadyForQuery as there are Query and Sync messages.
    pub fn exchange(&mut self, messages: &[Vec<u8>]) -> String {
        let readies = messages.iter().filter(|m| matches!(m[0], b'Q' | b'S')).count();
        self.send(&messages.concat());
        let mut answers = Vec::new();
        let mut seen = 0;
        while seen < readies {
            let answer = self.answer();
            seen += usize::from(answer.starts_with("Z:"));
            let closed = answer == "closed";
            answers.push(answer);
            if closed {
                break;
            }
        }
        answers.join(" ")
    }

    pub fn ask(&mut self, sql: &str) -> String {
        self.exchange(&[query(sql)])
    }

    /// The next message, told.
    pub fn answer(&mut self) -> String {
        match self.frame() {
            Some((tag, body)) => self.tell(tag, &body),
            None => "closed".into(),
        }
    }

    /// The last error's field.
    pub fn said(&self, letter: char) -> &str {
        self.error.iter().find(|(l, _)| *l == letter).map_or("", |(_, text)| text)
    }

    pub fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        match self.stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer in {PATIENCE:?}"),
            Err(_) => return None,
        }
        let length = i32::from_be_bytes(head[1..].try_into().unwrap());
        let mut body = vec![0; usize::try_from(length - 4).unwrap()];
        self.stream.read_exact(&mut body).ok()?;
        self.heard.extend(head.into_iter().chain(body.iter().copied()));
        Some((head[0], body))
    }

    fn tell(&mut self, tag: u8, body: &[u8]) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.iter().copied().take_while(|b| *b != 0).collect()).unwrap();
        match tag {
            b'Z' => format!("Z:{}", body[0] as char),
            b'C' => format!("C:{}", text(body)),
            b'D' => format!("D:{}", values(body).join(",")),
            b'E' => {
                self.error = fields(body);
                format!("E:{}", self.said('C'))
            }
            b'N' => format!("N:{}", fields(body).iter().find(|(l, _)| *l == 'M').map_or("", |(_, t)| t)),
            b'S' => {
                let name = text(body);
                let value = text(&body[name.len() + 1..]);
                self.parameters.push((name.clone(), value));
                format!("S:{name}")
            }
            b'A' => {
                let channel = text(&body[4..]);
                let payload = text(&body[4 + channel.len() + 1..]);
                format!("A:{channel},{payload}")
            }
            other => (other as char).to_string(),
        }
    }
}

fn values(body: &[u8]) -> Vec<String> {
    let mut rest = &body[2..];
    let mut all = Vec::new();
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let Ok(length) = usize::try_from(i32::from_be_bytes(*head)) else {
            all.push("null".into());
            rest = tail;
            continue;
        };
        all.push(String::from_utf8_lossy(&tail[..length]).into_owned());
        rest = &tail[length..];
    }
    all
}

fn fields(body: &[u8]) -> Vec<(char, String)> {
    body.split(|b| *b == 0)
        .filter(|f| !f.is_empty())
        .map(|f| (f[0] as char, String::from_utf8_lossy(&f[1..]).into_owned()))
        .collect()
}
