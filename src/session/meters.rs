//! What is counted while sessions run, for `/metrics`. Labels are rule ids and fixed words, never names of people or data.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    pub outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Rule {
    pub rule: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Result {
    pub result: &'static str,
}

/// Handles; clones count into the same numbers.
#[derive(Clone, Default)]
pub struct Meters {
    pub sessions: Gauge,
    pub logins: Family<Result, Counter>,
    pub statements: Family<Outcome, Counter>,
    pub refusals: Family<Rule, Counter>,
    pub reloads: Family<Result, Counter>,
}

impl Meters {
    pub fn register(&self, registry: &mut Registry) {
        registry.register("sessions", "Sessions that are open", self.sessions.clone());
        registry.register("logins", "Logins by result", self.logins.clone());
        registry.register("statements", "Statements by outcome of judging", self.statements.clone());
        registry.register("refusals", "Refused statements by rule", self.refusals.clone());
        registry.register("reloads", "Reloads of policy, server file or catalog by result", self.reloads.clone());
    }
}

/// Counts a session for as long as it lives.
pub struct Counted(Gauge);

impl Counted {
    pub fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
