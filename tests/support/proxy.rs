//! Between laptops and a server: a network that loses, repeats and cuts, and a server that lies. All that
//! passes is kept.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What becomes of a request.
pub enum Act {
    Pass,
    /// It never arrives.
    LoseRequest,
    /// It arrives; nobody hears the answer.
    LoseAnswer,
    /// It arrives twice.
    Twice,
    /// The answer is cut off in the middle.
    Cut,
    Wait(Duration),
    /// The server says something else than it does.
    Change(Box<dyn FnOnce(Vec<u8>) -> Vec<u8>>),
}

type Mischief = Box<dyn FnMut(&str, &str) -> Act + Send>;

#[derive(Clone)]
struct Shared {
    upstream: Arc<Mutex<String>>,
    mischief: Arc<Mutex<Mischief>>,
    seen: Arc<Mutex<Vec<u8>>>,
    closing: Arc<AtomicBool>,
}

pub struct Proxy {
    pub url: String,
    address: std::net::SocketAddr,
    shared: Shared,
}

impl Proxy {
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared {
            upstream: Arc::new(Mutex::new(upstream.to_owned())),
            mischief: Arc::new(Mutex::new(Box::new(|_, _| Act::Pass))),
            seen: Arc::default(),
            closing: Arc::default(),
        };
        let all = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if all.closing.load(Ordering::Acquire) {
                    return;
                }
                let (Ok(stream), all) = (stream, all.clone()) else { continue };
                thread::spawn(move || serve(&stream, &all));
            }
        });
        Self { url: format!("http://{address}"), address, shared }
    }

    /// Where the server is now; nothing answers at an empty one.
    pub fn lead_to(&self, upstream: &str) {
        *self.shared.upstream.lock().unwrap() = upstream.to_owned();
    }

    /// Asked for each request, by its method and the end of its path.
    pub fn disturb(&self, mischief: impl FnMut(&str, &str) -> Act + Send + 'static) {
        *self.shared.mischief.lock().unwrap() = Box::new(mischief);
    }

    pub fn calm(&self) {
        self.disturb(|_, _| Act::Pass);
    }

    /// All bytes that have passed.
    pub fn seen(&self) -> Vec<u8> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
    }
}

/// One request of a connection, which ends behind it.
fn serve(stream: &TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            // WebSockets are not understood here, as by many a firm's proxy.
            "connection" | "upgrade" | "host" | "transfer-encoding" => {}
            _ => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    shared.seen.lock().unwrap().extend([line.as_bytes(), &body].concat());
    let tail = target.split('?').next()?.rsplit('/').next()?.to_owned();
    let act = shared.mischief.lock().unwrap()(&method, &tail);
    let ask = || forward(shared, &method, &target, &headers, &body);
    let (mut answer, mut cut) = (None, false);
    match act {
        Act::Pass => answer = ask(),
        Act::LoseRequest => {}
        Act::LoseAnswer => drop(ask()),
        Act::Twice => {
            ask();
            answer = ask();
        }
        Act::Cut => {
            answer = ask();
            cut = true;
        }
        Act::Wait(time) => {
            thread::sleep(time);
            answer = ask();
        }
        Act::Change(change) => {
            answer = ask().map(|(status, headers, body)| (status, headers, change(body)));
        }
    }
    if let Some((status, headers, body)) = answer {
        let mut head =
            format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        let end = if cut { body.len() / 2 } else { body.len() };
        let mut stream = stream;
        stream.write_all(&[head.as_bytes(), &body[..end]].concat()).ok()?;
        shared.seen.lock().unwrap().extend(&body[..end]);
    }
    let _ = stream.shutdown(Shutdown::Both);
    Some(())
}

type Answer = (u16, Vec<(String, String)>, Vec<u8>);

fn forward(
    shared: &Shared,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<Answer> {
    let upstream = shared.upstream.lock().unwrap().clone();
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{upstream}{target}"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut response = agent.run(request.body(body).ok()?).ok()?;
    let status = response.status().as_u16();
    let kept = ["satchel-time", "satchel-control", "retry-after", "content-type"];
    let headers = kept.iter().filter_map(|name| {
        Some(((*name).to_owned(), response.headers().get(*name)?.to_str().ok()?.to_owned()))
    });
    let headers = headers.collect();
    let body = response.body_mut().with_config().limit(200 << 20).read_to_vec().ok()?;
    Some((status, headers, body))
}
