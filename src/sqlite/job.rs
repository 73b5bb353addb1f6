//! A write, with the reply to its caller.

use sqlx::SqliteConnection;

use crate::{
    backend_error::BackendError,
    group_commit::Reply,
    sqlite::{
        failure::Failure,
        insert::{self, NewClient},
        removal, touch, update,
    },
    store::{
        Activity, BlockOutcome, ClientUpdate, InsertOutcome, RemoveOutcome, Sweep, TouchOutcome,
        UpdateOutcome,
    },
    types::{ClientId, TenantId},
};

/// A write. Its record is already encoded, so that encoding can't fail within the transaction.
pub(super) enum Job {
    Insert(Call<NewClient, InsertOutcome>),
    /// The update, and the record.
    Update(Call<(ClientUpdate, String), UpdateOutcome>),
    SetBlocked(Call<(TenantId, ClientId, bool), BlockOutcome>),
    Remove(Call<(TenantId, ClientId), RemoveOutcome>),
    Touch(Call<(TenantId, ClientId, Activity), TouchOutcome>),
    Sweep(Call<(TenantId, Sweep), Vec<ClientId>>),
}

/// The input of a write, the reply to its caller, and the outcome within the transaction.
pub(super) struct Call<I, O> {
    input: I,
    reply: Reply<O>,
    outcome: Option<O>,
}

impl Job {
    /// Whether it is an insertion that needs nothing but a free id.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self, Self::Insert(call) if call.input.insertion.is_plain())
    }

    const fn plain(&mut self) -> Option<&mut Call<NewClient, InsertOutcome>> {
        match self {
            Self::Insert(call) if call.input.insertion.is_plain() => Some(call),
            _ => None,
        }
    }

    /// Does the work within a transaction, and stores the outcome in the job.
    pub(super) async fn carry_out(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), Failure> {
        match self {
            Self::Insert(call) => {
                call.outcome = Some(insert::insert(connection, &call.input).await?);
            }
            Self::Update(call) => {
                let (update, record) = &call.input;
                call.outcome = Some(update::update(connection, update, record).await?);
            }
            Self::SetBlocked(call) => {
                let (tenant, id, blocked) = &call.input;
                let set = update::set_blocked(connection, tenant, id, *blocked);
                call.outcome = Some(set.await?);
            }
            Self::Remove(call) => {
                let (tenant, id) = &call.input;
                call.outcome = Some(removal::remove(connection, tenant, id).await?);
            }
            Self::Touch(call) => {
                let (tenant, id, activity) = &call.input;
                call.outcome = Some(touch::touch(connection, tenant, id, *activity).await?);
            }
            Self::Sweep(call) => {
                let (tenant, sweep) = &call.input;
                call.outcome = Some(removal::sweep(connection, tenant, *sweep).await?);
            }
        }
        Ok(())
    }

    /// Answers the caller after the transaction was committed or has failed.
    pub(super) fn settle(self, written: Result<(), BackendError>) {
        match self {
            Self::Insert(call) => {
                call.settle(written, |new, outcome| new.insertion.settle(outcome));
            }
            Self::Update(call) => call.settle(written, |_, outcome| outcome),
            Self::SetBlocked(call) => call.settle(written, |_, outcome| outcome),
            Self::Remove(call) => call.settle(written, |_, outcome| outcome),
            Self::Touch(call) => call.settle(written, |_, outcome| outcome),
            Self::Sweep(call) => call.settle(written, |_, outcome| outcome),
        }
    }
}

impl<I, O> Call<I, O> {
    pub(super) const fn new(input: I, reply: Reply<O>) -> Self {
        Self {
            input,
            reply,
            outcome: None,
        }
    }

    /// Sends the outcome or the error. Before that, `report` is called with the outcome. A call without an outcome was
    /// not carried out: its reply is dropped, and the caller gets an error.
    fn settle(self, written: Result<(), BackendError>, report: impl FnOnce(I, O) -> O) {
        match (written, self.outcome) {
            (Ok(()), Some(outcome)) => self.reply.send(Ok(report(self.input, outcome))),
            (Ok(()), None) => {}
            (Err(error), _) => self.reply.send(Err(error)),
        }
    }
}

/// Inserts the clients of all plain `jobs` by one statement. Returns `false` if an id is taken. Then no client is
/// inserted, and the transaction can continue.
pub(super) async fn insert_plain(
    connection: &mut SqliteConnection,
    jobs: &mut [Job],
) -> Result<bool, Failure> {
    let calls: Vec<_> = jobs.iter_mut().filter_map(Job::plain).collect();
    let clients: Vec<_> = calls.iter().map(|call| &call.input).collect();
    let are_inserted = insert::insert_all(connection, &clients).await?;
    if are_inserted {
        for call in calls {
            let removed = Vec::new();
            call.outcome = Some(InsertOutcome::Inserted { removed });
        }
    }
    Ok(are_inserted)
}
