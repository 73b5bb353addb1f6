//! The lines in which two texts differ.

/// Lines of `old` alone with `-`, those of `new` alone with `+`; what they share is left out.
pub(super) fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let shared = shared(&old, &new);
    let (mut before, mut after) = (0, 0);
    let mut lines = Vec::new();
    while before < old.len() || after < new.len() {
        let is_shared = before < old.len() && after < new.len() && old[before] == new[after];
        if is_shared {
            before += 1;
            after += 1;
        } else if before < old.len() && shared[before + 1][after] == shared[before][after] {
            lines.push(format!("-{}\n", old[before]));
            before += 1;
        } else {
            lines.push(format!("+{}\n", new[after]));
            after += 1;
        }
    }
    lines.concat()
}

/// How many lines the two share, in their order, from each pair of positions on.
fn shared(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; new.len() + 1]; old.len() + 1];
    for before in (0..old.len()).rev() {
        for after in (0..new.len()).rev() {
            lengths[before][after] = if old[before] == new[after] {
                lengths[before + 1][after + 1] + 1
            } else {
                lengths[before + 1][after].max(lengths[before][after + 1])
            };
        }
    }
    lengths
}
