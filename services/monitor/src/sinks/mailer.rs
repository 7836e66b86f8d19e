//! Mail by SMTP.

use super::error::SinkError;
use super::secret::{bytes, secret};
use super::settings::{SmtpPlan, SmtpTls};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Body, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;

/// Sends mails by one server. A connection a mail: they are few.
#[derive(Clone, Debug)]
pub struct Mailer {
    plan: SmtpPlan,
}

/// What a mail says.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its `Message-ID`, where the same letter may be sent twice; one by chance otherwise.
    pub id: Option<String>,
    /// For those who read text.
    pub text: String,
    /// For those who see more.
    pub rich: Option<Rich>,
}

/// A letter with pictures.
#[derive(Clone, Debug, Default)]
pub struct Rich {
    /// It shows a picture as `<img src="cid:NAME">`.
    pub html: String,
    /// Names and PNG files.
    pub pictures: Vec<(String, Vec<u8>)>,
}

impl Letter {
    /// The whole mail, as it is sent.
    ///
    /// # Errors
    /// An address is none.
    pub fn message(&self, from: &str, to: &[String]) -> Result<Message, SinkError> {
        let mut message = Message::builder()
            .from(from.parse().map_err(not_mail)?)
            .subject(self.subject.clone())
            .message_id(self.id.clone());
        for one in to {
            message = message.to(one.parse().map_err(not_mail)?);
        }
        let message = match &self.rich {
            None => message.singlepart(SinglePart::plain(self.text.clone())),
            Some(rich) => message.multipart(alternative(&self.text, rich)),
        };
        message.map_err(not_mail)
    }
}

/// Text, and HTML with what it shows: RFC 2387's `multipart/related` within an `alternative`.
fn alternative(text: &str, rich: &Rich) -> MultiPart {
    let html = MultiPart::related().singlepart(SinglePart::html(rich.html.clone()));
    let with_pictures = rich.pictures.iter().fold(html, |parts, (name, png)| {
        let picture = Attachment::new_inline(name.clone());
        parts.singlepart(picture.body(Body::new(png.clone()), png_type()))
    });
    MultiPart::alternative()
        .singlepart(SinglePart::plain(text.to_owned()))
        .multipart(with_pictures)
}

impl Mailer {
    /// By this server.
    pub fn new(plan: SmtpPlan) -> Mailer {
        Mailer { plan }
    }

    /// Sends a letter to each of `to`.
    ///
    /// # Errors
    /// The server does not take it, or it is no mail.
    pub async fn send(&self, to: &[String], letter: Letter) -> Result<(), SinkError> {
        let message = letter.message(&self.plan.from, to)?;
        let transport = self.transport()?;
        let timeout_s = self.plan.timeout_s;
        // lettre's own timeout ends with the connection's opening.
        let timeout = Duration::from_secs(timeout_s);
        match tokio::time::timeout(timeout, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(source)) => Err(SinkError::Smtp { source }),
            Err(_) => Err(SinkError::TimedOut { timeout_s }),
        }
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, SinkError> {
        let plan = &self.plan;
        let tls = match plan.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::StartTls => Tls::Required(self.tls()?),
            SmtpTls::Tls => Tls::Wrapper(self.tls()?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&plan.host)
            .port(plan.port)
            .tls(tls);
        if let Some((user, password_file)) = &plan.login {
            let password = secret(password_file)?;
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(transport.build())
    }

    fn tls(&self) -> Result<TlsParameters, SinkError> {
        let smtp = |source| SinkError::Smtp { source };
        let roots = bytes(&self.plan.ca_file)?;
        let tls = TlsParameters::builder(self.plan.host.clone())
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&roots).map_err(smtp)?);
        tls.build_rustls().map_err(smtp)
    }
}

fn png_type() -> ContentType {
    "image/png".parse().expect("a content type")
}

fn not_mail(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
    SinkError::Unwritable {
        source: error.into(),
    }
}
