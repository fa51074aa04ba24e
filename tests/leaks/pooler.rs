//! A pooler as PgBouncer is with `pool_mode = transaction`: all its clients share one connection to the server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::raw::message;

/// Starts it over `server`, a connection that has logged in; the port to connect to. It ends with the program.
pub fn start(server: TcpStream) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let server = Arc::new(Mutex::new(server));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = server.clone();
            // A client that leaves ends its thread.
            std::thread::spawn(move || serve(client, &server));
        }
    });
    port
}

fn serve(mut client: TcpStream, server: &Mutex<TcpStream>) -> std::io::Result<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut start_up = vec![0; i32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut start_up)?;
    client.write_all(&[message(b'R', &[0; 4]), message(b'K', &[0; 8]), message(b'Z', b"I")].concat())?;
    loop {
        let mut batch = Vec::new();
        loop {
            let (tag, frame) = frame(&mut client)?;
            if tag == b'X' {
                return Ok(());
            }
            batch.extend(frame);
            if matches!(tag, b'Q' | b'S') {
                break;
            }
        }
        let mut server = server.lock().expect("no holder panics");
        server.write_all(&batch)?;
        loop {
            let (tag, frame) = frame(&mut server)?;
            client.write_all(&frame)?;
            if tag == b'Z' {
                break;
            }
        }
    }
}

fn frame(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let mut frame = head.to_vec();
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    frame.resize(1 + length, 0);
    stream.read_exact(&mut frame[5..])?;
    Ok((head[0], frame))
}
