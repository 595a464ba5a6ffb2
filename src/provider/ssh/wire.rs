//! The bytes below a session: a socket, or a channel through a jump host. A wire can be cut from
//! outside at any moment, takes only so much from a host that is not logged in to, and gives up on a
//! host that no longer takes anything.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures_util::task::AtomicWaker;
use russh::ChannelStream;
use russh::client::Msg;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Most bytes from a host before it has let us in. A login takes some thousands; banners and
/// certificates may be long.
const BEFORE_LOGIN: u64 = 1 << 20;

const NO_LIMIT: u64 = u64::MAX;

/// Least bytes that the system is asked for at once. Sessions read packets in pieces of a few bytes.
const AHEAD: usize = 4096;

/// What the bytes go through.
pub(super) enum Route {
    /// A connection of this machine.
    Socket(TcpStream),
    /// A channel of a connection to a jump host.
    Channel(Box<ChannelStream<Msg>>),
}

impl Route {
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Socket(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Channel(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
        }
    }
}

/// The outside handle of a wire.
#[derive(Debug)]
pub(super) struct WireControl {
    is_cut: AtomicBool,
    reader: AtomicWaker,
    /// Bytes that may still come before the login.
    allowance: AtomicU64,
}

impl WireControl {
    /// Ends the wire. A session would wait for a silent host for ever during its key exchange.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        self.reader.wake();
    }

    /// Lets any amount through from now on.
    pub(super) fn trust(&self) {
        self.allowance.store(NO_LIMIT, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let left = self.allowance.load(Ordering::Relaxed);
        if left == NO_LIMIT {
            return Ok(());
        }
        let bytes = u64::try_from(bytes).unwrap_or(NO_LIMIT);
        let Some(left) = left.checked_sub(bytes) else {
            let text = format!("more than {BEFORE_LOGIN} bytes before the login");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        // A `trust` that comes in between must not be undone.
        let _ = self
            .allowance
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now != NO_LIMIT).then_some(left)
            });
        Ok(())
    }
}

/// A stream that a session runs over.
pub(super) struct Wire {
    route: Route,
    control: Arc<WireControl>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    /// What came and was not asked for yet; takes no memory while there is nothing.
    ahead: Bytes,
}

impl Wire {
    /// Makes a wire that fails when nothing can be written for `patience`.
    pub(super) fn new(route: Route, patience: Duration) -> (Self, Arc<WireControl>) {
        let control = Arc::new(WireControl {
            is_cut: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            allowance: AtomicU64::new(BEFORE_LOGIN),
        });
        let wire = Self {
            route,
            control: Arc::clone(&control),
            patience,
            stalled: None,
            ahead: Bytes::new(),
        };
        (wire, control)
    }

    /// Reads from below what is asked for, and what else has come.
    fn receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() >= AHEAD {
            let before = buffer.filled().len();
            ready!(self.route.poll_read(context, buffer))?;
            return Poll::Ready(self.control.spend(buffer.filled().len() - before));
        }
        let mut space = [MaybeUninit::uninit(); AHEAD];
        let mut came = ReadBuf::uninit(&mut space);
        ready!(self.route.poll_read(context, &mut came))?;
        let came = came.filled();
        self.control.spend(came.len())?;
        let (wanted, ahead) = came.split_at(came.len().min(buffer.remaining()));
        buffer.put_slice(wanted);
        if !ahead.is_empty() {
            self.ahead = Bytes::copy_from_slice(ahead);
        }
        Poll::Ready(Ok(()))
    }

    /// Watches over a write that makes no progress: keep-alives cannot tell, because they would have
    /// to be written too.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        stalled.as_mut().poll(context).map(|()| {
            let text = format!("nothing could be written for {patience:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        })
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.control.reader.register(context.waker());
        if self.control.is_cut.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if self.ahead.is_empty() {
            return self.receive(context, buffer);
        }
        let count = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..count]);
        self.ahead.advance(count);
        if self.ahead.is_empty() {
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.route {
            Route::Socket(stream) => Pin::new(stream).poll_write(context, bytes),
            Route::Channel(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        };
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.route {
            Route::Socket(stream) => Pin::new(stream).poll_flush(context),
            Route::Channel(stream) => Pin::new(&mut **stream).poll_flush(context),
        };
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = match &mut self.route {
            Route::Socket(stream) => Pin::new(stream).poll_shutdown(context),
            Route::Channel(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        };
        self.watch(context, shut)
    }
}
