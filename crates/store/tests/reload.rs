//! A change of the file becomes what holds, or leaves what holds and says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use store::file::{self, FileSettings};
use store::{Current, Edits, Reload, Store as _, UserEdit};
use tokio::sync::{Notify, mpsc};

const DEADLINE: Duration = Duration::from_secs(20);

/// A file being followed.
struct Followed {
    directory: tempfile::TempDir,
    current: Current,
    reloads: mpsc::Receiver<Reload>,
    look_now: Arc<Notify>,
}

impl Followed {
    fn start(text: &str, adjust: impl FnOnce(&mut FileSettings, &mut acl::Settings)) -> Followed {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("acls.yaml"), text).expect("written");
        Followed::in_directory(directory, adjust)
    }

    fn in_directory(
        directory: tempfile::TempDir,
        adjust: impl FnOnce(&mut FileSettings, &mut acl::Settings),
    ) -> Followed {
        let mut law = acl::Settings::default();
        let mut settings = FileSettings::new(directory.path().join("acls.yaml"));
        settings.quiet_period = Duration::from_millis(30);
        settings.poll_interval = Duration::ZERO;
        adjust(&mut settings, &mut law);
        let loaded = file::load(settings).expect("a good file");
        let (tell, reloads) = mpsc::channel(16);
        let (current, look_now) = (Current::new(loaded.snapshot(law)), Arc::new(Notify::new()));
        tokio::spawn(Arc::new(loaded.into_store(current.clone())).keep_current(look_now.clone(), tell));
        Followed { directory, current, reloads, look_now }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path("acls.yaml"), text).expect("written");
    }

    async fn next(&mut self) -> Reload {
        self.next_with_edits().await.0
    }

    /// What was edited, apart from the rest.
    async fn next_with_edits(&mut self) -> (Reload, Edits) {
        let told = tokio::time::timeout(DEADLINE, self.reloads.recv()).await;
        let mut reload = told.expect("an outcome in time").expect("it runs");
        let edits = match &mut reload {
            Reload::Loaded { edits, .. } => std::mem::take(edits),
            Reload::Unchanged { .. } | Reload::Failed { .. } | Reload::Held { .. } => Edits::default(),
        };
        (reload, edits)
    }

    /// (generation, ACLs, users) that hold.
    fn holds(&self) -> (u64, usize, usize) {
        let snapshot = self.current.load();
        (snapshot.generation, snapshot.policy.len(), snapshot.users.len())
    }
}

/// A file with an ACL for each of these topics.
fn acls(topics: &[&str]) -> String {
    let entry = |topic: &&str| format!("  - {{ principal: User:alice, allow: Read, topic: {topic} }}\n");
    format!("acls:\n{}", topics.iter().map(entry).collect::<String>())
}

fn loaded(generation: u64, acls: usize, added: usize, removed: usize) -> Reload {
    Reload::Loaded { generation, acls, added, removed, users: 0, warnings: Vec::new(), edits: Edits::default() }
}

#[tokio::test]
async fn an_edit_holds_as_soon_as_it_is_told() {
    let mut followed = Followed::start(&acls(&["a", "b", "c"]), |_, _| {});
    let mut generations = followed.current.subscribe();
    followed.write(&acls(&["a", "b", "d", "e"]));
    assert_eq!(followed.next().await, loaded(2, 4, 2, 1));
    assert_eq!(followed.holds(), (2, 4, 0));
    assert!(generations.has_changed().expect("the store lives"));
    assert_eq!(*generations.borrow_and_update(), 2);
}

#[tokio::test]
async fn a_file_that_is_replaced_by_another_is_followed() {
    let mut followed = Followed::start(&acls(&["a"]), |_, _| {});
    std::fs::write(followed.path("new"), acls(&["a", "b"])).expect("written");
    std::fs::rename(followed.path("new"), followed.path("acls.yaml")).expect("renamed");
    assert_eq!(followed.next().await, loaded(2, 2, 1, 0));
}

#[tokio::test]
async fn without_word_from_the_file_system_polling_finds_the_change() {
    let directory = tempfile::tempdir().expect("a directory");
    let elsewhere = tempfile::tempdir().expect("a directory");
    // The file is a link: what happens in the other directory is not watched.
    let target = elsewhere.path().join("target.yaml");
    std::fs::write(&target, acls(&["a"])).expect("written");
    std::os::unix::fs::symlink(&target, directory.path().join("acls.yaml")).expect("linked");
    let mut followed =
        Followed::in_directory(directory, |settings, _| settings.poll_interval = Duration::from_millis(50));
    std::fs::write(&target, acls(&["a", "b"])).expect("written");
    assert_eq!(followed.next().await, loaded(2, 2, 1, 0));
}

/// A ConfigMap: `acls.yaml -> ..data/acls.yaml`, `..data -> ..1`, and an update swaps `..data` in one step.
#[tokio::test]
async fn the_link_that_kubernetes_swaps_changes_all_files_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let version = |name: &str, group: &str, topics: &[&str]| {
        let version = directory.path().join(name);
        std::fs::create_dir(&version).expect("made");
        let users = "users:\n  alice: { groups: [\"${file:group}\"] }\n";
        std::fs::write(version.join("acls.yaml"), format!("{users}{}", acls(topics))).expect("written");
        std::fs::write(version.join("group"), group).expect("written");
    };
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, directory.path().join(name)).expect("linked");
    };
    version("..1", "one", &["a"]);
    version("..2", "two", &["a", "b"]);
    link("..1", "..data");
    link("..data/acls.yaml", "acls.yaml");
    link("..data/group", "group");
    link("..2", "..data_tmp");
    let mut followed = Followed::in_directory(directory, |_, _| {});
    assert_eq!(followed.current.load().users.groups("alice"), ["Group:one".into()]);
    std::fs::rename(followed.path("..data_tmp"), followed.path("..data")).expect("renamed");
    let expected = Reload::Loaded {
        generation: 2,
        acls: 2,
        added: 1,
        removed: 0,
        users: 1,
        warnings: Vec::new(),
        edits: Edits::default(),
    };
    assert_eq!(followed.next().await, expected);
    assert_eq!(followed.current.load().users.groups("alice"), ["Group:two".into()]);
}

#[tokio::test]
async fn a_broken_edit_keeps_the_old_state_and_names_its_line() {
    let mut followed = Followed::start(&acls(&["a", "b"]), |_, _| {});
    followed.write("acls:\n  - { principal: User:alice, allow: Reed, topic: a }\n");
    let outcome = followed.next().await;
    let Reload::Failed { problems } = &outcome else { panic!("{outcome}") };
    let path: &Path = &problems[0].file;
    assert_eq!(
        (path, problems[0].mark.line, problems[0].key.as_str()),
        (&*followed.path("acls.yaml"), 2, "acls[0].allow")
    );
    assert_eq!(followed.holds(), (1, 2, 0));
    followed.write("");
    assert_eq!(followed.next().await.result(), "failed");
    std::fs::remove_file(followed.path("acls.yaml")).expect("removed");
    assert_eq!(followed.next().await.result(), "failed");
    assert_eq!(followed.holds(), (1, 2, 0));
    followed.write(&acls(&["a", "b"]));
    assert_eq!(followed.next().await, Reload::Unchanged { generation: 1 });
    followed.write(&acls(&["a", "b", "c"]));
    assert_eq!(followed.next().await, loaded(2, 3, 1, 0));
}

#[tokio::test]
async fn a_reload_that_drops_over_half_of_the_acls_waits_to_be_allowed() {
    let mut followed = Followed::start(&acls(&["a", "b", "c", "d"]), |_, _| {});
    followed.write(&acls(&["a"]));
    let file = followed.path("acls.yaml").display().to_string();
    assert_eq!(followed.next().await, Reload::Held { file, reason: "3 of 4 ACLs would be removed".to_owned() });
    assert_eq!(followed.holds(), (1, 4, 0));
    followed.write(&format!("allow_mass_removal: true\n{}", acls(&["a"])));
    let outcome = followed.next().await;
    assert!(matches!(&outcome, Reload::Loaded { removed: 3, warnings, .. } if warnings.len() == 1), "{outcome}");
    assert_eq!(followed.holds(), (2, 1, 0));
}

#[tokio::test]
async fn exactly_half_of_the_acls_may_go_without_a_word() {
    let mut followed = Followed::start(&acls(&["a", "b", "c", "d"]), |_, _| {});
    followed.write(&acls(&["a", "b"]));
    assert_eq!(followed.next().await, loaded(2, 2, 0, 2));
}

#[tokio::test]
async fn a_reload_that_takes_everything_from_a_super_user_waits_to_be_allowed() {
    let with_admin = |users: &str, acl: &str| format!("{users}{}{acl}", acls(&["a", "b", "c"]));
    let users = "users:\n  admin: { password: secret }\n";
    let acl = "  - { principal: User:admin, allow: All, cluster: true }\n";
    let super_admin = |_: &mut FileSettings, law: &mut acl::Settings| {
        law.super_users = ["User:admin".to_owned()].into();
    };
    for (new, reason) in [
        (with_admin(users, ""), "every ACL of the super user `User:admin` would be removed"),
        (with_admin("", acl), "the super user `User:admin` would be removed from `users`"),
    ] {
        let mut followed = Followed::start(&with_admin(users, acl), super_admin);
        followed.write(&new);
        let file = followed.path("acls.yaml").display().to_string();
        assert_eq!(followed.next().await, Reload::Held { file, reason: reason.to_owned() });
        assert_eq!(followed.holds(), (1, 4, 1));
    }
}

#[tokio::test]
async fn who_asks_is_answered_even_if_nothing_changed() {
    let mut followed = Followed::start(&acls(&["a"]), |_, _| {});
    followed.look_now.notify_one();
    assert_eq!(followed.next().await, Reload::Unchanged { generation: 1 });
}

#[tokio::test]
async fn a_comment_is_no_new_generation() {
    let users = "users:\n  alice: { password: secret }\n";
    let mut followed = Followed::start(&format!("{users}{}", acls(&["a"])), |_, _| {});
    followed.write(&format!("# a comment\n{users}{}", acls(&["a"])));
    assert_eq!(followed.next().await, Reload::Unchanged { generation: 1 });
    assert_eq!(followed.holds(), (1, 1, 1));
}

#[tokio::test]
async fn an_edit_is_told_with_what_was_and_what_is() {
    let users = |users: &str| format!("users:\n{users}{}", acls(&["a"]));
    let mut followed = Followed::start(&users("  a: { groups: [x] }\n  b: { groups: [x] }\n"), |_, _| {});
    let before = followed.current.load_full();
    let edited = users("  b: { groups: [y] }\n  c: { groups: [x] }\n").replace("topic: a", "topic: b");
    // Everything that was there is removed: that is meant.
    followed.write(&format!("allow_mass_removal: true\n{edited}"));
    let (_, edits) = followed.next_with_edits().await;
    let after = followed.current.load_full();
    let expected = Edits {
        file: followed.path("acls.yaml").display().to_string(),
        added: after.policy.bindings().collect(),
        removed: before.policy.bindings().collect(),
        users: vec![
            ("a".to_owned(), UserEdit::Deleted),
            ("b".to_owned(), UserEdit::Altered),
            ("c".to_owned(), UserEdit::Created),
        ],
    };
    assert_eq!(edits, expected);
}
