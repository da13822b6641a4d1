//! Every API of Kafka 4.3 by its number, with Kafka's own names (`org.apache.kafka.common.protocol.ApiKeys`).
//!
//! Keys 4 to 7 were removed in Kafka 4.0 and have no versions any more; they are here so that a log line can name them.
//! The second column is the first *flexible* version (KIP-482): from there on both headers carry tagged fields.
//! Which header a frame has depends on nothing else, also for versions that nobody has heard of.

use std::fmt;

macro_rules! api_keys {
    ($($name:ident = $key:literal, $flexible:expr;)*) => {
        /// A Kafka API. The discriminant is the number on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        #[allow(missing_docs, reason = "the names are Kafka's")]
        pub enum ApiKey {
            $($name = $key,)*
        }

        impl ApiKey {
            /// Every API key of Kafka 4.3, in ascending order.
            pub const ALL: &'static [ApiKey] = &[$(ApiKey::$name,)*];

            /// Kafka's name, such as `OffsetForLeaderEpoch`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(ApiKey::$name => stringify!($name),)*
                }
            }

            /// The first version whose headers carry tagged fields; `None` if no version does.
            pub const fn first_flexible_version(self) -> Option<i16> {
                match self {
                    $(ApiKey::$name => $flexible,)*
                }
            }
        }

        impl TryFrom<i16> for ApiKey {
            type Error = UnknownApiKey;

            fn try_from(code: i16) -> Result<Self, UnknownApiKey> {
                match code {
                    $($key => Ok(ApiKey::$name),)*
                    unknown => Err(UnknownApiKey(unknown)),
                }
            }
        }
    };
}

api_keys! {
    Produce = 0, Some(9);
    Fetch = 1, Some(12);
    ListOffsets = 2, Some(6);
    Metadata = 3, Some(9);
    LeaderAndIsr = 4, None;
    StopReplica = 5, None;
    UpdateMetadata = 6, None;
    ControlledShutdown = 7, None;
    OffsetCommit = 8, Some(8);
    OffsetFetch = 9, Some(6);
    FindCoordinator = 10, Some(3);
    JoinGroup = 11, Some(6);
    Heartbeat = 12, Some(4);
    LeaveGroup = 13, Some(4);
    SyncGroup = 14, Some(4);
    DescribeGroups = 15, Some(5);
    ListGroups = 16, Some(3);
    SaslHandshake = 17, None;
    ApiVersions = 18, Some(3);
    CreateTopics = 19, Some(5);
    DeleteTopics = 20, Some(4);
    DeleteRecords = 21, Some(2);
    InitProducerId = 22, Some(2);
    OffsetForLeaderEpoch = 23, Some(4);
    AddPartitionsToTxn = 24, Some(3);
    AddOffsetsToTxn = 25, Some(3);
    EndTxn = 26, Some(3);
    WriteTxnMarkers = 27, Some(1);
    TxnOffsetCommit = 28, Some(3);
    DescribeAcls = 29, Some(2);
    CreateAcls = 30, Some(2);
    DeleteAcls = 31, Some(2);
    DescribeConfigs = 32, Some(4);
    AlterConfigs = 33, Some(2);
    AlterReplicaLogDirs = 34, Some(2);
    DescribeLogDirs = 35, Some(2);
    SaslAuthenticate = 36, Some(2);
    CreatePartitions = 37, Some(2);
    CreateDelegationToken = 38, Some(2);
    RenewDelegationToken = 39, Some(2);
    ExpireDelegationToken = 40, Some(2);
    DescribeDelegationToken = 41, Some(2);
    DeleteGroups = 42, Some(2);
    ElectLeaders = 43, Some(2);
    IncrementalAlterConfigs = 44, Some(1);
    AlterPartitionReassignments = 45, Some(0);
    ListPartitionReassignments = 46, Some(0);
    OffsetDelete = 47, None;
    DescribeClientQuotas = 48, Some(1);
    AlterClientQuotas = 49, Some(1);
    DescribeUserScramCredentials = 50, Some(0);
    AlterUserScramCredentials = 51, Some(0);
    Vote = 52, Some(0);
    BeginQuorumEpoch = 53, Some(1);
    EndQuorumEpoch = 54, Some(1);
    DescribeQuorum = 55, Some(0);
    AlterPartition = 56, Some(0);
    UpdateFeatures = 57, Some(0);
    Envelope = 58, Some(0);
    FetchSnapshot = 59, Some(0);
    DescribeCluster = 60, Some(0);
    DescribeProducers = 61, Some(0);
    BrokerRegistration = 62, Some(0);
    BrokerHeartbeat = 63, Some(0);
    UnregisterBroker = 64, Some(0);
    DescribeTransactions = 65, Some(0);
    ListTransactions = 66, Some(0);
    AllocateProducerIds = 67, Some(0);
    ConsumerGroupHeartbeat = 68, Some(0);
    ConsumerGroupDescribe = 69, Some(0);
    ControllerRegistration = 70, Some(0);
    GetTelemetrySubscriptions = 71, Some(0);
    PushTelemetry = 72, Some(0);
    AssignReplicasToDirs = 73, Some(0);
    ListConfigResources = 74, Some(0);
    DescribeTopicPartitions = 75, Some(0);
    ShareGroupHeartbeat = 76, Some(0);
    ShareGroupDescribe = 77, Some(0);
    ShareFetch = 78, Some(0);
    ShareAcknowledge = 79, Some(0);
    AddRaftVoter = 80, Some(0);
    RemoveRaftVoter = 81, Some(0);
    UpdateRaftVoter = 82, Some(0);
    InitializeShareGroupState = 83, Some(0);
    ReadShareGroupState = 84, Some(0);
    WriteShareGroupState = 85, Some(0);
    DeleteShareGroupState = 86, Some(0);
    ReadShareGroupStateSummary = 87, Some(0);
    StreamsGroupHeartbeat = 88, Some(0);
    StreamsGroupDescribe = 89, Some(0);
    DescribeShareGroupOffsets = 90, Some(0);
    AlterShareGroupOffsets = 91, Some(0);
    DeleteShareGroupOffsets = 92, Some(0);
}

impl ApiKey {
    /// The number on the wire.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// Whether requests and responses of this version use compact lengths and tagged fields (KIP-482).
    pub const fn is_flexible(self, version: i16) -> bool {
        match self.first_flexible_version() {
            Some(first) => version >= first,
            None => false,
        }
    }

    /// 1, or 2 with tagged fields. Version 0 is gone since Kafka 4.0.
    pub const fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// 0, or 1 with tagged fields. `ApiVersions` answers always have 0: the asker may not know what we speak.
    pub const fn response_header_version(self, version: i16) -> i16 {
        match self {
            ApiKey::ApiVersions => 0,
            _ if self.is_flexible(version) => 1,
            _ => 0,
        }
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A number that is no API of Kafka 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown api key `{0}`")]
pub struct UnknownApiKey(pub i16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_from_0_to_92_is_known_and_nothing_else() {
        let known: Vec<i16> =
            (i16::MIN..=i16::MAX).filter(|&code| ApiKey::try_from(code).is_ok_and(|key| key.code() == code)).collect();
        assert_eq!(known, (0..=92).collect::<Vec<i16>>());
        assert_eq!(ApiKey::try_from(93), Err(UnknownApiKey(93)));
    }

    #[test]
    fn headers_follow_key_and_version_alone() {
        assert_eq!(ApiKey::ApiVersions.request_header_version(99), 2);
        assert_eq!(ApiKey::ApiVersions.request_header_version(-1), 1);
        assert_eq!(ApiKey::ApiVersions.response_header_version(4), 0);
        assert_eq!(ApiKey::SaslHandshake.request_header_version(1), 1);
        assert_eq!(ApiKey::Produce.response_header_version(9), 1);
        assert_eq!(ApiKey::Produce.response_header_version(8), 0);
    }

    #[test]
    fn kafka_protocol_agrees_on_headers_wherever_it_knows_the_api() {
        for theirs in kafka_protocol::messages::ApiKey::iter() {
            let ours = ApiKey::try_from(theirs as i16).unwrap();
            let versions = theirs.valid_versions();
            for version in versions.min..=versions.max {
                assert_eq!(
                    ours.request_header_version(version),
                    theirs.request_header_version(version),
                    "{ours} {version}"
                );
                assert_eq!(
                    ours.response_header_version(version),
                    theirs.response_header_version(version),
                    "{ours} {version}"
                );
            }
        }
    }
}
