//! The file that grows: lines go to its end, and are durable when [`Running::write`] returns, in the file itself or in
//! the journal.

use std::io;
use std::path::Path;

use super::disk::{Appender, Disk, reopen};
use super::journal::{self, Journal, NotTaken, Parcel, Place};
use super::segment::Segment;

pub(super) struct Running {
    segment: Segment,
    file: Box<dyn Appender>,
    /// Bytes that are durable, in the file or in the journal.
    len: u64,
    /// Only where rows wait for each write, and the folder has room for it.
    journal: Option<Journal>,
    /// A sync behind the scenes has failed: beyond the journal's `settled` the file must be written again.
    unsettled: bool,
}

/// Where lines became durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    /// With the head that goes with them.
    InJournal,
    InFile,
}

impl Running {
    /// `len`: bytes in `file`, all durable.
    pub fn new(segment: Segment, file: Box<dyn Appender>, len: u64, journal: Option<Journal>) -> Self {
        Self { segment, file, len, journal, unsettled: false }
    }

    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }

    /// Adds lines durably. After a failure the next call first takes back what the failed one left.
    pub fn write(&mut self, disk: &dyn Disk, parcel: Parcel<'_>) -> io::Result<Durable> {
        if self.unsettled {
            self.rewrite()?;
        }
        if self.file.size()? != self.len {
            self.file.truncate(self.len)?;
        }
        self.file.write_all(parcel.lines)?;
        let len = self.len + parcel.lines.len() as u64;
        let durable = match self.write_to_journal(disk, parcel)? {
            true => Durable::InJournal,
            false => self.sync_to(len).map(|()| Durable::InFile)?,
        };
        self.len = len;
        Ok(durable)
    }

    /// `false`: the file itself must be synced.
    fn write_to_journal(&mut self, disk: &dyn Disk, parcel: Parcel<'_>) -> io::Result<bool> {
        let Some(journal) = &mut self.journal else { return Ok(false) };
        let place = Place { first: self.segment.first, offset: self.len };
        match journal.put(place, parcel, || disk.append(&self.segment.path)) {
            Ok(()) => Ok(true),
            Err(NotTaken::TooLong) => Ok(false),
            Err(NotTaken::Fault(fault)) => {
                self.await_settling()?;
                tracing::warn!(%fault, "the record's journal cannot be written; its file is synced instead");
                self.journal = None;
                Ok(false)
            }
            Err(NotTaken::Unsettled(fault)) => {
                tracing::warn!(%fault, "the record's file could not be synced; it is written again");
                self.unsettled = true;
                self.rewrite()?;
                self.file.write_all(parcel.lines)?;
                Ok(false)
            }
        }
    }

    /// Makes the file durable by itself.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.unsettled {
            return self.rewrite();
        }
        self.sync_to(self.len)
    }

    fn sync_to(&mut self, len: u64) -> io::Result<()> {
        self.await_settling()?;
        self.file.sync()?;
        if let Some(journal) = &mut self.journal {
            journal.forget(len);
        }
        Ok(())
    }

    fn await_settling(&mut self) -> io::Result<()> {
        let settled = self.journal.as_mut().map_or(Ok(()), Journal::await_settling);
        self.unsettled |= settled.is_err();
        settled
    }

    /// What a failed sync leaves in memory may be lost though the next sync goes well. The journal has it.
    fn rewrite(&mut self) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Err(io::Error::other("no journal")) };
        let folder = self.segment.path.parent().unwrap_or(Path::new("."));
        let settled = Place { first: self.segment.first, offset: journal.settled() };
        let written = journal::read(folder)?.map(|batches| batches.after(settled)).unwrap_or_default();
        let missing = usize::try_from(self.len - settled.offset).ok().and_then(|missing| written.get(..missing));
        let missing = missing.ok_or_else(|| io::Error::other("the journal does not have what was not synced"))?;
        self.file.truncate(settled.offset)?;
        self.file.write_all(missing)?;
        self.file.sync()?;
        journal.forget(self.len);
        self.unsettled = false;
        Ok(())
    }

    /// The handle may be dead for good: takes the path anew. `false`: it does not hold what is known.
    pub fn reopen(&mut self, disk: &dyn Disk) -> io::Result<bool> {
        reopen(disk, &mut self.file, &self.segment.path, self.len)
    }

    /// Another file takes over, once this one has been settled; so does the journal.
    pub fn into_journal(mut self) -> Option<Journal> {
        if let Some(journal) = &mut self.journal {
            journal.forget(0);
        }
        self.journal
    }
}
