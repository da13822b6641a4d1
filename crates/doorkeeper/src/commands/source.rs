//! Where ACLs come from and go to, by one word on the command line: `kafka:host:9092`, `file:acls.yaml`, ….

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use acl::AclBinding;
use anyhow::{Context, Result, bail};
use client::UpstreamSettings;

use super::acls::target::{Place, Target};
use super::acls::{kafka_user, list_text};
use super::client_properties;

/// What the words mean, for help texts.
pub(crate) const FORMS: &str = "\
kafka:HOST:PORT       a broker, or several separated by commas
doorkeeper:HOST:PORT  a running Doorkeeper: unlike a broker it understands ranges of hosts
file:FILE             the ACL file of a `file` store
embedded:DIRECTORY    an embedded store that no Doorkeeper has open (also store:DIRECTORY)
list:FILE             what `kafka-acls.sh --list` printed; `-` is standard input
strimzi:FILE          `KafkaUser` resources of Strimzi, in YAML; `-` is standard input";

/// A place with ACLs.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A cluster by Kafka's protocol.
    Cluster {
        settings: Box<UpstreamSettings>,
        /// As on the command line.
        servers: String,
        /// It is a Doorkeeper.
        knows_ranges: bool,
    },
    File(PathBuf),
    /// The directory of an embedded store.
    Embedded(PathBuf),
    /// A text to be read, never to be written.
    Text(Form, Input),
}

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Of `kafka-acls.sh --list`.
    List,
    /// Of Strimzi's `KafkaUser`.
    KafkaUser,
}

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    File(PathBuf),
    Standard,
}

/// `--command-config` of several clusters: given once it is for all of them, otherwise one for each, in their order.
#[derive(Debug)]
pub(crate) struct CommandConfigs<'a> {
    files: &'a [PathBuf],
    used: usize,
}

impl<'a> CommandConfigs<'a> {
    pub(crate) fn new(files: &'a [PathBuf]) -> CommandConfigs<'a> {
        CommandConfigs { files, used: 0 }
    }

    fn next(&mut self) -> Option<&'a Path> {
        let file = match self.files {
            [one] => Some(one),
            several => several.get(self.used),
        };
        self.used += 1;
        file.map(PathBuf::as_path)
    }

    /// What was given and is for nobody is a mistake.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.files.len() > self.used {
            true => bail!("`--command-config` was given {} times, for {} cluster(s)", self.files.len(), self.used),
            false => Ok(()),
        }
    }
}

impl Source {
    /// Understands a word. Reads the properties of a cluster, and nothing else.
    pub(crate) fn parse(word: &str, configs: &mut CommandConfigs<'_>) -> Result<Source> {
        let Some((kind, rest)) = word.split_once(':').filter(|(_, rest)| !rest.is_empty()) else {
            bail!("`{word}` does not say what it is, expected one of\n{FORMS}");
        };
        let path = || PathBuf::from(rest);
        let input = || if rest == "-" { Input::Standard } else { Input::File(path()) };
        match kind {
            "kafka" | "doorkeeper" => {
                let settings = client_properties::read(configs.next(), rest)?;
                let knows_ranges = kind == "doorkeeper";
                Ok(Source::Cluster { settings: Box::new(settings), servers: rest.to_owned(), knows_ranges })
            }
            "file" => Ok(Source::File(path())),
            "embedded" | "store" => Ok(Source::Embedded(path())),
            "list" => Ok(Source::Text(Form::List, input())),
            "strimzi" => Ok(Source::Text(Form::KafkaUser, input())),
            _ => bail!("`{kind}:` is not known, expected one of\n{FORMS}"),
        }
    }

    /// Whether a range, or an IPv6 address in any spelling, means somebody there.
    pub(crate) fn knows_ranges(&self) -> bool {
        match self {
            Source::Cluster { knows_ranges, .. } => *knows_ranges,
            Source::File(_) | Source::Embedded(_) => true,
            Source::Text(..) => false,
        }
    }

    /// All ACLs, in Kafka's order, each once.
    pub(crate) async fn acls(&self) -> Result<Vec<AclBinding>> {
        let mut acls = match self {
            Source::Text(form, input) => {
                let text = input.read()?;
                match form {
                    Form::List => list_text::read(&input.to_string(), &text)?,
                    Form::KafkaUser => kafka_user::read(&input.to_string(), &text)?,
                }
            }
            Source::Cluster { .. } | Source::File(_) | Source::Embedded(_) => {
                self.target()?.open().await?.all().await?
            }
        };
        acls.sort();
        acls.dedup();
        Ok(acls)
    }

    /// The same; none where a place is made by the first addition.
    pub(crate) async fn acls_if_there(&self) -> Result<Vec<AclBinding>> {
        match self {
            Source::File(path) if !path.exists() => Ok(Vec::new()),
            Source::Embedded(directory) if !store::embedded::is_there(directory) => Ok(Vec::new()),
            _ => self.acls().await,
        }
    }

    /// Removes ACLs, as far as they are there, and adds those that are not. In one step where that is possible; over
    /// Kafka's protocol denials come first and go last.
    pub(crate) async fn change(&self, remove: &[AclBinding], add: &[AclBinding]) -> Result<()> {
        self.target()?.open().await?.change(remove, add).await
    }

    fn target(&self) -> Result<Target> {
        let place = match self {
            Source::Cluster { settings, .. } => Place::Brokers(settings.clone()),
            Source::File(path) => Place::File(path.clone()),
            Source::Embedded(directory) => Place::Embedded(directory.clone()),
            Source::Text(..) => bail!("`{self}` can only be read"),
        };
        Ok(Target { place })
    }
}

impl Input {
    fn read(&self) -> Result<String> {
        let mut text = String::new();
        match self {
            Input::Standard => std::io::stdin().read_to_string(&mut text).map(drop),
            Input::File(path) => std::fs::read_to_string(path).map(|read| text = read),
        }
        .with_context(|| format!("cannot read {self}"))?;
        Ok(text)
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Standard => f.write_str("standard input"),
            Input::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Display for Source {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Cluster { servers, knows_ranges: false, .. } => write!(f, "kafka:{servers}"),
            Source::Cluster { servers, knows_ranges: true, .. } => write!(f, "doorkeeper:{servers}"),
            Source::File(path) => write!(f, "file:{}", path.display()),
            Source::Embedded(directory) => write!(f, "embedded:{}", directory.display()),
            Source::Text(form, input) => {
                f.write_str(if *form == Form::List { "list:" } else { "strimzi:" })?;
                if *input == Input::Standard { f.write_str("-") } else { write!(f, "{input}") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_and_where_it_is() {
        let mut configs = CommandConfigs::new(&[]);
        for word in [
            "kafka:a:9092,b:9092",
            "doorkeeper:[::1]:9092",
            "file:acls.yaml",
            "embedded:/s",
            "list:-",
            "strimzi:u:1.yaml",
        ] {
            assert_eq!(Source::parse(word, &mut configs).expect(word).to_string(), word);
        }
        assert_eq!(Source::parse("store:/s", &mut configs).expect("an alias").to_string(), "embedded:/s");
        for word in ["acls.yaml", "file:", "zookeeper:z:2181", "kafka:a"] {
            assert!(Source::parse(word, &mut configs).is_err(), "{word}");
        }
    }

    #[test]
    fn one_properties_file_is_for_all_clusters_and_several_are_for_one_each() {
        let files = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let (none, one, two) = (files(&[]), files(&["a"]), files(&["a", "b"]));
        let taken = |files: &[PathBuf]| {
            let mut configs = CommandConfigs::new(files);
            let taken = [configs.next(), configs.next()].map(|file| file.map(Path::to_owned));
            (taken, configs.finish().is_ok())
        };
        let a = Some(PathBuf::from("a"));
        assert_eq!(taken(&none), ([None, None], true));
        assert_eq!(taken(&one), ([a.clone(), a.clone()], true));
        assert_eq!(taken(&two), ([a, Some(PathBuf::from("b"))], true));
        assert!(CommandConfigs::new(&one).finish().is_err(), "there is no cluster that it could be for");
    }
}
