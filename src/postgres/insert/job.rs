use crate::{
    group_commit::{Reply, share_failure},
    postgres::failure::{Failure, NAME},
    store::{InsertOutcome, Insertion},
};

/// An insertion, and the reply to its caller.
pub(super) struct Job<T = InsertOutcome> {
    pub(super) insertion: Insertion,
    pub(super) reply: Reply<T>,
}

/// The result of a job. `None`: the job has not been carried out yet.
pub(super) type Outcome = Option<Result<InsertOutcome, Failure>>;

/// The tenant and the id of the client.
pub(super) fn ids(insertion: &Insertion) -> (&str, &str) {
    let client = insertion.client();
    (client.tenant().as_str(), client.id().as_str())
}

pub(super) fn insertions<T>(jobs: &[Job<T>]) -> Vec<&Insertion> {
    jobs.iter().map(|job| &job.insertion).collect()
}

/// Answers all jobs that have an outcome, in their order. Returns the others.
pub(super) fn settle(jobs: Vec<Job>, outcomes: Vec<Outcome>) -> Vec<Job> {
    let mut remaining = Vec::new();
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        match outcome {
            Some(Ok(outcome)) => job.reply.send(Ok(job.insertion.settle(outcome))),
            Some(Err(failure)) => job.reply.send(Err(failure.into())),
            None => remaining.push(job),
        }
    }
    remaining
}

/// Answers all of `jobs` with the same failure.
pub(super) fn fail<T>(jobs: Vec<Job<T>>, failure: Failure) {
    share_failure(NAME, failure, jobs, |job, error| {
        job.reply.send(Err(error));
    });
}
