//! A correct store that runs each call in its own task, so that the call ends although its caller
//! has disappeared.

use std::time::Duration;

use oauth_dcr::store::RemoveOutcome;
use tokio::time::sleep;

use super::*;

/// How long a commit takes.
const COMMIT: Duration = Duration::from_millis(60);

/// Does the work in its own task.
async fn in_a_task<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let task = tokio::spawn(async move {
        sleep(COMMIT).await;
        work()
    });
    task.await.unwrap()
}

fn store(table: Table) -> Store {
    Store::on(table)
        .insert_and_report(|table, insertion| {
            in_a_task(move || {
                let outcome = table.alone(|rows| rows.insert(&insertion))?;
                Ok(insertion.settle(outcome))
            })
        })
        .update_slowly(|table, it| in_a_task(move || table.alone(|rows| rows.update(&it))))
        .block_slowly(|table, it| in_a_task(move || table.alone(|rows| rows.set_blocked(&it))))
        .remove_slowly(|table, at| async move {
            if table.read(&at).is_none() {
                // There is nothing to commit.
                return Ok(RemoveOutcome::Missing);
            }
            in_a_task(move || table.alone(|rows| rows.remove(&at))).await
        })
        .touch_slowly(|table, it| in_a_task(move || table.alone(|rows| rows.touch(&it))))
        .sweep_slowly(|table, it| in_a_task(move || table.alone(|rows| rows.sweep(&it))))
}

/// A slow store may end its calls after their callers have disappeared.
macro_rules! passes {
    ($($rule:ident)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $rule() {
            let rule = conformance::store::$rule(store(Table::default()));
            assert_eq!(said(rule).await, None);
        }
    )*};
}

passes! {
    an_abandoned_insertion_is_all_or_nothing
    an_abandoned_insertion_is_reported_if_stored
    an_abandoned_update_is_all_or_nothing
    an_abandoned_block_is_all_or_nothing
    an_abandoned_removal_is_all_or_nothing
    an_abandoned_touch_is_all_or_nothing
    an_abandoned_sweep_is_all_or_nothing
    an_abandoned_read_changes_nothing
    random_histories_match_the_contract
}
