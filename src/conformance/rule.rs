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
    /// Creates the future of the check. Each future is created in its own stack frame, because a frame with all
    /// of them would overflow the stack of a test thread.
    pub(super) check: fn(Arc<T>) -> BoxFuture<'static, ()>,
}

/// The longest time for a rule of a limiter. These rules take a few seconds, so a longer check means that a
/// request never ends.
const MAX_TIME: Duration = Duration::from_mins(1);

/// The longest time for a rule whose calls have their own timeouts. It is long enough for a slow back end.
const MAX_TIME_OF_CALLS: Duration = Duration::from_mins(10);

impl<T> Rule<T> {
    /// Checks the rule.
    ///
    /// # Panics
    /// If the rule is broken. The message begins with the rule.
    pub(super) async fn verify(&self, subject: Arc<T>) {
        let checks = caught((self.check)(subject));
        match timeout(MAX_TIME, checks).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => self.broken(panic, |_| String::new()),
            Err(_) => self.fail(&format!(
                "the check has not ended after {MAX_TIME:?}: a call never ends"
            )),
        }
    }

    /// Checks the rule, and then runs `after`. The message about a broken rule ends with `history`, which gets
    /// the text of the panic.
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
        match timeout(MAX_TIME_OF_CALLS, caught(checks)).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => self.broken(panic, history),
            Err(_) => {
                let seen = format!("the check has not ended after {MAX_TIME_OF_CALLS:?}");
                self.fail(&format!("{seen}\n{}", history(&seen)));
            }
        }
    }

    /// Reports the rule as broken, with the message of the panic.
    fn broken(&self, panic: Box<dyn Any + Send>, history: impl FnOnce(&str) -> String) -> ! {
        let Some(seen) = message(&*panic) else {
            resume_unwind(panic)
        };
        let history = history(seen);
        self.fail(&format!("{seen}\n{history}"))
    }

    #[expect(clippy::panic, reason = "a suite reports a broken rule by panicking")]
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

/// The message of a panic. It is a `String` if it has formatted values, and a `&str` otherwise.
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
            "| rule | demand |\n|---|---|\n",
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

    /// The message about a rule with this check.
    async fn message_of(check: fn(Arc<()>) -> BoxFuture<'static, ()>) -> String {
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
        let message = message_of(|_| Box::pin(async { panic!("seen") })).await;
        let expected = "the rule `a_rule` is broken.\nIt demands this.\nseen\nhistory after seen";
        assert_eq!(message, expected);
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
        let message = *panic.downcast::<String>().unwrap();
        let start =
            "the rule `a_rule` is broken.\nIt demands this.\nthe check has not ended after 60s";
        assert!(message.starts_with(start), "{message}");
    }

    #[tokio::test]
    async fn a_check_after_a_rule_can_fail() {
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
        let message = *panic.downcast::<String>().unwrap();
        assert!(message.contains("seen later"), "{message}");
    }
}
