//! Where a password comes from: the terminal, or a file. Never an argument, which everybody on the machine can see.

use std::path::Path;

use anyhow::{Context, Result, bail};
use store::permissions::secret_is_open_to_others;
use zeroize::Zeroizing;

pub(super) fn read(file: Option<&Path>, user: &str) -> Result<Zeroizing<String>> {
    let password = match file {
        Some(path) => of_file(path)?,
        None => of_terminal(user)?,
    };
    if password.is_empty() {
        bail!("the password is empty");
    }
    Ok(password)
}

/// Without the line break that editors put at its end. `/dev/stdin` is a file too.
fn of_file(path: &Path) -> Result<Zeroizing<String>> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read `{shown}`"))?;
    if metadata.is_file() {
        secret_is_open_to_others(path).map_err(anyhow::Error::msg)?;
    }
    let text = std::fs::read_to_string(path).map(Zeroizing::new).with_context(|| format!("cannot read `{shown}`"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        bail!("`{shown}` has more than one line, expected the password alone");
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn of_terminal(user: &str) -> Result<Zeroizing<String>> {
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .context("there is no terminal to ask for the password: name a file with `--password-file`")
    };
    let password = ask(format!("Password of {user}: "))?;
    if *password != *ask("The same again: ".to_owned())? {
        bail!("these are two passwords; nothing was changed");
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_holds_one_line_that_only_its_owner_reads() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for (text, mode, expected) in [
            (" a secret \r\n", 0o600, Ok(" a secret ")),
            ("secret", 0o400, Ok("secret")),
            ("secret\n", 0o644, Err("`chmod 600` it")),
            ("\n", 0o600, Err("the password is empty")),
            ("one\ntwo\n", 0o600, Err("more than one line")),
        ] {
            set_permissions(file.path(), Permissions::from_mode(0o600)).expect("ours");
            write(file.path(), text).expect("written");
            set_permissions(file.path(), Permissions::from_mode(mode)).expect("ours");
            match (read(Some(file.path()), "alice"), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(&*found, expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, expected) => panic!("{text:?}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
