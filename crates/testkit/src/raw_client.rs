//! A Kafka client that does exactly what it is told: typed requests at any version, or plain bytes.
//!
//! It negotiates nothing, retries nothing and hides nothing, so that tests can assert on what went over the wire.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader, SaslAuthenticateRequest,
    SaslHandshakeRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::scram::{self, ScramMechanism};

/// Any stream of bytes in both directions.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection.
pub struct RawClient {
    stream: Box<dyn Stream>,
    local: SocketAddr,
    next_correlation_id: i32,
    client_id: Option<StrBytes>,
    deadline: Duration,
}

impl std::fmt::Debug for RawClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RawClient").field("local", &self.local).finish_non_exhaustive()
    }
}

impl RawClient {
    /// Connects without TLS.
    ///
    /// # Errors
    /// If nobody listens.
    pub async fn connect(address: SocketAddr) -> Result<RawClient> {
        let stream = tcp(address).await?;
        let local = stream.local_addr()?;
        Ok(RawClient::over(Box::new(stream), local))
    }

    /// Connects with TLS; the server's certificate must be valid for `host`.
    ///
    /// # Errors
    /// If nobody listens or the handshake fails.
    pub async fn connect_tls(address: SocketAddr, tls: Arc<ClientConfig>, host: &str) -> Result<RawClient> {
        let stream = tcp(address).await?;
        let local = stream.local_addr()?;
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TlsConnector::from(tls).connect(name, stream).await.context("TLS handshake failed")?;
        Ok(RawClient::over(Box::new(stream), local))
    }

    fn over(stream: Box<dyn Stream>, local: SocketAddr) -> RawClient {
        RawClient {
            stream,
            local,
            next_correlation_id: 1,
            client_id: Some(StrBytes::from_static_str("raw-client")),
            deadline: Duration::from_secs(30),
        }
    }

    /// The client id of later requests.
    pub fn set_client_id(&mut self, client_id: Option<&str>) {
        self.client_id = client_id.map(|text| StrBytes::from_string(text.to_owned()));
    }

    /// How long to wait for an answer; 30 seconds unless set.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Our end of the connection, as the server's log names it.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// If it cannot be encoded at `version`, the connection closes, the answer belongs to another request, has bytes
    /// left over, or does not come in time.
    pub async fn send<R: Request>(&mut self, version: i16, request: &R) -> Result<R::Response> {
        let correlation_id = self.send_only(version, request).await?;
        self.receive::<R>(version, correlation_id).await
    }

    /// Sends a request without waiting (for pipelines, and Produce with acks=0); returns its correlation id.
    ///
    /// # Errors
    /// If it cannot be encoded at `version` or the connection is closed.
    pub async fn send_only<R: Request>(&mut self, version: i16, request: &R) -> Result<i32> {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id += 1;
        let frame = request_frame(version, correlation_id, self.client_id.clone(), request)?;
        self.write_frame(&frame).await?;
        Ok(correlation_id)
    }

    /// Waits for the answer to a request sent by [`RawClient::send_only`].
    ///
    /// # Errors
    /// As [`RawClient::send`].
    pub async fn receive<R: Request>(&mut self, version: i16, correlation_id: i32) -> Result<R::Response> {
        let frame = self.read_frame().await?.context("the connection was closed instead of an answer")?;
        response_of::<R>(version, correlation_id, frame)
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// If the connection is closed.
    pub async fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Writes a frame: four bytes of size, then `body`.
    ///
    /// # Errors
    /// If the connection is closed.
    pub async fn write_frame(&mut self, body: &[u8]) -> Result<()> {
        let mut bytes = BytesMut::with_capacity(body.len() + 4);
        bytes.put_i32(i32::try_from(body.len())?);
        bytes.put_slice(body);
        self.write_raw(&bytes).await
    }

    /// Reads a frame and returns it without its size; `None` if the server has closed the connection instead.
    ///
    /// # Errors
    /// If the connection closes inside the frame or nothing comes in time.
    pub async fn read_frame(&mut self) -> Result<Option<Bytes>> {
        let deadline = self.deadline;
        match timeout(deadline, read_frame(&mut self.stream)).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("no answer within {deadline:?}"),
        }
    }

    /// Waits until the server closes the connection.
    ///
    /// # Errors
    /// If it sends something or nothing happens in time.
    pub async fn expect_close(&mut self) -> Result<()> {
        match self.read_frame().await? {
            None => Ok(()),
            Some(frame) => bail!("the server answered with {} bytes instead of closing", frame.len()),
        }
    }

    /// Tells the server that nothing more will be sent; answers can still be read.
    ///
    /// # Errors
    /// If the connection is closed.
    pub async fn shut_down_writing(&mut self) -> Result<()> {
        Ok(self.stream.shutdown().await?)
    }

    /// Asks for the server's API versions, at a version every broker has.
    ///
    /// # Errors
    /// As [`RawClient::send`].
    pub async fn api_versions(&mut self) -> Result<ApiVersionsResponse> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("raw-client"))
            .with_client_software_version(StrBytes::from_static_str("1"));
        self.send(3, &request).await
    }

    /// Logs in by SASL PLAIN.
    ///
    /// # Errors
    /// If the server refuses, with its words.
    pub async fn login_plain(&mut self, name: &str, password: &str) -> Result<()> {
        self.handshake("PLAIN").await?;
        self.token(format!("\0{name}\0{password}").into_bytes()).await.map(|_| ())
    }

    /// Logs in by SCRAM, and checks that the server knows the credential too.
    ///
    /// # Errors
    /// If the server refuses, with its words, or cannot prove itself.
    pub async fn login_scram(&mut self, mechanism: ScramMechanism, name: &str, password: &str) -> Result<()> {
        self.handshake(mechanism.name()).await?;
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let bare = scram::client_first_bare(name, &nonce);
        let server_first = self.token(format!("n,,{bare}").into_bytes()).await?;
        let server_first = std::str::from_utf8(&server_first)?;
        let (answer, signature) = scram::client_final(mechanism, password, &bare, &nonce, server_first)?;
        let server_final = self.token(answer.into_bytes()).await?;
        scram::check_server_final(std::str::from_utf8(&server_final)?, &signature)
    }

    async fn handshake(&mut self, mechanism: &str) -> Result<()> {
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_string(mechanism.to_owned()));
        let response = self.send(1, &request).await?;
        ensure!(
            response.error_code == 0,
            "mechanism `{mechanism}` was refused with error {}; enabled: {:?}",
            response.error_code,
            response.mechanisms
        );
        Ok(())
    }

    async fn token(&mut self, token: Vec<u8>) -> Result<Bytes> {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(token));
        let response = self.send(2, &request).await?;
        ensure!(
            response.error_code == 0,
            "authentication failed with error {}: {}",
            response.error_code,
            response.error_message.unwrap_or_default()
        );
        Ok(response.auth_bytes)
    }
}

/// The bytes of a request, without the size in front.
///
/// # Errors
/// If it cannot be encoded at `version`.
pub fn request_frame<R: Request>(
    version: i16,
    correlation_id: i32,
    client_id: Option<StrBytes>,
    request: &R,
) -> Result<Bytes> {
    let mut frame = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(client_id)
        .encode(&mut frame, R::header_version(version))?;
    request.encode(&mut frame, version)?;
    Ok(frame.freeze())
}

/// Decodes an answer, and insists that it is the answer to `correlation_id` and nothing but it.
///
/// # Errors
/// If it is not.
pub fn response_of<R: Request>(version: i16, correlation_id: i32, mut frame: Bytes) -> Result<R::Response> {
    let header = ResponseHeader::decode(&mut frame, R::Response::header_version(version))?;
    ensure!(
        header.correlation_id == correlation_id,
        "the answer is for request {} instead of {correlation_id}",
        header.correlation_id
    );
    let response = R::Response::decode(&mut frame, version)?;
    ensure!(!frame.has_remaining(), "{} bytes are left over after the answer", frame.remaining());
    Ok(response)
}

async fn tcp(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Bytes>> {
    let mut size = [0; 4];
    let mut filled = 0;
    while filled < size.len() {
        match stream.read(&mut size[filled..]).await {
            // A server that closes while our bytes are unread resets the connection; to a client both are a close.
            Ok(0) if filled == 0 => return Ok(None),
            Err(error) if filled == 0 && is_close(&error) => return Ok(None),
            Ok(0) => bail!("the connection was closed inside a size"),
            Ok(count) => filled += count,
            Err(error) => return Err(error.into()),
        }
    }
    let size = usize::try_from(i32::from_be_bytes(size)).context("a frame with a negative size")?;
    let mut frame = BytesMut::zeroed(size);
    stream.read_exact(&mut frame).await.context("the connection was closed inside a frame")?;
    Ok(Some(frame.freeze()))
}

/// TLS without a close_notify reads as an unexpected end.
fn is_close(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
