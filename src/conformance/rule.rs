//! A rule of a suite, and how a broken rule is reported.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

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

impl<T> Rule<T> {
    /// Checks the rule.
    ///
    /// # Panics
    /// If the rule is broken. The message begins with the rule.
    #[expect(clippy::panic, reason = "panicking is how a suite says what is wrong")]
    pub(super) async fn verify(&self, subject: Arc<T>) {
        let mut check = (self.check)(subject);
        let ended = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| check.as_mut().poll(context)));
            polled.map_or_else(|panic| Err(panic).into(), |poll| poll.map(Ok))
        });
        if let Err(panic) = ended.await {
            let Some(seen) = message(&*panic) else {
                resume_unwind(panic);
            };
            let Self { name, demand, .. } = self;
            panic!("the rule `{name}` is broken.\n{demand}\n{seen}");
        }
    }
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
