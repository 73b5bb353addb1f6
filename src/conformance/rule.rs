//! A rule of a suite, and how a broken rule is reported.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::time::timeout;

use crate::box_future::BoxFuture;

/// A rule for a store or a limiter of type `T`.
pub(super) struct Rule<T> {
    pub(super) name: &'static str,
    /// The rule in a sentence.
    pub(super) demand: &'static str,
    /// Each future is made in a stack frame of its own: all of them in one would be too large for a thread
    /// of the tests.
    pub(super) check: fn(Arc<T>) -> BoxFuture<'static, ()>,
}

/// A rule for a limiter takes a few seconds. A decision of a rule that is not done by then does not end.
const MOST_TIME: Duration = Duration::from_mins(1);

/// The same for a rule whose calls have time-outs of their own, so that a slow back end fails none.
const MOST_TIME_OF_CALLS: Duration = Duration::from_mins(10);

impl<T> Rule<T> {
    /// Checks the rule.
    ///
    /// # Panics
    /// If the rule is broken. The message begins with the rule.
    pub(super) async fn verify(&self, subject: Arc<T>) {
        let checks = caught((self.check)(subject));
        match timeout(MOST_TIME, checks).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => self.broken(panic, |_| String::new()),
            Err(_) => self.fail(&format!(
                "it is not done after {MOST_TIME:?}: a call does not end"
            )),
        }
    }

    /// Checks the rule, and then `after`. The message about a broken rule ends with the `history` of what was
    /// seen.
    ///
    /// # Panics
    /// If the rule is broken. The message begins with the rule.
    pub(super) async fn verify_then(
        &self,
        subject: Arc<T>,
        after: impl Future<Output = ()> + Send,
        history: impl FnOnce(&str) -> String,
    ) {
        let check = (self.check)(subject);
        let checks = Box::pin(async {
            check.await;
            after.await;
        });
        match timeout(MOST_TIME_OF_CALLS, caught(checks)).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => self.broken(panic, history),
            Err(_) => {
                let seen = format!("it is not done after {MOST_TIME_OF_CALLS:?}");
                self.fail(&format!("{seen}\n{}", history(&seen)));
            }
        }
    }

    /// Says what a panic has said.
    fn broken(&self, panic: Box<dyn Any + Send>, history: impl FnOnce(&str) -> String) -> ! {
        let Some(seen) = message(&*panic) else {
            resume_unwind(panic)
        };
        let history = history(seen);
        self.fail(&format!("{seen}\n{history}"))
    }

    #[expect(clippy::panic, reason = "panicking is how a suite says what is wrong")]
    fn fail(&self, seen: &str) -> ! {
        let Self { name, demand, .. } = self;
        panic!("the rule `{name}` is broken.\n{demand}\n{seen}");
    }
}

/// Runs the checks to their end or to their first panic.
async fn caught(mut checks: BoxFuture<'_, ()>) -> Result<(), Box<dyn Any + Send>> {
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| checks.as_mut().poll(context)));
        polled.map_or_else(|panic| Err(panic).into(), |poll| poll.map(Ok))
    })
    .await
}

/// What a panic says, which is a `String` only if it has values in it.
fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
}

/// The rules of a list, whose functions are in `$module`, ready to be checked.
macro_rules! rules {
    ($module:ident; $($name:ident: $demand:literal;)*) => {
        [$($crate::conformance::rule::Rule {
            name: stringify!($name),
            demand: $demand,
            check: |subject| Box::pin($module::$name(subject)),
        }),*]
    };
}

/// The rules of a list, whose functions are in `$module`, as a table of Markdown.
macro_rules! table {
    ($module:ident; $($name:ident: $demand:literal;)*) => {
        concat!(
            "| rule | what it demands |\n|---|---|\n",
            $(
                "| [`", stringify!($name), "`](", stringify!($module), "::", stringify!($name), ") | ",
                $demand, " |\n"
            ),*
        )
    };
}

pub(super) use {rules, table};

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about a rule with this check.
    async fn says(check: fn(Arc<()>) -> BoxFuture<'static, ()>) -> String {
        let rule = Rule {
            name: "a_rule",
            demand: "It demands this.",
            check,
        };
        let history = |seen: &str| format!("history after {seen}");
        let checked = tokio::spawn(async move {
            let subject = Arc::new(());
            rule.verify_then(subject, async {}, history).await;
        });
        let panic = checked.await.unwrap_err().into_panic();
        *panic.downcast::<String>().unwrap()
    }

    #[tokio::test]
    async fn a_broken_rule_is_named_with_its_history() {
        let says = says(|_| Box::pin(async { panic!("seen") })).await;
        let expected = "the rule `a_rule` is broken.\nIt demands this.\nseen\nhistory after seen";
        assert_eq!(says, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rule_that_never_ends_is_broken() {
        let rule = Rule {
            name: "a_rule",
            demand: "It demands this.",
            check: |_: Arc<()>| Box::pin(std::future::pending()),
        };
        let checked = tokio::spawn(async move { rule.verify(Arc::new(())).await });
        let panic = checked.await.unwrap_err().into_panic();
        let says = *panic.downcast::<String>().unwrap();
        let start = "the rule `a_rule` is broken.\nIt demands this.\nit is not done after 60s";
        assert!(says.starts_with(start), "{says}");
    }

    #[tokio::test]
    async fn what_follows_a_rule_is_checked() {
        let rule = Rule {
            name: "a_rule",
            demand: "It demands this.",
            check: |_: Arc<()>| Box::pin(async {}),
        };
        let checked = tokio::spawn(async move {
            let after = async { panic!("seen later") };
            rule.verify_then(Arc::new(()), after, |_| String::new())
                .await;
        });
        let panic = checked.await.unwrap_err().into_panic();
        let says = *panic.downcast::<String>().unwrap();
        assert!(says.contains("seen later"), "{says}");
    }
}
