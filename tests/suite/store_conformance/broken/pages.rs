//! Stores whose pages are wrong.

use std::sync::Mutex;

use oauth_dcr::{ClientId, client::StoredClient};

use super::{steps::bytes, *};

/// A page in another order, in which it also goes on.
fn ordered<K: Ord>(rows: &Rows, page: &Page, order: impl Fn(&ClientId) -> K) -> Vec<StoredClient> {
    let mut all: Vec<&Row> = rows.of(&page.tenant).collect();
    all.sort_by_key(|row| order(&row.at.id));
    let after = page.after.as_ref().map(&order);
    all.retain(|row| {
        after
            .as_ref()
            .is_none_or(|after| order(&row.at.id) > *after)
    });
    let rows = all.into_iter().take(page.limit as usize);
    rows.map(Row::read).collect()
}

/// Pages are ordered without regard to case.
fn pages_without_case() -> Store {
    let order = |id: &ClientId| (id.as_str().to_lowercase(), bytes(id));
    Store::new().list_slowly(move |table, page| async move {
        table.alone(|rows| Ok(ordered(rows, &page, order)))
    })
}

/// Pages are ordered by words: characters other than letters and digits come last.
fn pages_by_words() -> Store {
    let order = |id: &ClientId| {
        let is_word = |it: char| it.is_ascii_alphanumeric();
        (id.as_str().replace(|it| !is_word(it), ""), bytes(id))
    };
    Store::new().list_slowly(move |table, page| async move {
        table.alone(|rows| Ok(ordered(rows, &page, order)))
    })
}

/// Pages are ordered by the length of ids first.
fn pages_by_length() -> Store {
    Store::new().list_by(|rows, page| Ok(ordered(rows, page, |id| (id.as_str().len(), bytes(id)))))
}

/// Pages are ordered by the numbers in ids.
fn pages_by_number() -> Store {
    Store::new().list_by(|rows, page| {
        let number = |id: &ClientId| id.as_str().parse::<u64>().unwrap_or(u64::MAX);
        Ok(ordered(rows, page, |id| (number(id), bytes(id))))
    })
}

/// A page in reverse.
fn pages_backwards() -> Store {
    Store::new().list_by(|rows, page| {
        let mut list = rows.list(page)?;
        list.reverse();
        Ok(list)
    })
}

/// Pages are in the order of registration.
fn pages_by_registration() -> Store {
    Store::new().list_by(|rows, page| {
        let mut all: Vec<&Row> = rows.of(&page.tenant).collect();
        all.sort_by_key(|row| (row.usage.idle_since(), row.at.clone()));
        let at = all
            .iter()
            .position(|row| Some(&row.at.id) == page.after.as_ref());
        let rest = all.into_iter().skip(at.map_or(0, |at| at + 1));
        Ok(rest.take(page.limit as usize).map(Row::read).collect())
    })
}

/// A store whose pages have another limit.
fn limiting(limit: fn(u32) -> u32) -> Store {
    Store::new().list_slowly(move |table, page| async move {
        let limit = limit(page.limit);
        table.alone(|rows| rows.list(&Page { limit, ..page }))
    })
}

/// A page has one client more than its limit.
fn a_page_has_one_more() -> Store {
    limiting(|limit| limit.saturating_add(1))
}

/// A page has one client less than its limit.
fn a_page_has_one_less() -> Store {
    limiting(|limit| if limit > 1 { limit - 1 } else { limit })
}

/// A limit of zero is none.
fn a_page_of_zero_has_no_limit() -> Store {
    limiting(|limit| if limit == 0 { u32::MAX } else { limit })
}

/// A limit of zero is one.
fn a_page_of_zero_has_one_client() -> Store {
    limiting(|limit| limit.max(1))
}

/// A page has at most a hundred clients.
fn a_page_has_a_hundred() -> Store {
    limiting(|limit| limit.min(100))
}

/// A page has at most a thousand clients.
fn a_page_has_a_thousand() -> Store {
    limiting(|limit| limit.min(1000))
}

/// A limit has sixteen bits.
fn a_page_limit_has_16_bits() -> Store {
    limiting(|limit| limit & 0xffff)
}

/// A limit is a number with a sign.
fn a_page_limit_has_a_sign() -> Store {
    limiting(|limit| limit.cast_signed().max(0).cast_unsigned())
}

/// A page begins with the client after which it is to begin.
fn a_page_begins_with_the_last_client() -> Store {
    Store::new().list_by(|rows, page| {
        let is_later = |row: &&Row| page.after.as_ref().is_none_or(|after| row.at.id >= *after);
        let rows = rows.of(&page.tenant).filter(is_later);
        Ok(rows.take(page.limit as usize).map(Row::read).collect())
    })
}

/// A page after an id that nobody has begins at the start.
fn a_page_after_nobody_begins_at_the_start() -> Store {
    Store::new().list_by(|rows, page| {
        let has = |after: &ClientId| rows.get(&At::new(&page.tenant, after)).is_some();
        let after = page.after.clone().filter(has);
        rows.list(&Page {
            after,
            ..page.clone()
        })
    })
}

/// A page after an id that nobody has is empty.
fn a_page_after_nobody_is_empty() -> Store {
    Store::new().list_by(|rows, page| {
        let has = |after: &ClientId| rows.get(&At::new(&page.tenant, after)).is_some();
        if page.after.as_ref().is_some_and(|after| !has(after)) {
            return Ok(Vec::new());
        }
        rows.list(page)
    })
}

/// A page after an id that nobody has leaves out a client.
fn a_page_after_nobody_leaves_one_out() -> Store {
    Store::new().list_by(|rows, page| {
        let has = |after: &ClientId| rows.get(&At::new(&page.tenant, after)).is_some();
        let leaves_out = page.after.as_ref().is_some_and(|after| !has(after));
        let limit = page.limit.saturating_add(u32::from(leaves_out));
        let list = rows.list(&Page {
            limit,
            ..page.clone()
        })?;
        Ok(list.into_iter().skip(usize::from(leaves_out)).collect())
    })
}

/// A page begins at the place where the page before ended, whatever was removed since then.
fn pages_by_place() -> Store {
    let ends: Mutex<Vec<(Option<At>, usize)>> = Mutex::default();
    let ends = std::sync::Arc::new(ends);
    Store::new().list_slowly(move |table, page| {
        let ends = std::sync::Arc::clone(&ends);
        async move {
            let begins = page
                .after
                .as_ref()
                .map(|after| At::new(&page.tenant, after));
            let mut ends = ends.lock().unwrap();
            let end = ends.iter().rfind(|end| begins.is_some() && end.0 == begins);
            let Some(skipped) = end.map(|end| end.1).or(begins.is_none().then_some(0)) else {
                return table.alone(|rows| rows.list(&page));
            };
            let list: Vec<StoredClient> = table.alone(|rows| {
                let rest = rows.of(&page.tenant).skip(skipped);
                rest.take(page.limit as usize).map(Row::read).collect()
            });
            let end = list.last().map(|row| At::new(&page.tenant, row.id()));
            ends.push((end, skipped + list.len()));
            Ok(list)
        }
    })
}

/// Removes some clients from the pages.
fn hiding(is_hidden: fn(&Row) -> bool) -> Store {
    Store::new().list_slowly(move |table, page| async move {
        table.alone(|rows| {
            let is_later = |row: &&Row| page.after.as_ref().is_none_or(|after| row.at.id > *after);
            let rows = rows
                .of(&page.tenant)
                .filter(is_later)
                .filter(|row| !is_hidden(row));
            Ok(rows.take(page.limit as usize).map(Row::read).collect())
        })
    })
}

/// Pages have no blocked clients.
fn pages_without_blocked_clients() -> Store {
    hiding(|row| row.blocked)
}

/// Pages have no clients that were never used.
fn pages_without_unused_clients() -> Store {
    hiding(|row| !row.usage.is_used() && row.revision > 0)
}

/// A page loses the clients that are blocked after it has as many as its limit.
fn pages_lose_blocked_clients() -> Store {
    Store::new().list_by(|rows, page| {
        let mut list = rows.list(page)?;
        list.retain(|row| {
            let row = rows.get(&At::new(&page.tenant, row.id()));
            row.is_some_and(|row| !row.blocked)
        });
        Ok(list)
    })
}

caught! {
    pages_without_case
    pages_by_words
    pages_by_length
    pages_by_number
    pages_backwards
    pages_by_registration
    a_page_has_one_more
    a_page_has_one_less
    a_page_of_zero_has_no_limit
    a_page_of_zero_has_one_client
    a_page_has_a_hundred
    a_page_limit_has_16_bits
    a_page_limit_has_a_sign
    a_page_begins_with_the_last_client
    a_page_after_nobody_begins_at_the_start
    a_page_after_nobody_is_empty
    a_page_after_nobody_leaves_one_out
    pages_by_place
    pages_without_blocked_clients
    pages_without_unused_clients
    pages_lose_blocked_clients
}

caught! { by a_tenant_may_have_thousands_of_clients:
    a_page_has_a_thousand
}
