//! DescribeLogDirs (35) version 5: directories say whether they are cordoned (KIP-1066).

pub mod describe_log_dirs_request {
    use super::describe_log_dirs_response::DescribeLogDirsResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;

    message! {
        DescribeLogDirsRequest, versions 1 to 5, flexible from 2 {
            topics with_topics: Option<Vec<DescribableLogDirTopic>> = Some(Vec::new());
        }
    }
    request!(DescribeLogDirsRequest, key 35, flexible from 2, answered by DescribeLogDirsResponse);
    structures_of_the_crate!(DescribableLogDirTopic);
}

pub mod describe_log_dirs_response {
    use kafka_protocol::protocol::StrBytes;

    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsTopic};

    message! {
        DescribeLogDirsResponse, versions 1 to 5, flexible from 2 {
            throttle_time_ms with_throttle_time_ms: i32;
            error_code with_error_code: i16, in 3..;
            results with_results: Vec<DescribeLogDirsResult>;
        }
    }
    response!(DescribeLogDirsResponse, flexible from 2);

    message! {
        DescribeLogDirsResult, versions 1 to 5, flexible from 2 {
            error_code with_error_code: i16;
            log_dir with_log_dir: StrBytes;
            topics with_topics: Vec<DescribeLogDirsTopic>;
            total_bytes with_total_bytes: i64 = -1, in 4..;
            usable_bytes with_usable_bytes: i64 = -1, in 4..;
            is_cordoned with_is_cordoned: bool, in 5..;
        }
    }
    structures_of_the_crate!(DescribeLogDirsTopic);
}
