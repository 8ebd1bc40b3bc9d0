"""What goes wrong between us and a mail server, as one of our errors with a sentence that says what to do."""

from __future__ import annotations

import socket
import ssl

from channels.adapter import Permanent, Retryable, SendError


def explain(error: Exception, host: str, port: int) -> SendError:
    """The error to raise for what the network raised; anything unknown is worth another try."""
    where = f"{host}:{port}"
    match error:
        case ssl.SSLCertVerificationError():
            return Permanent(
                f"The certificate of {where} could not be verified ({error.verify_message}). Nothing was sent to it."
            )
        case ssl.SSLError() if "WRONG_VERSION_NUMBER" in str(error):
            return Permanent(f"{where} does not speak TLS on this port. Choose another port or STARTTLS.")
        case TimeoutError():
            return Retryable(f"{where} did not answer in time.")
        case socket.gaierror():
            return Retryable(f"The name {host} could not be found. Check its spelling.")
        case ConnectionRefusedError():
            return Retryable(f"Nobody answers at {where}. Check the port, or whether the server is up.")
    return Retryable(f"The connection to {where} broke.")
