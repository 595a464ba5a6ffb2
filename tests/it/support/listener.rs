//! The other end of a webhook.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::machine::until;

/// Takes one request and answers that all is well; returns the request's first line and body.
pub(crate) fn one_request(listener: &TcpListener) -> (String, String) {
    listener.set_nonblocking(true).unwrap();
    let mut stream = None;
    until("a request comes", || {
        stream = listener.accept().ok();
        stream.is_some()
    });
    let (stream, _) = stream.unwrap();
    stream.set_nonblocking(false).unwrap();
    let request = read_request(&stream).unwrap();
    write_answer(&stream).unwrap();
    request
}

/// Returns the first line and the body of a request.
fn read_request(stream: &TcpStream) -> io::Result<(String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((first, String::from_utf8(body).unwrap()))
}

fn write_answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
}

/// Counts the requests to each path, as long as the process lives.
#[derive(Clone)]
pub(crate) struct Counter {
    address: SocketAddr,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

impl Counter {
    /// Begins to listen on the loopback.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let counter = Self {
            address: listener.local_addr().unwrap(),
            counts: Arc::default(),
        };
        let counts = Arc::clone(&counter.counts);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let counts = Arc::clone(&counts);
                std::thread::spawn(move || answer(&stream.unwrap(), &counts));
            }
        });
        counter
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Returns how often a path was asked for.
    pub(crate) fn count(&self, name: &str) -> usize {
        let counts = self.counts.lock().unwrap();
        counts.get(&format!("/{name}")).copied().unwrap_or(0)
    }
}

fn answer(stream: &TcpStream, counts: &Mutex<HashMap<String, usize>>) {
    // A client that was killed says nothing any more; what it had said whole counts.
    let Ok((first, _)) = read_request(stream) else {
        return;
    };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    *counts.lock().unwrap().entry(path).or_default() += 1;
    drop(write_answer(stream));
}
