//! Stores that write tenants or ids so that two of them become the same.

use oauth_dcr::{ClientId, TenantId};

use super::*;

/// Tenants and ids are joined by a character that tenants may have.
fn a_colon_joins_tenant_and_id() -> Store {
    Store::with(|steps| steps.separator = ":")
}

/// Tenants and ids are joined by a character that tenants may have.
fn a_dot_joins_tenant_and_id() -> Store {
    Store::with(|steps| steps.separator = ".")
}

/// Tenants and ids are joined by a character that tenants may have.
fn a_dash_joins_tenant_and_id() -> Store {
    Store::with(|steps| steps.separator = "-")
}

/// Tenants and ids are joined by a character that tenants may have.
fn an_underscore_joins_tenant_and_id() -> Store {
    Store::with(|steps| steps.separator = "_")
}

/// Nothing stands between tenants and ids.
fn nothing_joins_tenant_and_id() -> Store {
    Store::with(|steps| steps.separator = "")
}

/// `list` returns the rows whose keys begin with the tenant's name.
fn a_list_has_tenants_that_begin_alike() -> Store {
    Store::new().list_by(|rows, page| {
        let tenant = page.tenant.as_str();
        let is_alike = |row: &&Row| row.at.tenant.as_str().starts_with(tenant);
        let is_later = |row: &&Row| page.after.as_ref().is_none_or(|after| row.at.id > *after);
        let alike = rows.stored.values().filter(is_alike).filter(is_later);
        Ok(alike.take(page.limit as usize).map(Row::read).collect())
    })
}

/// A sweep removes the rows whose keys begin with the tenant's name.
fn a_sweep_removes_of_tenants_that_begin_alike() -> Store {
    Store::new().sweep_by(|rows, (tenant, sweep)| {
        let name = tenant.as_str().to_owned();
        let is_due = |row: &&Row| {
            row.at.tenant.as_str().starts_with(&name) && sweep.removes(row.blocked, row.usage)
        };
        let due: Vec<At> = rows
            .stored
            .values()
            .filter(is_due)
            .map(|row| row.at.clone())
            .collect();
        let due = due.into_iter().take(sweep.max_removed() as usize);
        Ok(due
            .inspect(|at| drop(rows.take(at)))
            .map(|at| at.id)
            .collect())
    })
}

/// A tenant is looked for by a pattern of SQL: `_` is any character.
fn a_tenant_is_a_pattern_of_sql() -> Store {
    matching('_')
}

/// A tenant is looked for by a regular expression: `.` is any character.
fn a_tenant_is_a_regular_expression() -> Store {
    matching('.')
}

/// Finds clients of tenants that match a tenant in which `wildcard` is any character.
fn matching(wildcard: char) -> Store {
    Store::new().find_slowly(move |table, at| async move {
        let is_alike = |tenant: &TenantId| {
            let (pattern, tenant) = (at.tenant.as_str(), tenant.as_str());
            let mut both = pattern.chars().zip(tenant.chars());
            pattern.len() == tenant.len() && both.all(|(a, b)| a == wildcard || a == b)
        };
        table.alone(|rows| {
            let found = rows
                .stored
                .values()
                .find(|row| row.at.id == at.id && is_alike(&row.at.tenant));
            Ok(found.map(Row::read))
        })
    })
}

/// Tenants are compared without regard to case.
fn tenants_without_case() -> Store {
    Store::with(|steps| steps.tenant = |tenant| tenant.as_str().to_lowercase())
}

/// A column for tenants has 64 characters.
fn tenants_of_64_characters() -> Store {
    Store::with(|steps| steps.tenant = |tenant| tenant.as_str().chars().take(64).collect())
}

/// A column for tenants is a character too short.
fn tenants_of_127_characters() -> Store {
    Store::with(|steps| steps.tenant = |tenant| tenant.as_str().chars().take(127).collect())
}

/// A dot ends the name of a tenant.
fn tenants_end_at_a_dot() -> Store {
    Store::with(|steps| {
        steps.tenant = |tenant| tenant.as_str().split('.').take(1).collect();
    })
}

/// Tenants are domain names, in which dashes and underscores are the same.
fn tenants_with_one_dash() -> Store {
    Store::with(|steps| steps.tenant = |tenant| tenant.as_str().replace('_', "-"))
}

/// Ids are compared without regard to case.
fn ids_without_case() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().to_lowercase())
}

/// A column for ids has 255 characters.
fn ids_of_255_characters() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().chars().take(255).collect())
}

/// A column for ids is a character too short.
fn ids_of_511_characters() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().chars().take(511).collect())
}

/// An index of ids has 64 characters.
fn ids_of_64_characters() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().chars().take(64).collect())
}

/// Ids that are numbers are compared as numbers.
fn ids_are_numbers() -> Store {
    Store::with(|steps| {
        steps.id = |id| {
            let number: Result<u64, _> = id.as_str().parse();
            number.map_or(id.to_string(), |number| number.to_string())
        };
    })
}

/// Ids are parts of an address, and `%41` is `A`.
fn ids_are_decoded() -> Store {
    Store::with(|steps| {
        steps.id = |id| {
            id.as_str()
                .replace("%2F", "/")
                .replace("%2f", "/")
                .replace("%41", "A")
        };
    })
}

/// Ids are names of files, in which a slash becomes an underscore.
fn ids_are_names_of_files() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().replace(['/', '\\', ':'], "_"))
}

/// A file system drops dots at the end of a name.
fn ids_without_dots_at_the_end() -> Store {
    Store::with(|steps| steps.id = |id| id.as_str().trim_end_matches('.').to_owned())
}

/// A quote in an id is doubled when it is written, and not when it is looked for.
fn ids_with_quotes_are_escaped() -> Store {
    Store::new().find_by(|rows, at| {
        let id = at.id.as_str().replace('\'', "''");
        let id = ClientId::parse(&id).unwrap_or(at.id.clone());
        rows.find(&At::new(&at.tenant, &id))
    })
}

/// An id is looked for by a pattern of SQL: `%` is any text.
fn an_id_is_a_pattern() -> Store {
    Store::new().find_by(|rows, at| {
        let Some((before, after)) = at.id.as_str().split_once('%') else {
            return rows.find(at);
        };
        let found = rows.of(&at.tenant).find(|row| {
            let id = row.at.id.as_str();
            id.len() >= before.len() + after.len() && id.starts_with(before) && id.ends_with(after)
        });
        Ok(found.map(Row::read))
    })
}

caught! {
    a_colon_joins_tenant_and_id
    a_dot_joins_tenant_and_id
    a_dash_joins_tenant_and_id
    an_underscore_joins_tenant_and_id
    nothing_joins_tenant_and_id
    a_list_has_tenants_that_begin_alike
    a_sweep_removes_of_tenants_that_begin_alike
    a_tenant_is_a_pattern_of_sql
    a_tenant_is_a_regular_expression
    tenants_without_case
    tenants_of_64_characters
    tenants_of_127_characters
    tenants_end_at_a_dot
    tenants_with_one_dash
    ids_without_case
    ids_of_255_characters
    ids_of_511_characters
    ids_of_64_characters
    ids_are_numbers
    ids_are_decoded
    ids_are_names_of_files
    ids_without_dots_at_the_end
    ids_with_quotes_are_escaped
    an_id_is_a_pattern
}
