//! Who runs the sessions: one runtime of one thread for each processor.
//!
//! A session waits, writes a little and waits again, so what a statement costs is mostly waking up. Threads that share one
//! queue wake each other for it; these do not. A long text is still judged beside the others (`session::live`).

use std::io;
use std::net::{SocketAddr, TcpStream as Accepted};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::session::house::House;
use crate::session::login;

pub struct Crew(Vec<Runtime>);

impl Crew {
    /// `stack`: bytes of each thread.
    pub fn new(stack: usize) -> io::Result<Self> {
        let one = |_| Builder::new_multi_thread().worker_threads(1).enable_all().thread_stack_size(stack).build();
        let threads = std::thread::available_parallelism()?.get();
        (0..threads).map(one).collect::<io::Result<_>>().map(Self)
    }

    /// Gives a new connection to the thread that has least to do.
    pub fn take(&self, tcp: TcpStream, address: SocketAddr, house: Arc<House>) -> io::Result<()> {
        // Its readiness is to be told to that thread, not to the one that accepts.
        let accepted: Accepted = tcp.into_std()?;
        let idlest = self.0.iter().min_by_key(|runtime| runtime.metrics().num_alive_tasks());
        if let Some(runtime) = idlest {
            runtime.spawn(async move {
                match TcpStream::from_std(accepted) {
                    Ok(tcp) => login::serve(tcp, address, house).await,
                    Err(error) => tracing::warn!(%error, "a connection could not be taken"),
                }
            });
        }
        Ok(())
    }

    /// Leaves what still runs.
    pub fn dismiss(self) {
        self.0.into_iter().for_each(Runtime::shutdown_background);
    }
}
