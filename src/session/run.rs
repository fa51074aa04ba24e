//! Moves bytes between client, core and PostgreSQL: one task a session, one loop, no message handed to another task.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::Sleep;

use super::core::{Core, End};
use super::live::{Live, Refresh, Standing};
use super::orders::{Leave, Orders, Pass, told};
use super::turned_away::{going_down, no_longer_admitted, transaction_too_long, upstream_lost};
use super::withhold::AfterLoss;
use crate::audit::event::SessionEnd;
use crate::audit::{Event, RecordUnavailable};
use crate::engine::catalog::QualifiedName;
use crate::engine::refusal::Refusal;
use crate::relay::cancel::Registration;
use crate::wire::buffer::Inbox;
use crate::wire::error::{Severity, from_refusal};
use crate::wire::frame::HEADER;
use crate::wire::frame::header;
use crate::wire::stream::Stream;

/// Bytes that may pile up towards one side before the other is not read any more.
pub(super) const MAX_WAITING: usize = 256 * 1024;

/// How long the last words may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a catalog that could not be read is left alone.
const READ_AGAIN: Duration = Duration::from_secs(1);

type Durable = Pin<Box<dyn Future<Output = Result<(), RecordUnavailable>> + Send>>;

pub struct Session {
    pub core: Core,
    pub client: Stream,
    pub client_in: Inbox,
    pub server: Stream,
    pub server_in: Inbox,
    pub refresh: Arc<dyn Refresh>,
    pub orders: watch::Receiver<Orders>,
    pub pass: Arc<Pass>,
    pub registration: Registration,
    pub ends: Ends,
}

/// Which sides have closed, and what is waited for besides bytes.
#[derive(Default)]
pub struct Ends {
    client: bool,
    server: bool,
    durable: Option<Durable>,
    question: Option<Pin<Box<dyn Future<Output = Standing> + Send>>>,
    /// Nothing more is taken from the client: [`Leave::AfterStatement`].
    deaf: bool,
    /// Bytes that a stream has taken may still be in it.
    client_unflushed: bool,
    server_unflushed: bool,
    /// Rings when the open transaction has been open too long.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// Names are in doubt until the catalog has been read.
async fn settle(live: Arc<Live>, refresh: Arc<dyn Refresh>, doubts: Vec<QualifiedName>) {
    while !refresh.refresh().await {
        tokio::time::sleep(READ_AGAIN).await;
    }
    live.doubts().settle(&doubts);
}

/// Why the loop was left.
enum Turn {
    CatalogChanged,
    End(End),
    ClientLost,
    UpstreamLost,
    RecordLost,
    TransactionTooLong,
}

/// How being called out ended.
enum Called {
    Turn(Turn),
    /// Told, and gone; why.
    Left(&'static str),
    /// The server file lets it in again.
    Back,
}

impl Session {
    /// Runs until either side ends. Puts the end on record.
    pub async fn run(mut self) {
        let reason = loop {
            let (mut orders, pass) = (self.orders.clone(), self.pass.clone());
            let turn = tokio::select! {
                biased;
                // First, so that a statement that comes after a reload is not taken under what was before.
                () = told(&mut orders, &pass, Leave::Stay) => match self.called_out().await {
                    Called::Turn(turn) => turn,
                    Called::Left(reason) => break reason,
                    Called::Back => continue,
                },
                turn = poll_fn(|cx| self.poll_turn(cx)) => turn,
            };
            match turn {
                Turn::CatalogChanged => {
                    // A PostgreSQL that does not answer the keeper must not hold the session; it is asked again.
                    match tokio::time::timeout(LAST_WORDS, self.refresh.refresh()).await {
                        Ok(true) => self.core.catalog_is_read(),
                        Ok(false) | Err(_) => {
                            self.core.catalog_is_not_read();
                            self.settle_when_read();
                        }
                    }
                }
                other => break self.finish(other).await,
            }
        };
        self.core.abandon();
        let clerk = self.core.clerk();
        clerk.note(Event::SessionEnd(SessionEnd {
            session: clerk.who.session.clone(),
            user: clerk.who.user.clone(),
            role: clerk.who.role.clone(),
            database: clerk.who.database.clone(),
            reason,
            statements: clerk.statements,
            refused: clerk.refused,
        }));
        self.leave_doubts();
    }

    /// What this session has committed is in doubt until the catalog can be read, and not until the client speaks again.
    fn settle_when_read(&mut self) {
        let doubts = self.core.take_doubts();
        if !doubts.is_empty() {
            tokio::spawn(settle(self.pass.live.clone(), self.refresh.clone(), doubts));
        }
    }

    /// PostgreSQL may still be at what this session has defined last: it stays in doubt until PostgreSQL has ended the
    /// session, and with it the transaction, or for a while.
    fn leave_doubts(mut self) {
        let doubts = self.core.take_doubts();
        if doubts.is_empty() {
            return;
        }
        let (live, refresh, mut server) = (self.pass.live.clone(), self.refresh.clone(), self.server);
        tokio::spawn(async move {
            let began = Instant::now();
            let ended = tokio::time::timeout(LAST_WORDS, tokio::io::copy(&mut server, &mut tokio::io::sink())).await;
            if !matches!(ended, Ok(Ok(_))) {
                tokio::time::sleep(LAST_WORDS.saturating_sub(began.elapsed())).await;
            }
            settle(live, refresh, doubts).await;
        });
    }

    // === moving bytes ===

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            if let Err(end) = self.poll_cancel(cx) {
                return Poll::Ready(Turn::End(end));
            }
            if let Err(end) = self.core.take_server(&mut self.server_in) {
                return Poll::Ready(Turn::End(end));
            }
            if !self.ends.deaf
                && let Err(end) = self.core.take_client(&mut self.client_in)
            {
                return Poll::Ready(Turn::End(end));
            }
            if self.core.needs_catalog() {
                return Poll::Ready(Turn::CatalogChanged);
            }
            let mut moved = match self.poll_question(cx) {
                Ok(moved) => moved,
                Err(end) => return Poll::Ready(Turn::End(end)),
            };
            moved |= self.poll_write_server(cx);
            if let Err(turn) = self.poll_write_client(cx) {
                return Poll::Ready(turn);
            }
            moved |= match self.poll_record(cx) {
                Ok(moved) => moved,
                Err(turn) => return Poll::Ready(turn),
            };
            if let Some(turn) = self.is_over() {
                return Poll::Ready(turn);
            }
            moved |= self.poll_read(cx);
            if !moved {
                return self.poll_alarm(cx);
            }
        }
    }

    /// Whoever asks to cancel hears whether that was done here.
    fn poll_cancel(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        while let Poll::Ready(Some(request)) = self.registration.poll_request(cx) {
            let _ = request.send(self.core.cancels()?); // who does not wait is not told
        }
        Ok(())
    }

    /// Whether there is room again for messages that had to wait.
    fn poll_write_server(&mut self, cx: &mut Context<'_>) -> bool {
        let (limit, waiting) = (self.core.send_limit(), self.core.to_server.waiting());
        if self.ends.server || waiting == 0 && !self.ends.server_unflushed {
            return false;
        }
        self.ends.server_unflushed = true;
        match self.core.to_server.poll_drain(cx, &mut self.server, limit) {
            Poll::Ready(Ok(())) => {
                self.ends.server_unflushed = Pin::new(&mut self.server).poll_flush(cx).is_pending();
                waiting >= MAX_WAITING && self.core.to_server.waiting() < MAX_WAITING
            }
            // What PostgreSQL said last is still to be read: the end shows there.
            Poll::Ready(Err(_)) | Poll::Pending => false,
        }
    }

    /// Whether PostgreSQL has answered what must be asked of it.
    fn poll_question(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        if self.ends.question.is_none()
            && let Some(about) = self.core.question()
        {
            let refresh = self.refresh.clone();
            self.ends.question = Some(Box::pin(async move { refresh.ask(about).await }));
        }
        let Some(question) = &mut self.ends.question else { return Ok(false) };
        let Poll::Ready(standing) = question.as_mut().poll(cx) else { return Ok(false) };
        self.ends.question = None;
        self.core.answer_is(standing)?;
        Ok(true)
    }

    /// Writes what is released. To a client that is gone nothing is, but what it has left under way and lasts is waited for.
    fn poll_write_client(&mut self, cx: &mut Context<'_>) -> Result<(), Turn> {
        let limit = self.core.release_limit();
        if self.ends.client {
            if self.core.is_at_what_lasts() {
                let _ = self.core.to_client.poll_drain(cx, &mut tokio::io::sink(), limit); // takes all, at once
            }
            return Ok(());
        }
        if self.core.to_client.waiting() == 0 && !self.ends.client_unflushed {
            return Ok(());
        }
        self.ends.client_unflushed = true;
        match self.core.to_client.poll_drain(cx, &mut self.client, limit) {
            // TLS may have taken the bytes and not sent them yet.
            Poll::Ready(Ok(())) => {
                self.ends.client_unflushed = Pin::new(&mut self.client).poll_flush(cx).is_pending();
            }
            Poll::Ready(Err(_)) if self.core.is_at_what_lasts() => self.ends.client = true,
            Poll::Ready(Err(_)) => return Err(Turn::ClientLost),
            Poll::Pending => {}
        }
        Ok(())
    }

    /// Whether a record is on disk that somebody waits for.
    fn poll_record(&mut self, cx: &mut Context<'_>) -> Result<bool, Turn> {
        let Some(ticket) = self.core.awaited() else {
            self.ends.durable = None;
            return Ok(false);
        };
        let durable = self.ends.durable.get_or_insert_with(|| {
            let recorder = self.core.clerk().recorder.clone();
            Box::pin(async move { recorder.durable(&ticket).await })
        });
        match durable.as_mut().poll(cx) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(())) => {
                self.ends.durable = None;
                Ok(true)
            }
            Poll::Ready(Err(fault)) => {
                self.ends.durable = None;
                match self.core.record_lost(&fault) {
                    AfterLoss::GoesOn => Ok(true),
                    AfterLoss::Broken => Err(Turn::RecordLost),
                }
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        if !self.ends.server && self.core.to_client.waiting() < MAX_WAITING {
            match self.server_in.poll_fill(cx, &mut self.server) {
                Poll::Ready(Ok(0) | Err(_)) => {
                    self.ends.server = true;
                    moved = true;
                }
                Poll::Ready(Ok(_)) => moved = true,
                Poll::Pending => {}
            }
        }
        let wanted = self.core.takes_messages() || self.client_in.bytes().len() < MAX_WAITING;
        if !self.ends.client && wanted && self.core.to_server.waiting() < MAX_WAITING {
            match self.client_in.poll_fill(cx, &mut self.client) {
                Poll::Ready(Ok(0) | Err(_)) => {
                    self.ends.client = true;
                    moved = true;
                }
                Poll::Ready(Ok(_)) => moved = true,
                Poll::Pending => {}
            }
        }
        moved
    }

    /// Nothing to move: the only thing left to come by itself is the end of a transaction's time.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let Some(deadline) = self.core.transaction_deadline() else {
            self.ends.alarm = None;
            return Poll::Pending;
        };
        if self.ends.alarm.as_ref().is_none_or(|(at, _)| *at != deadline) {
            self.ends.alarm = Some((deadline, Box::pin(tokio::time::sleep_until(deadline.into()))));
        }
        match &mut self.ends.alarm {
            Some((_, alarm)) => alarm.as_mut().poll(cx).map(|()| Turn::TransactionTooLong),
            None => Poll::Pending,
        }
    }

    /// A side has closed, or said goodbye, and all that came before has gone its way.
    fn is_over(&self) -> Option<Turn> {
        let all_told = self.core.to_client.waiting() == 0 && !self.ends.client_unflushed;
        if self.ends.server && all_told {
            return Some(Turn::UpstreamLost);
        }
        let goodbye = self.core.has_said_goodbye();
        if goodbye && all_told && self.core.has_answered_all() {
            return Some(Turn::End(End::Terminated));
        }
        // A client that closes after its last message still wants it done, as with PostgreSQL itself; and on record is what
        // became of what lasts.
        let said_all = goodbye || self.core.takes_messages() && !self.has_client_message();
        let sent = self.core.to_server.waiting() == 0 && said_all;
        // Nobody reads its answers: when they have piled up, nothing more is read of PostgreSQL, which would wait for ever.
        let piled_up = self.core.to_client.waiting() >= MAX_WAITING;
        let lost = self.ends.client && (self.ends.server || (sent || piled_up) && !self.core.is_at_what_lasts());
        lost.then_some(if goodbye { Turn::End(End::Terminated) } else { Turn::ClientLost })
    }

    fn has_client_message(&self) -> bool {
        let bytes = self.client_in.bytes();
        matches!(header(bytes), Ok(Some(head)) if bytes.len() >= HEADER + head.body)
    }

    // === ending ===

    /// Waits until the session may go or is called back; what happens meanwhile is the loop's.
    async fn called_out(&mut self) -> Called {
        loop {
            let leave = self.orders.borrow().leave(&self.pass);
            self.ends.deaf = leave == Leave::AfterStatement;
            match leave {
                Leave::Stay => return Called::Back,
                _ if !self.may_go(leave) => {}
                Leave::AfterStatement => {
                    self.say_fatal(&no_longer_admitted()).await;
                    return Called::Left("no longer admitted");
                }
                Leave::WhenIdle | Leave::Now => {
                    self.say_fatal(&going_down()).await;
                    return Called::Left("shut down");
                }
            }
            let (mut orders, pass) = (self.orders.clone(), self.pass.clone());
            let turn = tokio::select! {
                biased;
                () = told(&mut orders, &pass, leave) => None,
                turn = poll_fn(|cx| match self.may_go(leave) {
                    true => Poll::Ready(None),
                    false => match self.poll_turn(cx) {
                        Poll::Ready(turn) => Poll::Ready(Some(turn)),
                        Poll::Pending if self.may_go(leave) => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    },
                }) => turn,
            };
            if let Some(turn) = turn {
                return Called::Turn(turn);
            }
        }
    }

    fn may_go(&self, leave: Leave) -> bool {
        match leave {
            Leave::Stay => false,
            Leave::WhenIdle => self.core.is_idle(),
            Leave::AfterStatement => self.core.has_nothing_to_finish(),
            Leave::Now => true,
        }
    }

    async fn finish(&mut self, turn: Turn) -> &'static str {
        match turn {
            Turn::End(End::Terminated) | Turn::ClientLost => {
                let reason = if matches!(turn, Turn::ClientLost) { "connection lost" } else { "client terminated" };
                self.say_goodbye().await;
                reason
            }
            Turn::End(End::Fatal(fields)) => {
                self.say_last(&fields).await;
                self.say_goodbye().await;
                "protocol violation"
            }
            Turn::End(End::Upstream(what)) => {
                tracing::error!(session = %self.core.clerk().who.session, "{what}");
                self.say_fatal(&upstream_lost()).await;
                "upstream lost"
            }
            Turn::UpstreamLost => {
                if !self.core.heard_fatal() {
                    self.say_fatal(&upstream_lost()).await;
                }
                let _ = self.client.shutdown().await;
                "upstream lost"
            }
            // Half a message has left: there is no way to say why.
            Turn::RecordLost => {
                self.say_goodbye().await;
                "record unavailable"
            }
            Turn::TransactionTooLong => {
                self.say_fatal(&transaction_too_long()).await;
                "transaction too long"
            }
            Turn::CatalogChanged => "catalog changed",
        }
    }

    async fn say_fatal(&mut self, refusal: &Refusal) {
        self.say_last(&from_refusal(refusal, Severity::Fatal, "")).await;
    }

    /// A last error to the client, behind all that may leave. In the middle of a message nothing can be said.
    async fn say_last(&mut self, fields: &crate::wire::error::Fields) {
        self.core.throw_away();
        if self.core.is_between_messages() && fields.put(self.core.to_client.tail(), b'E').is_err() {
            return;
        }
        let last = async {
            let recorder = self.core.clerk().recorder.clone();
            while let Some(ticket) = self.core.gate.next() {
                recorder.durable(&ticket).await.map_err(|_| std::io::ErrorKind::Other)?;
                self.core.gate.limit(&recorder);
            }
            let (out, client) = (&mut self.core.to_client, &mut self.client);
            poll_fn(|cx| out.poll_drain(cx, client, u64::MAX)).await?;
            self.client.shutdown().await
        };
        let _ = tokio::time::timeout(LAST_WORDS, last).await;
    }

    /// What is still to be sent to PostgreSQL, and Terminate. What waits for a record that does not come is not sent.
    async fn say_goodbye(&mut self) {
        let recorder = self.core.clerk().recorder.clone();
        let last = async {
            let mut limit = u64::MAX;
            while let Some(ticket) = self.core.awaited_by_server() {
                if recorder.durable(&ticket).await.is_err() {
                    limit = self.core.send_limit();
                    break;
                }
            }
            if limit == u64::MAX {
                self.core.to_server.terminate();
            }
            let (out, server) = (&mut self.core.to_server, &mut self.server);
            poll_fn(|cx| out.poll_drain(cx, server, limit)).await?;
            server.shutdown().await
        };
        let _ = tokio::time::timeout(LAST_WORDS, last).await;
    }
}
