use crate::{
    acl::{
        AclError, AclFault, Action,
        json::tree::{Tree, flag, object, shown, text},
    },
    types::WebUri,
};

/// Reads an action: one of `allow`, `block` and `redirect`, and whether `log` is set. With `log`, the action
/// may be absent.
pub(super) fn action(tree: Tree) -> Result<(Option<Action>, bool), AclError> {
    let (mut chosen, mut redirect, mut target, mut log) = (Vec::new(), false, None, false);
    for (name, value) in object(tree)? {
        match name.as_str() {
            "allow" if flag(&value, &name)? => chosen.push(Action::Allow),
            "block" if flag(&value, &name)? => chosen.push(Action::Block),
            "redirect" => redirect = flag(&value, &name)?,
            "log" => log = flag(&value, &name)?,
            "allow" | "block" => {}
            "redirect_uri" => {
                let uri = WebUri::parse(text(value, &name)?);
                target = Some(uri.map_err(|_| AclError::new(name, AclFault::Malformed))?);
            }
            _ => return Err(AclError::new(shown(&name), AclFault::UnknownField)),
        }
    }
    match (redirect, target) {
        (true, Some(uri)) => chosen.push(Action::Redirect(uri)),
        (false, None) => {}
        _ => return Err(AclError::new("redirect_uri", AclFault::RedirectIncomplete)),
    }
    let action = chosen.pop();
    if !chosen.is_empty() || (action.is_none() && !log) {
        return Err(AclError::new("", AclFault::NotOneAction));
    }
    Ok((action, log))
}
