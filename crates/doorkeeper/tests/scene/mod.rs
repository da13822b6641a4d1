//! A directory with a good configuration and everything it names, to be spoilt by tests.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

pub(crate) const GOOD: &str = "\
cluster: test
upstream:
  bootstrap.servers: localhost:9092
  security.protocol: SASL_SSL
  sasl.mechanism: SCRAM-SHA-512
  username: doorkeeper
  password: ${file:upstream.password}
  tls: { trust: ca.crt }
listeners:
  - name: CLIENT
    address: 127.0.0.1:19092
    security.protocol: SASL_SSL
    tls: { certificate: tls.crt, private_key: tls.key }
    sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512
    brokers: { mode: ports, advertised_host: kafka.example.com, first_port: 19100, node_ids: 0-19 }
store: { file: acls.yaml }
metrics: { address: 127.0.0.1:19464 }
";

pub(crate) const GOOD_ACLS: &str = "\
users:
  alice: { password: \"${file:alice.password}\" }
acls:
  - { principal: User:alice, allow: Read, topic: orders }
";

pub(crate) struct Scene {
    directory: tempfile::TempDir,
}

impl Scene {
    /// A configuration and an ACL file, and beside them certificates and passwords.
    pub(crate) fn new(configuration: &str, acls: &str) -> Scene {
        let scene = Scene { directory: tempfile::tempdir().expect("a directory") };
        scene.write("doorkeeper.yaml", 0o600, configuration);
        scene.write("acls.yaml", 0o600, acls);
        for name in ["upstream.password", "alice.password", "bob.password"] {
            scene.write(name, 0o600, "hunter2\n");
        }
        scene.write("open.password", 0o644, "hunter2\n");
        scene.certificates();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, mode: u32, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
    }

    fn certificates(&self) {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
        self.write("ca.crt", 0o644, &authority.pem());
        for (name, expired) in [("tls", false), ("other", false), ("expired", true)] {
            let key = KeyPair::generate().expect("a key");
            let mut params =
                CertificateParams::new(vec!["kafka.example.com".to_owned(), "localhost".to_owned()]).expect("names");
            if expired {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2020, 12, 31);
            }
            let certificate = params.signed_by(&key, &authority).expect("signed");
            self.write(&format!("{name}.crt"), 0o644, &certificate.pem());
            self.write(&format!("{name}.key"), 0o600, &key.serialize_pem());
        }
        let key = std::fs::read_to_string(self.path("tls.key")).expect("written");
        self.write("open.key", 0o640, &key);
        self.write(
            "encrypted.key",
            0o600,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        );
        self.write("empty.crt", 0o644, "nothing\n");
    }

    /// Runs the binary in the directory, with relative names as an operator has them.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorkeeper"));
        command.args(arguments).current_dir(self.directory()).env("NO_COLOR", "1").env("A_WORD", "hunter2");
        command.output().expect("it runs")
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}
