//! A login: what there is, tried in order, for as long as the host has an ear for it.

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Answer, Prompt};
use russh::keys::agent::AgentIdentity;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::Certificate;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKey, signature};
use russh::{AgentAuthError, MethodKind, MethodSet, Signer};

use crate::base::secret::Secret;
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::guard::Guard;
use crate::provider::ssh::login::agent::Agent;
use crate::provider::ssh::login::identity::Identity;
use crate::provider::ssh::login::keyring::Keyring;

/// Rounds of questions that are answered; more are no login.
const ROUNDS: usize = 4;

/// A session that is to be logged in.
pub(super) type Session = Handle<Guard>;

/// Why a login came to nothing.
#[derive(Debug)]
pub(in crate::provider::ssh) enum LoginError {
    /// The host takes nothing of what was tried.
    Denied {
        /// The user.
        user: String,
        /// What was tried, for people.
        tried: String,
        /// Whether the session may have ended before the host had answered all of it.
        may_be_cut: bool,
    },
    /// The session ended.
    Ended(russh::Error),
    /// Something that is needed is missing here.
    Fault(SshError),
}

impl From<russh::Error> for LoginError {
    fn from(error: russh::Error) -> Self {
        Self::Ended(error)
    }
}

/// Logs in.
pub(in crate::provider::ssh) async fn log_in(
    session: &mut Session,
    endpoint: &Endpoint,
    keyring: &Keyring,
) -> Result<(), LoginError> {
    let user = endpoint.user.as_ref().unwrap_or(&keyring.user).clone();
    let mut login = Login {
        session,
        user,
        tried: Vec::new(),
        remaining: None,
    };
    let is_in =
        login.with_keys(endpoint, keyring).await? || login.with_password(endpoint, keyring).await?;
    if is_in {
        return Ok(());
    }
    // The end of the session looks like an answer that names nothing else to try.
    let is_answered = login
        .remaining
        .as_ref()
        .is_some_and(|methods| !methods.is_empty());
    let may_be_cut = !is_answered || login.session.is_closed();
    Err(LoginError::Denied {
        may_be_cut,
        user: login.user,
        tried: match login.tried.join(", ") {
            none if none.is_empty() => "nothing, for there is no key and no password".to_owned(),
            tried => tried,
        },
    })
}

struct Login<'a> {
    session: &'a mut Session,
    user: String,
    tried: Vec<String>,
    /// What the host would still listen to; not known before the first attempt.
    remaining: Option<MethodSet>,
}

impl Login<'_> {
    fn may(&self, method: MethodKind) -> bool {
        let wanted = self.remaining.as_ref();
        !self.session.is_closed() && wanted.is_none_or(|methods| methods.contains(&method))
    }

    /// Notes what came of an attempt; returns whether that was all.
    fn note(&mut self, what: String, result: AuthResult) -> bool {
        let AuthResult::Failure {
            remaining_methods, ..
        } = result
        else {
            return true;
        };
        self.tried.push(what);
        self.remaining = Some(remaining_methods);
        false
    }

    async fn with_keys(
        &mut self,
        endpoint: &Endpoint,
        keyring: &Keyring,
    ) -> Result<bool, LoginError> {
        let identities = keyring.identities(endpoint).await;
        let identities = identities.map_err(LoginError::Fault)?;
        if let Some(socket) = keyring.agent.as_ref().filter(|_| endpoint.agent) {
            match Agent::ask(socket, self.session, &identities.certificates).await {
                Ok(agent) => {
                    if self.with_agent(agent).await? {
                        return Ok(true);
                    }
                }
                Err(error) => self.tried.push(format!("the agent ({error})")),
            }
        }
        for identity in &identities.keys {
            if self.with_identity(identity).await? {
                return Ok(true);
            }
        }
        self.tried.extend(identities.passed_over.iter().cloned());
        Ok(false)
    }

    async fn with_agent(&mut self, mut agent: Agent) -> Result<bool, LoginError> {
        for identity in &agent.identities {
            if !self.may(MethodKind::PublicKey) {
                break;
            }
            let what = format!("key `{}` of the agent", identity.comment());
            let user = self.user.clone();
            let key = identity.public_key().into_owned();
            let hash = self.hash_for(&key).await?;
            let client = &mut agent.client;
            let result = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    let key = key.clone();
                    let session = &mut *self.session;
                    session
                        .authenticate_publickey_with(user, key, hash, client)
                        .await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    let certificate = certificate.clone();
                    let session = &mut *self.session;
                    session
                        .authenticate_certificate_with(user, certificate, hash, client)
                        .await
                }
            };
            match result {
                Ok(result) => {
                    if self.note(what, result) {
                        return Ok(true);
                    }
                }
                Err(AgentAuthError::Key(error)) => self.tried.push(format!("{what} ({error})")),
                Err(AgentAuthError::Send(_)) => {
                    return Err(LoginError::Ended(russh::Error::SendError));
                }
            }
        }
        Ok(false)
    }

    async fn with_identity(&mut self, identity: &Identity) -> Result<bool, LoginError> {
        if !self.may(MethodKind::PublicKey) {
            return Ok(false);
        }
        let path = identity.path.display();
        let hash = self.hash_for(identity.key.public_key()).await?;
        if let Some(certificate) = identity.certificate.clone() {
            let result = self.with_certificate(identity, certificate, hash).await?;
            if self.note(format!("`{path}` with its certificate"), result) {
                return Ok(true);
            }
            if !self.may(MethodKind::PublicKey) {
                return Ok(false);
            }
        }
        let key = PrivateKeyWithHashAlg::new(identity.key.clone(), hash);
        let result = self.session.authenticate_publickey(self.user.clone(), key);
        let result = result.await?;
        Ok(self.note(format!("`{path}`"), result))
    }

    async fn with_certificate(
        &mut self,
        identity: &Identity,
        certificate: Certificate,
        hash: Option<HashAlg>,
    ) -> Result<AuthResult, LoginError> {
        let (user, session) = (self.user.clone(), &mut *self.session);
        if hash.is_none() {
            let key = identity.key.clone();
            let result = session.authenticate_openssh_cert(user, key, certificate);
            return Ok(result.await?);
        }
        // The call above would sign for an RSA certificate with SHA-1, which servers refuse.
        let signed = session
            .authenticate_certificate_with(user, certificate, hash, &mut Own(identity))
            .await;
        signed.map_err(|error| match error {
            AgentAuthError::Send(_) => LoginError::Ended(russh::Error::SendError),
            AgentAuthError::Key(error) => LoginError::Ended(error.into()),
        })
    }

    /// Returns the hash that a signature of the key is made with, which only RSA leaves open.
    async fn hash_for(&self, key: &PublicKey) -> Result<Option<HashAlg>, LoginError> {
        if !key.algorithm().is_rsa() {
            return Ok(None);
        }
        let best = self.session.best_supported_rsa_hash().await?;
        Ok(Some(best.flatten().unwrap_or(HashAlg::Sha256)))
    }

    async fn with_password(
        &mut self,
        endpoint: &Endpoint,
        keyring: &Keyring,
    ) -> Result<bool, LoginError> {
        let Some(name) = &endpoint.password else {
            return Ok(false);
        };
        let password = keyring.secret(name).await.map_err(LoginError::Fault)?;
        if self.may(MethodKind::Password) {
            let (user, password) = (self.user.clone(), password.reveal().clone());
            let result = self.session.authenticate_password(user, password).await?;
            // A host that does not take passwords this way has not looked at this one.
            let heard = !matches!(&result, AuthResult::Failure { remaining_methods, .. }
                if !remaining_methods.contains(&MethodKind::Password));
            if self.note(format!("the password `{name}`"), result) {
                return Ok(true);
            }
            if heard {
                return Ok(false);
            }
            self.tried.pop();
        }
        if !self.may(MethodKind::KeyboardInteractive) {
            return Ok(false);
        }
        self.tried
            .push(format!("`{name}` as the answer to its questions"));
        self.with_answers(&password).await
    }

    async fn with_answers(&mut self, password: &Secret<String>) -> Result<bool, LoginError> {
        let user = self.user.clone();
        let session = &mut *self.session;
        let mut answer = session
            .authenticate_keyboard_interactive_start(user, None)
            .await?;
        for _ in 0..ROUNDS {
            let prompts = match answer {
                Answer::Success => return Ok(true),
                Answer::Failure {
                    remaining_methods, ..
                } => {
                    self.remaining = Some(remaining_methods);
                    return Ok(false);
                }
                Answer::InfoRequest { prompts, .. } => prompts,
            };
            let responses = prompts.iter().map(|prompt| response(prompt, password));
            let responses = responses.collect();
            answer = session
                .authenticate_keyboard_interactive_respond(responses)
                .await?;
        }
        Ok(matches!(answer, Answer::Success))
    }
}

/// A question whose answer would be shown is not one for a password.
fn response(prompt: &Prompt, password: &Secret<String>) -> String {
    if prompt.echo {
        String::new()
    } else {
        password.reveal().clone()
    }
}

/// Signs with a key of a file where the session asks somebody else.
struct Own<'a>(&'a Identity);

impl Signer for Own<'_> {
    type Error = AgentAuthError;

    fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, AgentAuthError>> + Send {
        let signed = match self.0.key.key_data() {
            KeypairData::Rsa(pair) => signature::Signer::try_sign(&(pair, hash), &data),
            other => signature::Signer::try_sign(other, &data),
        };
        let signed = signed
            .map_err(russh::keys::Error::from)
            .and_then(|signed| Ok(signed.encode_prefixed(&mut data)?));
        std::future::ready(signed.map(|()| data).map_err(AgentAuthError::Key))
    }
}
