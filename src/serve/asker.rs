//! Asks PostgreSQL whether names still mean what they did, for all sessions of a database at once.
//!
//! A question must be put after its session has heard from PostgreSQL. So those that come while one is under way wait for
//! it to end, and then are put together as the next one.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::{mpsc, oneshot};

use crate::engine::meaning::Meaning;
use crate::relay::catalog::ask::Asker;
use crate::relay::dial::Dialer;
use crate::relay::own;
use crate::session::live::Standing;

/// Sessions that wait for the question to be put.
const MOST_WAITING: usize = 10_000;
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a session asks about, and where it waits.
type Question = (Vec<Arc<Meaning>>, oneshot::Sender<Standing>);

/// The way to the asker; clones lead to the same.
#[derive(Clone)]
pub struct Questions(mpsc::Sender<Question>);

impl Questions {
    /// `changed` is called whenever something has changed.
    pub fn start(dialer: Arc<Dialer>, changed: impl Fn() + Send + 'static) -> Self {
        let (questions, inbox) = mpsc::channel(MOST_WAITING);
        tokio::spawn(answer(dialer, inbox, changed));
        Self(questions)
    }

    pub async fn ask(&self, about: Vec<Arc<Meaning>>) -> Standing {
        let (answer, wait) = oneshot::channel();
        // The asker is gone only when the proxy stops.
        match self.0.send((about, answer)).await {
            Ok(()) => wait.await.unwrap_or(Standing::Unknown),
            Err(_) => Standing::Unknown,
        }
    }
}

async fn answer(dialer: Arc<Dialer>, mut inbox: mpsc::Receiver<Question>, changed: impl Fn()) {
    let mut asker = None;
    let mut waiting = Vec::new();
    while inbox.recv_many(&mut waiting, MOST_WAITING).await > 0 {
        let found = match tokio::time::timeout(PATIENCE, put(&dialer, &mut asker, &waiting)).await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                tracing::error!("PostgreSQL cannot be asked what names mean: {error:#}");
                None
            }
            Err(_) => {
                tracing::error!("PostgreSQL does not answer what names mean");
                None
            }
        };
        if found.is_none() {
            asker = None;
        }
        let mut any = false;
        for (about, answer) in waiting.drain(..) {
            let standing = match &found {
                None => Standing::Unknown,
                Some(found) if about.iter().all(|m| m.is_still(found)) => Standing::Same,
                Some(_) => Standing::Changed,
            };
            any |= standing == Standing::Changed;
            // A session that has ended does not want to know.
            let _ = answer.send(standing);
        }
        if any {
            changed();
        }
    }
}

/// Puts a question, on a new connection where there is none or the old one is dead.
async fn put(
    dialer: &Dialer,
    asker: &mut Option<Asker>,
    waiting: &[Question],
) -> Result<Vec<crate::engine::meaning::Found>> {
    let about = || waiting.iter().flat_map(|(about, _)| about).map(|m| &**m);
    if let Some(old) = asker.take()
        && let Ok(found) = old.ask(about()).await
    {
        *asker = Some(old);
        return Ok(found);
    }
    let new = Asker::new(own::connect(dialer).await?).await?;
    let found = new.ask(about()).await?;
    *asker = Some(new);
    Ok(found)
}
