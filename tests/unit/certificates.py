# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for servers of tests that speak TLS."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """A site's own CA.

    :ivar bundle: the file of its certificate.
    :ivar context: what a server with a certificate of it needs.
    """

    bundle: Path
    context: ssl.SSLContext


def authority(folder: Path, *, host: str = "127.0.0.1", days: int = 1) -> Authority:
    """Made for one test. The server's certificate is for a host, until so many days from now."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _number in range(2)]
    issuer, subject = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Site CA", "server"))
    address = x509.IPAddress(ipaddress.ip_address(host))
    certificates = [
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        .add_extension(usage(is_authority), critical=True)
        .sign(keys[0], hashes.SHA256())
        for name, key, is_authority, until in (
            (issuer, keys[0], True, now + timedelta(days=9)),
            (subject, keys[1], False, now + timedelta(days=days)),
        )
    ]
    bundle, served = folder / "site-ca.pem", folder / "server.pem"
    bundle.write_bytes(certificates[0].public_bytes(Encoding.PEM))
    private = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    served.write_bytes(certificates[1].public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    return Authority(bundle, context)


def usage(is_authority: bool) -> x509.KeyUsage:
    """What a key is for."""
    uses = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    unused = dict.fromkeys((*uses, "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=is_authority, crl_sign=is_authority, **unused)
