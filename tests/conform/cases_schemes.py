"""RSA and ECDSA keys, which the client built with libcrypto alone can check.
Keys are made by openssl as this is read, and thrown away."""

import base64
import os
import subprocess
import tempfile

from case import Case, both, keys, rotate
from outlet import Signer, keyid

GONE = "2 - - 1 1"
NEW = "2 2 2 2 2"
MORE = "erika-conform-libcrypto"
PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]

folder = tempfile.TemporaryDirectory()


def openssl(*args, data=None):
    return subprocess.run(
        ["openssl", *args], input=data, capture_output=True, check=True
    ).stdout


def private(name, *args):
    path = os.path.join(folder.name, name)
    openssl("genpkey", *args, "-out", path)
    return path


def public(path, *args):
    return openssl("pkey", "-in", path, "-pubout", *args).decode()


def rsa(bits):
    return private(
        f"rsa{bits}", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"
    )


def ec(name, curve="P-256"):
    return private(
        name, "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"
    )


def signing(path, *options, digest="-sha256", change=lambda sig: sig):
    """A function from messages to signatures in hex."""

    def sign(message):
        sig = openssl("dgst", digest, *options, "-sign", path, data=message)
        return change(sig).hex()

    return sign


def rewrapped(pem):
    """The same key in lines of another length."""
    lines = pem.split("\n")
    body = "".join(lines[1:-2])
    rows = [body[i : i + 48] for i in range(0, len(body), 48)]
    return "\n".join([lines[0], *rows, lines[-2], ""])


def raw(der):
    """r and s without ASN.1, as some other formats have them."""
    n = der[3]
    r, s = der[4 : 4 + n], der[6 + n :]
    return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")


def key(letter, kind, scheme, text, sign):
    """A key of that letter, for every outlet from now on."""
    Signer.others[letter] = (
        {"keytype": kind, "scheme": scheme, "keyval": {"public": text}},
        sign,
    )


R = "rsassa-pss-sha256"
E = "ecdsa-sha2-nistp256"
rsa2048, rsa1024 = rsa(2048), rsa(1024)
ec1, ec2, p384 = ec("ec1"), ec("ec2"), ec("p384", "P-384")
ed = private("ed", "-algorithm", "ED25519")
compressed = openssl(
    "ec", "-in", ec1, "-pubout", "-conv_form", "compressed"
).decode()  # fmt: skip
secret = open(rsa2048).read()
locked = public(rsa2048).replace(
    "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
    "00000000000000000000000000000000\n\n", 1)  # fmt: skip

key("1", "rsa", R, public(rsa2048), signing(rsa2048, *PSS))
key("2", "rsa", R, rewrapped(public(rsa2048)), signing(rsa2048, *PSS))
key("3", "rsa", R, public(rsa1024), signing(rsa1024, *PSS))
key("4", "rsa", R, public(rsa2048), signing(rsa2048))
key("5", "rsa", R, public(rsa2048), signing(rsa2048, *PSS, digest="-sha512"))
key("6", "ecdsa", E, public(ec1), signing(ec1))
key("7", "ecdsa-sha2-nistp256", E, public(ec1), signing(ec1))
key("8", "ecdsa", E, compressed, signing(ec1))
key("9", "ecdsa", E, public(ec2), signing(ec2))
key("A", "ecdsa", E, public(p384), signing(p384))
key("B", "ecdsa", E, public(ec1), signing(ec1, digest="-sha512"))
key("C", "ecdsa", E, public(ec1), signing(ec1, change=raw))
key("D", "rsa", R, public(ec1), signing(ec1))
key("E", "ecdsa", E, public(rsa2048), signing(rsa2048, *PSS))
key("F", "ecdsa", E, public(ed), signing(ec1))
key("G", "rsa", R, secret, signing(rsa2048, *PSS))
key("H", "rsa", R, locked, signing(rsa2048, *PSS))
key("I", "rsa", R, "-----BEGIN PUBLIC KEY-----\n", signing(rsa2048, *PSS))
key("J", "rsa", "rsa-pkcs1v15-sha256", public(rsa2048), signing(rsa2048))
key("K", "ed25519", "ed25519", public(ed), signing(ec1))
key("L", "rsa", R, public(rsa2048) + public(rsa2048), signing(rsa2048, *PSS))
key("M", "rsa", R, "", signing(rsa2048, *PSS))
key("N", "rsa", R, base64.b64encode(b"x" * 300000).decode(),
    signing(rsa2048, *PSS))  # fmt: skip


def by(letters, threshold=1):
    """A root that gives the timestamp to these keys, which sign it."""

    def change(root, o):
        role = o.grant(root["keys"], letters, threshold)
        root["roles"]["timestamp"] = role

    return both(rotate(change), keys("timestamp", letters))


def case(name, letters, good, threshold=1, command=MORE):
    return Case(
        name, by(letters, threshold), good, NEW if good else GONE, command=command
    )


def two_ids(o):
    """One P-256 key, whose other encoding gets the id of a stranger's."""

    def change(root, o):
        role = o.grant(root["keys"], "6", 2)
        role["keyids"].append("other")
        root["keys"]["other"] = o.signer.key("8")
        root["roles"]["timestamp"] = role

    def again(sigs, message):
        return sigs + [dict(sigs[0], keyid="other")]

    o.rotate(change)
    o.letters["timestamp"] = "6"
    o.sigs["timestamp"] = again


assert keyid(Signer.others["6"][0]) != keyid(Signer.others["8"][0])

CASES = [
    case("RSA-PSS", "1", True),
    case("ECDSA P-256", "6", True),
    case("ECDSA P-256 by the older name of its kind", "7", True),
    case("ECDSA P-256 with a compressed key", "8", True),
    case("Ed25519 as before", "t", True),
    case("one key of each kind, all needed", "16t", True, 3),
    case("two P-256 keys, both needed", "69", True, 2),
    case("one P-256 key in two encodings, both needed", "68", False, 2),
    case("one P-256 key by two names of its kind, both needed", "67", False, 2),
    case("one RSA key in two encodings, both needed", "12", False, 2),
    case("one RSA key and nothing else, two needed", "1", False, 2),
    Case("one P-256 key under two ids", two_ids, False, GONE, command=MORE),
    case("RSA of 1,024 bits", "3", False),
    case("RSA with PKCS #1 padding", "4", False),
    case("RSA-PSS of SHA-512", "5", False),
    case("RSA with PKCS #1 padding, said so", "J", False),
    case("ECDSA P-384 as P-256", "A", False),
    case("ECDSA of SHA-512", "B", False),
    case("ECDSA without ASN.1", "C", False),
    case("a P-256 key as RSA", "D", False),
    case("an RSA key as P-256", "E", False),
    case("an Ed25519 key as P-256", "F", False),
    case("an Ed25519 key in PEM", "K", False),
    case("a secret key where a public one belongs", "G", False),
    case("an encrypted key", "H", False),
    case("half a key", "I", False),
    case("no key", "M", False),
    case("300,000 bytes that are no key", "N", False),
    case("a key, and again", "L", True),
    # What is shipped checks Ed25519 alone.
    case("RSA-PSS, without libcrypto", "1", False, command="erika-conform"),
    case("ECDSA, without libcrypto", "6", False, command="erika-conform"),
    case("Ed25519 and ECDSA, one needed, without libcrypto", "t6", True,
         command="erika-conform"),
    case("Ed25519 and ECDSA, both needed, without libcrypto", "t6", False, 2,
         command="erika-conform"),
]  # fmt: skip
