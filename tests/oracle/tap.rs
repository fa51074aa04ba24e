//! A relay between a client and the proxy that keeps every byte that goes to the client.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub struct Tap {
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Listens for one client, whose connection it passes on to `to` on this machine; gives the port to connect to.
    pub async fn listen(&self, to: u16) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let heard = self.heard.clone();
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.expect("the client connects");
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.expect("the proxy listens");
            relay(client, server, heard).await;
        });
        port
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.heard.lock().expect("no holder panics"))
    }
}

/// Until either side ends; an end of one side is no failure of the tap's.
async fn relay(client: TcpStream, server: TcpStream, heard: Arc<Mutex<Vec<u8>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from_server.read(&mut buffer).await {
        heard.lock().expect("no holder panics").extend_from_slice(&buffer[..n]);
        if to_client.write_all(&buffer[..n]).await.is_err() {
            break;
        }
    }
    up.abort();
}

/// The messages in `bytes`: type and whole frame. Bytes that make no frame are one last message of type 0.
pub fn frames(bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = rest.get(1..5).map(|l| 1 + u32::from_be_bytes([l[0], l[1], l[2], l[3]]) as usize);
        let Some(length) = length.filter(|l| *l <= rest.len()) else {
            frames.push((0, rest));
            break;
        };
        frames.push((rest[0], &rest[..length]));
        rest = &rest[length..];
    }
    frames
}
