use std::fs;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;

const JAAS: &str = "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"s, x\";";

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn read_text(text: &str) -> Result<UpstreamSettings> {
    let directory = directory();
    let path = directory.path().join("client.properties");
    fs::write(&path, text).expect("written");
    read(Some(&path), "broker-1:9092, [::1]:9093").map_err(|error| {
        // Without the name of the file, which is another one each time.
        anyhow::anyhow!("{}", format!("{error:#}").replace(&format!("{}: ", path.display()), ""))
    })
}

/// An authority and what it signed for a client: files in PEM, and stores in PKCS#12 with the password `changeit`.
fn certificates(directory: &TempDir) {
    let write = |name: &str, content: &[u8]| fs::write(directory.path().join(name), content).expect("written");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "an authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let client = CertificateParams::new(vec!["a".to_owned()]).expect("a name");
    let client = client.signed_by(&key, &authority).expect("signed");
    write("ca.pem", authority.pem().as_bytes());
    write("client.pem", format!("{}{}", key.serialize_pem(), client.pem()).as_bytes());
    let certificate = |der: &[u8]| Certificate::from_der(der).expect("a certificate");
    let mut trust = KeyStore::new();
    trust.add_entry("ca", KeyStoreEntry::Certificate(certificate(authority.der())));
    write("trust.p12", &trust.writer("changeit").write().expect("written"));
    let key = PrivateKey::from_der(key.serialized_der()).expect("a key");
    let chain = PrivateKeyChain::new("client", key, [certificate(client.der()), certificate(authority.der())]);
    let mut identity = KeyStore::new();
    identity.add_entry("client", KeyStoreEntry::PrivateKeyChain(chain));
    write("client.p12", &identity.writer("changeit").write().expect("written"));
    write("old.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]);
}

/// The lines, with `DIR` for the directory of the certificates.
fn with_certificates(lines: &str) -> Result<UpstreamSettings> {
    let directory = directory();
    certificates(&directory);
    let path = directory.path().display().to_string();
    read_text(&lines.replace("DIR", &path))
        .map_err(|error| anyhow::anyhow!("{}", error.to_string().replace(&path, "DIR")))
}

#[test]
fn without_a_file_it_is_plaintext() {
    let settings = read(None, "broker-1:9092, [::1]:9093").expect("settings");
    let servers: Vec<String> = settings.bootstrap_servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["broker-1:9092", "[::1]:9093"]);
    assert!(settings.security.tls.is_none() && settings.security.sasl.is_none());
    assert_eq!(
        (settings.connect_timeout, settings.request_timeout),
        (Duration::from_secs(10), Duration::from_secs(30))
    );
}

#[test]
fn a_login_is_read_and_what_concerns_only_java_is_ignored() {
    let text = format!(
        "bootstrap.servers=elsewhere:1\nsecurity.protocol = sasl_plaintext \nsasl.mechanism: SCRAM-SHA-512\n{JAAS}\n\
         request.timeout.ms=1500\nclient.dns.lookup=use_all_dns_ips\nmetric.reporters=a.b.C\nssl.truststore.location=/none\n"
    );
    let settings = read_text(&text).expect("settings");
    let sasl = settings.security.sasl.expect("a login");
    assert_eq!((sasl.mechanism, &*sasl.username, &**sasl.password), (Mechanism::ScramSha512, "a", "s, x"));
    assert!(settings.security.tls.is_none());
    assert_eq!(settings.request_timeout, Duration::from_millis(1500));
}

#[test]
fn certificates_are_read_from_pem_and_from_pkcs12_alike() {
    let pem = "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=DIR/ca.pem\n\
        ssl.keystore.type=PEM\nssl.keystore.location=DIR/client.pem\n";
    // Kafka's default type is JKS, which reads PKCS#12 too.
    let pkcs12 = "security.protocol=SSL\nssl.truststore.location=DIR/trust.p12\nssl.truststore.password=changeit\n\
        ssl.keystore.type=PKCS12\nssl.keystore.location=DIR/client.p12\nssl.keystore.password=changeit\n\
        ssl.key.password=changeit\n";
    for (lines, chain) in [(pem, 1), (pkcs12, 2)] {
        let settings = with_certificates(lines).expect("settings");
        let tls = settings.security.tls.as_ref().expect("certificates");
        let identity = tls.identity.as_ref().expect("an identity");
        assert_eq!((tls.trust.len(), identity.certificates.len()), (1, chain), "{lines}");
        client::Connector::new(settings).expect("rustls takes the key and its certificate");
    }
}

#[test]
fn certificates_may_stand_in_the_file_itself() {
    let directory = directory();
    certificates(&directory);
    let one_line = |name: &str| {
        let text = fs::read_to_string(directory.path().join(name)).expect("a file");
        text.replace("\r\n", "\n").replace('\n', "\\n")
    };
    let (ca, client) = (one_line("ca.pem"), one_line("client.pem"));
    let text = format!(
        "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates={ca}\nssl.keystore.type=PEM\n\
         ssl.keystore.key={client}\nssl.keystore.certificate.chain={client}\n"
    );
    let settings = read_text(&text).expect("settings");
    assert!(settings.security.tls.as_ref().is_some_and(|tls| tls.identity.is_some()));
    client::Connector::new(settings).expect("rustls takes the key and its certificate");
}

#[test]
fn what_cannot_be_used_is_refused_with_what_to_do() {
    let sasl = |line: &str| format!("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n{line}\n");
    for (text, expected) in [
        ("security.protocol=TLS".to_owned(), "`security.protocol`: `TLS` is not known"),
        ("ssl.endpoint.identification.algorithm=".to_owned(), "turns off that host names are verified"),
        ("config.providers=file".to_owned(), "`config.providers` names code of Java"),
        ("request.timeout.ms=soon".to_owned(), "expected milliseconds from 1 to 3600000"),
        ("security.protocol=SASL_SSL\nssl.truststore.certificates=x".to_owned(), "needs `ssl.truststore.type=PEM`"),
        ("security.protocol=SSL".to_owned(), "`ssl.truststore.location` is missing"),
        ("security.protocol=SASL_PLAINTEXT".to_owned(), "`sasl.mechanism`: `GSSAPI` is not built in"),
        (sasl(""), "`sasl.jaas.config` is missing"),
        (
            sasl("sasl.jaas.config=a.PlainLoginModule required username=\"a\";"),
            "`PlainLoginModule` has no `password=\"…\"`",
        ),
        (sasl("sasl.jaas.config=a.Krb5LoginModule required;"), "`a.Krb5LoginModule` is not built in"),
        (sasl("sasl.jaas.config=a.PlainLoginModule required password=secret"), "does not end with `;`"),
        (
            sasl("sasl.jaas.config=a.ScramLoginModule required username=\"a\" password=\"b\" tokenauth=\"true\";"),
            "delegation token",
        ),
        ("a=\\u12".to_owned(), "line 1: `\\u` needs four hexadecimal digits"),
    ] {
        let error = read_text(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn stores_that_cannot_be_read_are_refused_with_what_to_do() {
    let trust = |lines: &str| format!("security.protocol=SSL\nssl.truststore.location=DIR/{lines}\n");
    for (text, expected) in [
        (
            trust("old.jks"),
            "convert it (`keytool -importkeystore -srckeystore DIR/old.jks -destkeystore DIR/old.jks.p12",
        ),
        (trust("ca.pem"), "`DIR/ca.pem` is a PEM file, and needs `ssl.truststore.type=PEM`"),
        (trust("none.p12"), "cannot read `DIR/none.p12`"),
        (trust("trust.p12\nssl.truststore.password=wrong"), "cannot be read as PKCS#12 with `ssl.truststore.password`"),
        (trust("client.p12\nssl.truststore.password=changeit"), "holds no certificate that is trusted"),
        (trust("trust.p12\nssl.truststore.type=BCFKS"), "`BCFKS` is not read here"),
    ] {
        let error = with_certificates(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read(Some(Path::new("/none/client.properties")), "a:1").expect_err("no file");
    assert!(format!("{error:#}").starts_with("cannot read `/none/client.properties`: "), "{error:#}");
}
